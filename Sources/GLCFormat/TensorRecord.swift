import ModelCore

/// How the values of a tensor are encoded (formats/glc.md, "Encodings").
public enum TensorEncoding: UInt16, Sendable {
  case f32 = 1
  case f16 = 2
  case bf16 = 3
  case int8 = 4
  case int4 = 5

  /// Bytes that `count` codes take; `count` is even for int4.
  func byteCount(_ count: Int) -> Int? {
    switch self {
    case .f32: count.checkedMultiplying(by: 4)
    case .f16, .bf16: count.checkedMultiplying(by: 2)
    case .int8: count
    case .int4: count / 2
    }
  }

  /// Whether values are codes times a scale.
  public var isQuantized: Bool { self == .int8 || self == .int4 }
}

/// In what order the codes of a tensor lie (formats/glc.md, "Layouts").
public enum TensorLayout: UInt16, Sendable {
  case rows = 1
  case tiles = 2
  case panels = 3
}

/// A record of the tensor directory: what a tensor is, and where its parts are.
public struct TensorRecord: Sendable, Equatable {
  static let size = 128
  static let extentAlignment = 64

  /// The tensor's name, as `layers.0.attention.query.weight`.
  public var name: String
  /// How its values are encoded.
  public var encoding: TensorEncoding
  /// In what order its codes lie.
  public var layout: TensorLayout
  /// Dimensions, outermost first; one to three.
  public var shape: [Int]
  /// Offset of the extent from the start of the tensor data section, and its size.
  public var extent: Range<Int> = 0..<0
  /// CRC-32 of the extent.
  public var checksum: UInt32 = 0
  /// Rows that share a scale; 0 without scales.
  public var rowsPerScale = 0
  /// Bytes of the codes, which start the extent.
  public var codesSize = 0
  /// Offsets of the parts in the extent; 0 where there is none.
  public var scalesOffset = 0
  /// Offset of the channel sums in the extent; 0 where there are none.
  public var channelSumsOffset = 0
  /// Offset of the input scale vector (one f32 a feature, padding included) in the extent; 0 where there is none.
  public var inputScalesOffset = 0
  /// Input features that share a multiplier; 0 without multipliers.
  public var groupSize = 0
  /// Offset of the group multipliers (a byte each) in the extent; 0 where there are none.
  public var multipliersOffset = 0

  /// Lays out a tensor's parts; the extent starts at 0 until a place is found for it.
  /// - Parameters:
  ///   - groupSize: of int4 one of ``groupSizes(columns:)``, of other encodings 0.
  ///   - hasInputScales: only for quantized tiles of rank 2.
  /// - Returns: `nil` where the format has no such tensor, or its sizes overflow.
  public init?(
    name: String, encoding: TensorEncoding, layout: TensorLayout, shape: [Int], groupSize: Int = 0,
    hasInputScales: Bool = false
  ) {
    self.name = name
    self.encoding = encoding
    self.layout = layout
    self.shape = shape
    self.groupSize = groupSize
    guard Self.isStorable(encoding, layout, rank: shape.count),
      !hasInputScales || Self.takesInputScales(encoding, layout, rank: shape.count),
      encoding == .int4 ? Self.groupSizes(columns: shape[shape.count - 1]).contains(groupSize) : groupSize == 0,
      let geometry, let codes = encoding.byteCount(geometry.codeCount)
    else { return nil }
    codesSize = codes
    guard var end = codes.checkedRoundedUp(toMultipleOf: Self.extentAlignment) else { return nil }
    func place(_ count: Int, of size: Int = 4, _ offset: inout Int) -> Bool {
      offset = end
      guard let bytes = count.checkedMultiplying(by: size)?.checkedRoundedUp(toMultipleOf: Self.extentAlignment),
        let next = end.checkedAdding(bytes)
      else { return false }
      end = next
      return true
    }
    if encoding.isQuantized {
      rowsPerScale = 1
      guard place(geometry.scaleCount, &scalesOffset) else { return nil }
      if layout == .tiles, shape.count == 2, !place(geometry.scaleCount, &channelSumsOffset) { return nil }
      if hasInputScales, !place(geometry.paddedColumns, &inputScalesOffset) { return nil }
      if encoding == .int4, !place(geometry.multiplierCount, of: 1, &multipliersOffset) { return nil }
    }
    extent = 0..<end
  }

  /// Derived sizes of the stored form.
  public struct Geometry: Sendable, Equatable {
    /// Matrices one after another: the first dimension of rank 3, else 1.
    public var matrices: Int
    /// Rows (output channels) of a matrix as stored, and features of a row as stored.
    public var paddedRows: Int
    /// Features of a row as stored.
    public var paddedColumns: Int
    /// Scales at one a row, padding included.
    public var scaleCount: Int
    /// Codes in all, padding included.
    public var codeCount: Int
    /// Groups of a row, the last of which may be shorter; 0 without multipliers.
    public var groups: Int
    /// Multipliers in all, padding included.
    public var multiplierCount: Int
  }

  /// The sizes of the stored form, or `nil` where they overflow or rank and layout do not go together.
  public var geometry: Geometry? {
    guard (1...3).contains(shape.count), shape.allSatisfy({ $0 > 0 }) else { return nil }
    let matrices = shape.count == 3 ? shape[0] : 1
    let rows = shape.count == 1 ? 1 : shape[shape.count - 2]
    let columns = shape[shape.count - 1]
    let rowPadding = layout == .rows ? 1 : 16
    let columnPadding = layout == .tiles ? (shape.count == 3 ? 16 : 64) : encoding == .int4 ? 64 : 1
    guard layout == .rows || shape.count > 1,
      let paddedRows = rows.checkedRoundedUp(toMultipleOf: rowPadding),
      let paddedColumns = columns.checkedRoundedUp(toMultipleOf: columnPadding),
      let codeCount = [matrices, paddedRows, paddedColumns].checkedElementCount(),
      let scaleCount = matrices.checkedMultiplying(by: paddedRows)
    else { return nil }
    let groups = groupSize > 0 ? paddedColumns / groupSize + (paddedColumns % groupSize > 0 ? 1 : 0) : 0
    // No more of them than codes.
    return Geometry(
      matrices: matrices, paddedRows: paddedRows, paddedColumns: paddedColumns, scaleCount: scaleCount,
      codeCount: codeCount, groups: groups, multiplierCount: scaleCount * groups)
  }

  /// Encoding, layout and shape in words.
  public var summary: String {
    "\(encoding) \(layout) [\(shape.map(String.init).joined(separator: ", "))]"
  }
}
