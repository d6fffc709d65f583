/// Opcodes that only move values: the stack, the memo, tuples, lists and dictionaries.
extension PickleMachine {
  /// Bytes of a name, a key or a tag.
  static let longestName: UInt32 = 1024

  mutating func arrange(_ opcode: PickleOpcode) throws(PickleViolation) {
    switch opcode {
    case .mark: marks.append(stack.count)
    case .pop:
      // As in `pickle.py`: a mark may be what is on top.
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop(opcode) }
    case .popMark: _ = try itemsSinceMark(opcode)
    case .dup: stack.append(try top(opcode))
    case .binPut: memo[Int(try integer(UInt8.self))] = try top(opcode)
    case .longBinPut: memo[Int(try integer(UInt32.self))] = try top(opcode)
    case .memoize: memo[memo.count] = try top(opcode)
    case .binGet: stack.append(try recall(Int(try integer(UInt8.self))))
    case .longBinGet: stack.append(try recall(Int(try integer(UInt32.self))))
    case .emptyTuple: stack.append(makeTuple([]))
    case .tuple1: try pushTuple(1, opcode)
    case .tuple2: try pushTuple(2, opcode)
    case .tuple3: try pushTuple(3, opcode)
    case .tuple: stack.append(makeTuple(try itemsSinceMark(opcode)))
    case .emptyList: stack.append(makeList([]))
    case .list: stack.append(makeList(Array(try itemsSinceMark(opcode))))
    case .append:
      let item = try pop(opcode)
      lists[try listOnTop(opcode)].append(item)
    case .appends:
      let items = try itemsSinceMark(opcode)
      lists[try listOnTop(opcode)].append(contentsOf: items)
    case .emptyDict: stack.append(makeDictionary())
    case .dict:
      let items = try itemsSinceMark(opcode)
      stack.append(makeDictionary())
      try setItems(items, opcode)
    case .setItem:
      let value = try pop(opcode)
      try setItems([try pop(opcode), value], opcode)
    case .setItems: try setItems(try itemsSinceMark(opcode), opcode)
    case .emptySet: stack.append(.opaque)
    case .addItems:
      _ = try itemsSinceMark(opcode)
      let set = try top(opcode)
      guard set == .opaque else { throw .operand(opcode.name, expected: "a set", found: set.kind) }
    case .frozenSet:
      _ = try itemsSinceMark(opcode)
      stack.append(.opaque)
    default: throw .refusedOpcode(opcode.name)
    }
  }

  /// The value on top, taken away. Never one below a mark.
  mutating func pop(_ opcode: PickleOpcode) throws(PickleViolation) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw .stackUnderflow(opcode.name) }
    return value
  }

  func top(_ opcode: PickleOpcode) throws(PickleViolation) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else { throw .stackUnderflow(opcode.name) }
    return value
  }

  /// What was pushed since the last mark, taken away with it.
  private mutating func itemsSinceMark(_ opcode: PickleOpcode) throws(PickleViolation) -> ArraySlice<PickleValue> {
    guard let mark = marks.popLast() else { throw .noMark(opcode.name) }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])[...]
  }

  private func recall(_ index: Int) throws(PickleViolation) -> PickleValue {
    guard let value = memo[index] else { throw .noMemo(index) }
    return value
  }

  private mutating func pushTuple(_ count: Int, _ opcode: PickleOpcode) throws(PickleViolation) {
    guard stack.count - (marks.last ?? 0) >= count else { throw .stackUnderflow(opcode.name) }
    let items = Array(stack.suffix(count))
    stack.removeLast(count)
    stack.append(makeTuple(items[...]))
  }

  // Indices fit 32 bits: each object takes a byte of a pickle of limited length.

  mutating func makeTuple(_ items: ArraySlice<PickleValue>) -> PickleValue {
    pool.append(contentsOf: items)
    return .tuple(start: UInt32(pool.count - items.count), count: UInt32(items.count))
  }

  mutating func makeDictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(UInt32(dictionaries.count - 1))
  }

  private mutating func makeList(_ items: [PickleValue]) -> PickleValue {
    lists.append(items)
    return .list(UInt32(lists.count - 1))
  }

  private func listOnTop(_ opcode: PickleOpcode) throws(PickleViolation) -> Int {
    let value = try top(opcode)
    guard case .list(let index) = value else { throw .operand(opcode.name, expected: "a list", found: value.kind) }
    return Int(index)
  }

  /// Adds keys and values, in turn, to the dictionary on top.
  private mutating func setItems(_ items: ArraySlice<PickleValue>, _ opcode: PickleOpcode) throws(PickleViolation) {
    let value = try top(opcode)
    guard case .dictionary(let index) = value else {
      throw .operand(opcode.name, expected: "a dictionary", found: value.kind)
    }
    guard items.count % 2 == 0 else {
      throw .operand(opcode.name, expected: "keys with a value each", found: "\(items.count) items")
    }
    for key in stride(from: items.startIndex, to: items.endIndex, by: 2) {
      dictionaries[Int(index)].append((items[key], items[key + 1]))
    }
  }

  // MARK: What values stand for

  /// The items of a tuple, `nil` for anything else.
  func items(_ value: PickleValue) -> ArraySlice<PickleValue>? {
    guard case .tuple(let start, let count) = value else { return nil }
    return pool[Int(start)..<Int(start) + Int(count)]
  }

  /// The string, which must be one. Long ones are no names, and would be copied each time they are looked at.
  func text(
    _ value: PickleValue, _ what: String, atMost limit: UInt32 = longestName
  ) throws(PickleViolation) -> String {
    guard case .string(let start, let count) = value, count <= limit else {
      throw .operand(what, expected: "a string of at most \(limit) bytes", found: value.kind)
    }
    guard let text = String(validating: bytes[Int(start)..<Int(start) + Int(count)], as: UTF8.self) else {
      throw .notUTF8
    }
    return text
  }
}
