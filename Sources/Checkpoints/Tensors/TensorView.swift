import ModelCore

/// A named tensor in a mapped checkpoint file, row-major. Holds the mapping, no elements.
public struct TensorView: Sendable {
  /// As the file spells it.
  public let name: String
  /// The element type as the file spells it, also where ``dtype`` is `nil`.
  public let dtypeName: String
  /// The element type, `nil` for one that cannot be read (integers, F64, F8 and so on).
  public let dtype: DType?
  /// Dimensions, outermost first; empty for a scalar.
  public let shape: [Int]
  /// The product of the dimensions.
  public let elementCount: Int
  /// Where the bytes are in the file.
  public let byteRange: Range<Int>
  let file: MappedFile

  init(row: SafetensorsHeader.Row, file: MappedFile, dataOffset: Int) {
    name = row.name
    dtypeName = row.type.name
    dtype = row.type.dtype
    shape = row.shape
    elementCount = row.elementCount
    byteRange = dataOffset + row.begin..<dataOffset + row.end
    self.file = file
  }

  /// The file's path.
  public var path: String { file.path }
}
