/// Some opcodes of a pickle with their arguments, as bytes: what `pickletools.dis` of CPython would show as a few lines.
///
/// A pickle is an array of these. Nothing is checked, so that bad pickles are written like good ones.
struct PicklePiece: Sendable {
  let bytes: [UInt8]

  /// These bytes as they are.
  static func raw(_ bytes: UInt8...) -> Self { Self(bytes: bytes) }
  static func raw(_ bytes: [UInt8]) -> Self { Self(bytes: bytes) }
  /// The pieces one after the other.
  static func all(_ pieces: [PicklePiece]...) -> Self { Self(bytes: pieces.joined().flatMap(\.bytes)) }
  /// The pieces so many times.
  static func repeated(_ count: Int, _ pieces: PicklePiece...) -> Self {
    Self(bytes: Array(repeatElement(pieces.flatMap(\.bytes), count: count).joined()))
  }

  static func proto(_ version: UInt8) -> Self { raw(0x80, version) }
  static func frame(_ length: UInt64) -> Self { raw([0x95] + littleEndian(length)) }
  static let stop = raw(0x2E)

  // MARK: The stack and the memo

  static let mark = raw(0x28)
  static let pop = raw(0x30)
  static let popMark = raw(0x31)
  static let dup = raw(0x32)
  static func put(_ index: UInt8) -> Self { raw(0x71, index) }
  static func longPut(_ index: UInt32) -> Self { raw([0x72] + littleEndian(index)) }
  static func get(_ index: UInt8) -> Self { raw(0x68, index) }
  static func longGet(_ index: UInt32) -> Self { raw([0x6A] + littleEndian(index)) }
  static let memoize = raw(0x94)

  // MARK: Plain values

  static let none = raw(0x4E)
  static let yes = raw(0x88)
  static let no = raw(0x89)
  static let float = raw([0x47] + Array(repeating: 0, count: 8))
  /// BININT1 where it fits, BININT where that does, LONG1 of 8 bytes otherwise.
  static func int(_ value: Int) -> Self {
    if let small = UInt8(exactly: value) { return raw(0x4B, small) }
    if let middle = Int32(exactly: value) { return raw([0x4A] + littleEndian(middle)) }
    return long(littleEndian(value))
  }
  /// LONG1 of these bytes, two's complement.
  static func long(_ digits: [UInt8]) -> Self { raw([0x8A, UInt8(digits.count)] + digits) }
  /// BINUNICODE, whatever the bytes.
  static func text(_ bytes: [UInt8]) -> Self { raw(joined([0x58], littleEndian(UInt32(bytes.count)), bytes)) }
  static func text(_ text: String) -> Self { Self.text(Array(text.utf8)) }

  // MARK: Collections

  static let emptyTuple = raw(0x29)
  static let tuple = raw(0x74)
  static let tuple1 = raw(0x85)
  static let tuple2 = raw(0x86)
  static let tuple3 = raw(0x87)
  static let emptyList = raw(0x5D)
  static let list = raw(0x6C)
  static let append = raw(0x61)
  static let appends = raw(0x65)
  static let emptyDict = raw(0x7D)
  static let dict = raw(0x64)
  static let setItem = raw(0x73)
  static let setItems = raw(0x75)
  static let emptySet = raw(0x8F)
  static let addItems = raw(0x90)
  static let frozenSet = raw(0x91)

  /// MARK, the items, TUPLE.
  static func tuple(_ items: [PicklePiece]) -> Self { all([.mark], items, [.tuple]) }
  static func integers(_ numbers: [Int]) -> Self { tuple(numbers.map(int)) }
  /// EMPTY_DICT, MARK, the keys and values in turn, SETITEMS.
  static func dictionary(_ items: [PicklePiece]) -> Self { all([.emptyDict, .mark], items, [.setItems]) }

  // MARK: Objects

  static func global(_ module: String, _ name: String) -> Self { raw([0x63] + Array("\(module)\n\(name)\n".utf8)) }
  static let stackGlobal = raw(0x93)
  static let reduce = raw(0x52)
  static let build = raw(0x62)
  static let persistentID = raw(0x51)
  static let orderedDict = all([.global("collections", "OrderedDict"), .emptyTuple, .reduce])
}

extension PicklePiece {
  /// A storage as `torch.save` names it.
  static func storage(
    _ type: String = "FloatStorage", key: PicklePiece = .text("0"), count: PicklePiece = .int(4)
  ) -> Self {
    all([
      .mark, .text("storage"), .global(type == "UntypedStorage" ? "torch.storage" : "torch", type), key,
      .text("cpu"), count, .tuple, .persistentID,
    ])
  }

  /// The arguments of `_rebuild_tensor_v2`; of v3 with an element type at the end.
  static func tensorArguments(
    _ storage: PicklePiece = .storage(), offset: PicklePiece = .int(0), shape: PicklePiece = .integers([4]),
    strides: PicklePiece = .integers([1]), more: [PicklePiece] = []
  ) -> Self {
    tuple([storage, offset, shape, strides, .no, .orderedDict] + more)
  }

  static let rebuildTensor = global("torch._utils", "_rebuild_tensor_v2")
  static let rebuildTensor3 = global("torch._utils", "_rebuild_tensor_v3")

  /// A tensor of the first elements of a storage, or of others.
  static func tensor(
    _ storage: PicklePiece = .storage(), offset: Int = 0, shape: [Int] = [4], strides: [Int] = [1]
  ) -> Self {
    all([
      rebuildTensor,
      tensorArguments(storage, offset: .int(offset), shape: .integers(shape), strides: .integers(strides)), .reduce,
    ])
  }
}

/// The bytes of a pickle.
func pickle(_ pieces: [PicklePiece]...) -> [UInt8] { pieces.joined().flatMap(\.bytes) }

/// A whole pickle of protocol 2: that of a dictionary of these keys and values.
func pickledDictionary(_ items: [PicklePiece]...) -> [UInt8] {
  pickle([.proto(2), .dictionary(Array(items.joined())), .stop])
}

/// The parts one after the other. A chain of `+` of so many takes Swift 6.0 too long.
func joined(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
