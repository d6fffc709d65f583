/// The few calls and states of a state dict, each by its own rule.
extension PickleMachine {
  /// Twice as many as any layer's.
  private static let mostDimensions = 8

  /// What `function(*arguments)` stands for.
  mutating func call(_ function: PickleValue, _ arguments: PickleValue) throws(PickleViolation) -> PickleValue {
    guard case .global(let global) = function else {
      throw .refusedCall(function.kind, arguments: arguments.kind)
    }
    guard let items = items(arguments) else { throw .refusedCall(global.name, arguments: arguments.kind) }
    if case .plain = global { return .opaque }
    // Looked at before it is copied: the same long tuple could be passed again and again.
    guard items.count <= 8 else { throw .refusedCall(global.name, arguments: arguments.kind) }
    let list = Array(items)
    switch global {
    case .orderedDict: return try orderedDictionary(list)
    case .size:
      guard list.count == 1, self.items(list[0]) != nil else { break }
      return list[0]
    case .rebuildTensorV2:
      guard list.count == 6 || list.count == 7 else { break }
      return try tensor(list, metadata: list.count == 7 ? list[6] : .none, type: nil)
    case .rebuildTensorV3:
      guard list.count == 7 || list.count == 8, case .global(let type) = list[6], case .type = type else { break }
      return try tensor(list, metadata: list.count == 8 ? list[7] : .none, type: type.elementType)
    case .rebuildParameter:
      guard list.count == 3, case .tensor = list[0] else { break }
      return list[0]
    case .plain, .storage, .untypedStorage, .type: break
    }
    throw .refusedCall(global.name, arguments: arguments.kind)
  }

  /// The state of an `OrderedDict` is its attributes, which a module's state dict has (`_metadata`) and nothing here reads.
  func build(_ value: PickleValue, _ state: PickleValue) throws(PickleViolation) {
    guard case .dictionary = value, case .dictionary = state else { throw .refusedState(of: value.kind) }
  }

  /// The storage of a persistent id: `("storage", class, key, device, elements)` (`torch/serialization.py`).
  mutating func pushStorage(_ id: PickleValue) throws(PickleViolation) {
    guard let slice = items(id), slice.count == 5 else {
      throw .persistentID(expected: "a tuple of 5", found: id.kind)
    }
    let items = Array(slice)
    let tag = try text(items[0], "persistent id")
    guard tag == "storage" else { throw .persistentID(expected: "\"storage\"", found: "\"\(tag.prefix(60))\"") }
    var type: StoredType?
    switch items[1] {
    case .global(.untypedStorage): break
    case .global(.storage(let name)): type = PickleGlobal.storage(name).elementType
    default: throw .persistentID(expected: "a class of storages", found: items[1].kind)
    }
    // A number in decimal. It is copied for every tensor, so that a long one would take memory out of proportion.
    let key = try text(items[2], "persistent id", atMost: 64)
    guard case .integer(let count) = items[4], count >= 0 else {
      throw .persistentID(expected: "a number of elements", found: items[4].kind)
    }
    storages.append(PickleStorage(key: key, type: type, count: count))
    stack.append(.storage(UInt32(storages.count - 1)))
  }

  /// `OrderedDict()`, or as Python 2 wrote one: `OrderedDict([[key, value], …])`.
  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(PickleViolation) -> PickleValue {
    var pairs: [(key: PickleValue, value: PickleValue)] = []
    if let first = arguments.first {
      guard arguments.count == 1, case .list(let index) = first else {
        throw .refusedCall(PickleGlobal.orderedDict.name, arguments: first.kind)
      }
      // No pickle writes an item twice, but a hostile one could have a list copied again and again.
      copiedItems += lists[Int(index)].count
      guard copiedItems <= bytes.count else { throw .refusedCall(PickleGlobal.orderedDict.name, arguments: first.kind) }
      for item in lists[Int(index)] {
        var pair = items(item) ?? []
        if case .list(let inner) = item { pair = lists[Int(inner)][...] }
        guard pair.count == 2, let key = pair.first, let value = pair.last else {
          throw .refusedCall(PickleGlobal.orderedDict.name, arguments: item.kind)
        }
        pairs.append((key, value))
      }
    }
    let value = makeDictionary()
    dictionaries[dictionaries.count - 1] = pairs
    return value
  }

  /// A tensor of a storage: `(storage, offset, size, stride, requires_grad, backward_hooks, …)`.
  private mutating func tensor(
    _ arguments: [PickleValue], metadata: PickleValue, type: StoredType?
  ) throws(PickleViolation) -> PickleValue {
    guard case .storage(let index) = arguments[0] else {
      throw .tensorField("storage", expected: "a storage", found: arguments[0].kind)
    }
    let storage = storages[Int(index)]
    guard let elementType = type ?? storage.type else {
      throw .tensorField("storage", expected: "a typed storage", found: "an untyped one")
    }
    guard case .integer(let offset) = arguments[1], offset >= 0 else {
      throw .tensorField("offset", expected: "a whole number from 0", found: arguments[1].kind)
    }
    let shape = try dimensions(arguments[2], "size")
    let strides = try dimensions(arguments[3], "stride")
    guard strides.count == shape.count else {
      throw .tensorField("stride", expected: "\(shape.count) numbers", found: "\(strides.count)")
    }
    try requirePlain(metadata)
    tensors.append(
      PickleTensor(
        storage: storage, type: elementType, offset: offset, shape: shape, strides: strides, position: position))
    return .tensor(UInt32(tensors.count - 1))
  }

  private func dimensions(_ value: PickleValue, _ field: String) throws(PickleViolation) -> [Int] {
    guard let items = items(value), items.count <= Self.mostDimensions else {
      throw .tensorField(field, expected: "a tuple of at most \(Self.mostDimensions)", found: value.kind)
    }
    var numbers: [Int] = []
    for item in items {
      guard case .integer(let number) = item, number >= 0 else {
        throw .tensorField(field, expected: "whole numbers from 0", found: item.kind)
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The metadata of a tensor says that its elements stand for their negatives or conjugates: not those stored.
  private func requirePlain(_ metadata: PickleValue) throws(PickleViolation) {
    switch metadata {
    case .none: return
    case .dictionary(let index):
      let entries = dictionaries[Int(index)]
      // PyTorch writes two at most; a long one could be looked through for each of many tensors.
      guard entries.count <= 8 else {
        throw .tensorField("metadata", expected: "at most 8 entries", found: "\(entries.count)")
      }
      guard let entry = entries.first(where: { $0.value != .bool(false) }) else { return }
      throw .tensorField(
        "metadata", expected: "none", found: "\"\(try text(entry.key, "tensor metadata").prefix(60))\"")
    default: throw .tensorField("metadata", expected: "none", found: metadata.kind)
    }
  }
}
