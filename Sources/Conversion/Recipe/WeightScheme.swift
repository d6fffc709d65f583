import GLCFormat

/// How weights are stored: the names of options and recipes.
public enum WeightScheme: String, Sendable, CaseIterable {
  /// int8, one scale per output channel, row or head row.
  case q8
  /// int4, one scale per output channel and a multiplier for each of its groups.
  case q4
  /// Rounded to half precision.
  case f16
  /// Rounded to bfloat16.
  case bf16
  /// As they are.
  case f32

  /// How single weights are encoded.
  public var encoding: TensorEncoding {
    switch self {
    case .q8: .int8
    case .q4: .int4
    case .f16: .f16
    case .bf16: .bf16
    case .f32: .f32
    }
  }

  /// Whether products with these weights are of integers.
  public var isQuantized: Bool { self == .q8 || self == .q4 }
}

/// Input features of int4 that share a multiplier.
public enum GroupSize: Sendable, Hashable, CaseIterable {
  case features32
  case features64
  case features128
  /// All features of a channel.
  case channel

  /// As options and recipes name it.
  public var name: String { features.map(String.init) ?? "channel" }

  /// How many features, `nil` for all.
  public var features: Int? {
    switch self {
    case .features32: 32
    case .features64: 64
    case .features128: 128
    case .channel: nil
    }
  }

  /// The group size of this name.
  public init?(name: String) {
    guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// What a record of a matrix with that many columns says (formats/glc.md, "Encodings").
  func stored(columns: Int) -> Int { features ?? TensorRecord.channelGroupSize(columns: columns) ?? 0 }
}

/// How one tensor lies in the file.
package struct TensorForm: Equatable {
  package var encoding: TensorEncoding
  var layout: TensorLayout
  /// Of int4; else 0.
  package var groupSize = 0

  /// The form of a tensor with this role under a scheme. What has no int4 form takes int8.
  package init(_ row: TensorRow, _ scheme: WeightScheme, _ groupSize: GroupSize) {
    switch row.role {
    case .vector, .firstRow: (encoding, layout) = (.f32, .rows)
    case .smallLinear: (encoding, layout) = (.f32, .panels)
    case .embeddingTable: (encoding, layout) = (scheme.encoding, .rows)
    case .linear, .convolution: (encoding, layout) = (scheme.encoding, scheme.isQuantized ? .tiles : .panels)
    case .projectedRelative:
      (encoding, layout) = scheme.isQuantized ? (.int8, .tiles) : (scheme.encoding, .panels)
    }
    if encoding == .int4 { self.groupSize = groupSize.stored(columns: row.shape[row.shape.count - 1]) }
  }
}
