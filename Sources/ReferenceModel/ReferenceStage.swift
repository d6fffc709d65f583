/// A point of the forward pass whose values can be observed. Matrices have one row a token unless noted.
public enum ReferenceStage: String, Sendable, CaseIterable {
  /// Embeddings after LayerNorm: what the first layer reads.
  case embeddings
  /// Queries, all heads side by side.
  case query
  /// Keys, all heads side by side.
  case key
  /// Values, all heads side by side.
  case value
  /// Weighted values, all heads side by side: what `attention.output.dense` reads.
  case context
  /// After the attention block and its LayerNorm: what `intermediate.dense` reads.
  case attention
  /// After `intermediate.dense` and the activation function: what `output.dense` reads.
  case intermediate
  /// After the feed-forward block and its LayerNorm, and the convolution where there is one: what the next layer reads.
  case output
  /// The projected text: one row, or one a token with pooling `pass`.
  case text
  /// The projected classes, one row a label.
  case classes
  /// One number a label.
  case logits
}

/// Receives intermediate results, in the order they arise, on the thread that runs the forward pass. `layer` counts from
/// 0 and is `nil` outside the encoder's layers.
public typealias ReferenceObserver = (_ layer: Int?, _ stage: ReferenceStage, _ states: ReferenceMatrix) -> Void
