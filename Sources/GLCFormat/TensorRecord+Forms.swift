import ModelCore

// Which tensors the format has (formats/glc.md, "Layouts" and "Encodings").

extension TensorRecord {
  /// Whether a tensor of `rank` dimensions may be stored so.
  static func isStorable(_ encoding: TensorEncoding, _ layout: TensorLayout, rank: Int) -> Bool {
    switch (encoding, layout) {
    case (.f32, .rows), (.int8, .rows): rank == 1 || rank == 2
    case (.f16, .rows), (.bf16, .rows), (.int4, .rows), (.int4, .tiles): rank == 2
    case (.f32, .panels), (.f16, .panels), (.bf16, .panels), (.int8, .tiles): rank == 2 || rank == 3
    default: false
    }
  }

  /// What ``isStorable(_:_:rank:)`` takes of an encoding, in words.
  static func storableForms(of encoding: TensorEncoding) -> String {
    switch encoding {
    case .f32: "f32 in rows of rank 1 or 2, or panels of rank 2 or 3"
    case .f16, .bf16: "\(encoding) in rows of rank 2, or panels of rank 2 or 3"
    case .int8: "int8 in rows of rank 1 or 2, or tiles of rank 2 or 3"
    case .int4: "int4 in rows or tiles of rank 2"
    }
  }

  /// Whether such a tensor may carry an input scale vector.
  static func takesInputScales(_ encoding: TensorEncoding, _ layout: TensorLayout, rank: Int) -> Bool {
    encoding.isQuantized && layout == .tiles && rank == 2
  }

  /// The group sizes that int4 rows of `columns` features may have: 32, 64, 128, and the row as stored, which is one group.
  public static func groupSizes(columns: Int) -> [Int] {
    let sizes = [32, 64, 128]
    guard let channel = channelGroupSize(columns: columns), !sizes.contains(channel) else { return sizes }
    return sizes + [channel]
  }

  /// The group size that makes one group of a row of `columns` features: their number as stored, `nil` where that overflows.
  public static func channelGroupSize(columns: Int) -> Int? { columns.checkedRoundedUp(toMultipleOf: 64) }
}
