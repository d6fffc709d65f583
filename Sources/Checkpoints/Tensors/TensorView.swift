import ModelCore

/// A named tensor of a checkpoint, row-major for whoever reads it, however it lies in its file. Holds the mapping, no
/// elements.
public struct TensorView: Sendable {
  /// The name that the model knows it by: that of the file, without the prefixes that wrappers add (``TensorNames``).
  public internal(set) var name: String
  /// The path of the file it is in.
  public let path: String
  /// The type of the elements that ``readFloats(elements:into:)`` starts from.
  let type: StoredType
  /// Dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The product of the dimensions.
  public let elementCount: Int
  /// Where the elements are.
  let layout: TensorLayout
  /// What an adapter adds to the elements.
  var update: AdapterUpdate?

  /// The element type as safetensors spells it, also where ``dtype`` is `nil`. `F32` where an adapter was merged.
  public var dtypeName: String { update == nil ? type.name : DType.f32.rawValue }
  /// The element type, `nil` for one that cannot be read as floats (integers, and floats of scale formats).
  public var dtype: DType? { update == nil ? type.dtype : .f32 }
  /// Whether an adapter changes it.
  public var isMerged: Bool { update != nil }
  /// Where the elements are in the file, `nil` where they do not lie there one after another as they are read.
  public var byteRange: Range<Int>? {
    guard layout.isPlain, case .mapped(_, let range) = layout.bytes else { return nil }
    let start = range.lowerBound + layout.offset
    return start..<start + byteCount
  }
  /// Bytes of the elements as they are stored.
  public var byteCount: Int { type.byteCount(elementCount) ?? 0 }
}

/// How the elements of a tensor lie in the bytes of its storage. Checked by its maker: no element lies outside.
struct TensorLayout: Sendable {
  let bytes: StoredBytes
  /// Offset in `bytes` of the first element.
  let offset: Int
  /// Elements from one to the next in each dimension; `nil` where the elements are row-major without gaps.
  let strides: [Int]?
  let isBigEndian: Bool

  /// Whether the elements lie in the storage in the order and form that readers want.
  var isPlain: Bool { strides == nil && !isBigEndian }
}
