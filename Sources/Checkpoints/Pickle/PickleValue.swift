/// A value on the stack of the ``PickleMachine``: 16 bytes at most, whatever it stands for, and never a tree, so that
/// nothing recurses however deeply a pickle nests.
enum PickleValue: Equatable, Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// A plain value that nothing here reads: a float, bytes, a set, an integer beyond 64 bits.
  case opaque
  /// Bytes of the pickle, said to be UTF-8.
  case string(start: UInt32, count: UInt32)
  /// Items in a row of the machine's pool.
  case tuple(start: UInt32, count: UInt32)
  /// Indices into the machine's objects of that kind.
  case list(UInt32)
  case dictionary(UInt32)
  case storage(UInt32)
  case tensor(UInt32)
  case global(PickleGlobal)

  /// What it is, for error messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a boolean"
    case .integer(let value): "\(value)"
    case .opaque: "a plain value"
    case .string(_, let count): "a string of \(count) bytes"
    case .tuple(_, let count): "a tuple of \(count)"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .global(let global): global.name
    }
  }
}

/// The storage that a tensor's elements are in: an entry of the archive.
struct PickleStorage: Equatable, Sendable {
  /// Names the entry `data/<key>`.
  var key: String
  /// `nil` for an untyped one, whose elements are bytes.
  var type: StoredType?
  /// Elements, or bytes of an untyped one.
  var count: Int
}

/// What `_rebuild_tensor_v2` and `_rebuild_tensor_v3` are called with.
struct PickleTensor: Equatable, Sendable {
  var storage: PickleStorage
  var type: StoredType
  /// In elements, like the strides.
  var offset: Int
  var shape: [Int]
  var strides: [Int]
  /// Where in the pickle it is made.
  var position: Int
}
