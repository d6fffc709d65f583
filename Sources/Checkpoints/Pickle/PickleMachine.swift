import ModelCore

/// Interprets the pickle of a PyTorch archive: never imports, never calls, never recurses. What is not a state dict's is
/// refused by name and position.
///
/// The opcodes are those of ``PickleOpcode``, the names those of ``PickleGlobal``; what they mean is in CPython's
/// `Lib/pickle.py` and in PyTorch's `torch/_utils.py`. A byte of pickle costs some tens of bytes of memory at most, and the
/// length of a pickle is limited, so a hostile one is bounded in time and space.
struct PickleMachine {
  /// No state dict's pickle is longer: it names tensors, a hundred bytes for each.
  static let longestPickle = 4 << 20

  let bytes: UnsafeRawBufferPointer
  var offset = 0
  /// Where the opcode that is being run begins.
  var position = 0

  var stack: [PickleValue] = []
  /// Depths of the stack at its marks.
  var marks: [Int] = []
  var memo: [Int: PickleValue] = [:]

  /// The items of all tuples.
  var pool: [PickleValue] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [PickleStorage] = []
  var tensors: [PickleTensor] = []
  /// Items of lists that calls have copied.
  var copiedItems = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Runs the pickle to its end.
  /// - Returns: what it stands for; the machine holds the objects.
  /// - Throws: ``CheckpointError/pickle(path:position:_:)``, naming the opcode's offset in the pickle.
  mutating func run(path: String) throws(CheckpointError) -> PickleValue {
    do throws(PickleViolation) {
      return try run()
    } catch {
      throw .pickle(path: path, position: position, error)
    }
  }

  private mutating func run() throws(PickleViolation) -> PickleValue {
    guard bytes.count <= Self.longestPickle else { throw .tooLong(size: bytes.count, limit: Self.longestPickle) }
    guard let first = bytes.first else { throw .truncated }
    guard first == PickleOpcode.proto.rawValue else { throw .noProtocol(found: first) }
    while true {
      position = offset
      let byte = try take(1)[0]
      guard let opcode = PickleOpcode(rawValue: byte) else {
        if let name = PickleOpcode.refused[byte] { throw .refusedOpcode(name) }
        throw .unknownOpcode(byte)
      }
      if opcode == .stop {
        let result = try pop(opcode)
        guard offset == bytes.count else { throw .trailingBytes(bytes.count - offset) }
        return result
      }
      try step(opcode)
    }
  }

  private mutating func step(_ opcode: PickleOpcode) throws(PickleViolation) {
    switch opcode {
    case .proto:
      let version = Int(try take(1)[0])
      guard (2...5).contains(version) else { throw .proto(version) }
    case .frame:
      let length = try integer(UInt64.self)
      guard length <= UInt64(bytes.count - offset) else { throw .truncated }
    case .stop: break
    case .none: stack.append(.none)
    case .newTrue: stack.append(.bool(true))
    case .newFalse: stack.append(.bool(false))
    case .binInt: stack.append(.integer(Int(try integer(Int32.self))))
    case .binInt1: stack.append(.integer(Int(try integer(UInt8.self))))
    case .binInt2: stack.append(.integer(Int(try integer(UInt16.self))))
    case .long1: stack.append(try long(Int(try integer(UInt8.self))))
    case .long4:
      let count = try integer(Int32.self)
      guard count >= 0 else { throw .operand(opcode.name, expected: "a count from 0", found: "\(count)") }
      stack.append(try long(Int(count)))
    case .binFloat: try opaque(8)
    case .shortBinString, .shortBinUnicode: stack.append(try string(UInt64(try integer(UInt8.self))))
    case .binUnicode: stack.append(try string(UInt64(try integer(UInt32.self))))
    case .binUnicode8: stack.append(try string(try integer(UInt64.self)))
    case .binString:
      let count = try integer(Int32.self)
      guard count >= 0 else { throw .operand(opcode.name, expected: "a count from 0", found: "\(count)") }
      stack.append(try string(UInt64(count)))
    case .shortBinBytes: try opaque(UInt64(try integer(UInt8.self)))
    case .binBytes: try opaque(UInt64(try integer(UInt32.self)))
    case .binBytes8, .byteArray8: try opaque(try integer(UInt64.self))
    case .global: try pushGlobal(module: try line(), name: try line())
    case .stackGlobal:
      let name = try text(try pop(opcode), opcode.name)
      try pushGlobal(module: try text(try pop(opcode), opcode.name), name: name)
    case .binPersistentID: try pushStorage(try pop(opcode))
    case .reduce:
      let arguments = try pop(opcode)
      stack.append(try call(try pop(opcode), arguments))
    case .build:
      let state = try pop(opcode)
      try build(try top(opcode), state)
    default: try arrange(opcode)
    }
  }

  private mutating func pushGlobal(module: String, name: String) throws(PickleViolation) {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw .refusedGlobal("\(module.prefix(100)).\(name.prefix(100))")
    }
    stack.append(.global(global))
  }

  private mutating func opaque(_ count: UInt64) throws(PickleViolation) {
    _ = try take(count)
    stack.append(.opaque)
  }

  // MARK: Arguments

  private mutating func take(_ count: UInt64) throws(PickleViolation) -> UnsafeRawBufferPointer {
    guard count <= UInt64(bytes.count - offset) else { throw .truncated }
    defer { offset += Int(count) }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
  }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(PickleViolation) -> Value {
    Value(littleEndian: try take(UInt64(MemoryLayout<Value>.size)).loadUnaligned(as: Value.self))
  }

  /// An integer of `count` bytes, two's complement.
  private mutating func long(_ count: Int) throws(PickleViolation) -> PickleValue {
    let digits = try take(UInt64(count))
    guard count <= 8 else { return .opaque }
    var value: UInt64 = digits.last.map { $0 >= 0x80 ? .max : 0 } ?? 0
    for byte in digits.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(truncatingIfNeeded: value))
  }

  private mutating func string(_ count: UInt64) throws(PickleViolation) -> PickleValue {
    let start = offset
    _ = try take(count)
    return .string(start: UInt32(start), count: UInt32(count))
  }

  /// The bytes up to the next line end.
  private mutating func line() throws(PickleViolation) -> String {
    guard let end = bytes[offset...].firstIndex(of: 0x0A) else { throw .truncated }
    defer { offset = end + 1 }
    guard let text = String(validating: bytes[offset..<end], as: UTF8.self) else { throw .notUTF8 }
    return text
  }
}
