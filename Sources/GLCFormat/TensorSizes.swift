/// What the tensors of a file take, by what they are for.
public struct TensorSizes: Sendable, Equatable {
  /// What a tensor is for.
  public enum Part: String, CaseIterable, Sendable {
    /// Weights of the encoder's linear layers, with scales, channel sums, input scales and multipliers.
    case body
    /// Biases and LayerNorms of the encoder.
    case vectors
    /// Projected relative embeddings.
    case relativeEmbeddings = "relative_embeddings"
    /// Tables of embeddings, with what belongs to them.
    case embeddings
    case head

    /// What the tensor `name` is for; a name that nobody gives counts as the head's.
    public init(_ name: String) {
      if name.hasPrefix("layers.") || name.hasPrefix("convolution.") {
        let isRelative = name.hasSuffix(".relative_keys") || name.hasSuffix(".relative_queries")
        self = name.hasSuffix(".weight") ? .body : isRelative ? .relativeEmbeddings : .vectors
      } else {
        self = name.hasPrefix("embeddings.") ? .embeddings : .head
      }
    }
  }

  /// Values, and the bytes of the extents that hold them.
  public struct Size: Sendable, Equatable {
    /// Values of the tensors' shapes, without padding.
    public var values = 0
    /// Bytes, with padding.
    public var bytes = 0

    /// `nil` of nothing.
    public var bitsPerValue: Double? { values > 0 ? 8 * Double(bytes) / Double(values) : nil }
  }

  private var sizes: [Part: Size] = [:]

  /// Adds up `records`.
  public init(_ records: [TensorRecord]) {
    for record in records {
      let part = Part(record.name)
      // Of a record that was read or laid out: no more than its codes, which are counted in an Int.
      sizes[part, default: Size()].values += record.shape.reduce(1, *)
      sizes[part, default: Size()].bytes += record.extent.count
    }
  }

  /// What the tensors of a part take.
  public subscript(part: Part) -> Size { sizes[part] ?? Size() }
}
