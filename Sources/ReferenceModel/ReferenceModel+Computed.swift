/// What depends on weights alone, as this model computes it: for whoever holds a file against it that stores the same.
extension ReferenceModel {
  /// The relative embeddings through the key projection of `layer`: one row a relative position, all heads side by side; `nil`
  /// where scores have no part from content to position.
  package func relativeKeys(layer: Int) -> ReferenceMatrix? { relative[layer].keys }

  /// The same through the query projection, for the part from position to content.
  package func relativeQueries(layer: Int) -> ReferenceMatrix? { relative[layer].queries }

  /// For each neighbouring token that the convolution looks at, first to last, the weights of all outputs × all inputs; empty
  /// without a convolution.
  package var convolutionTaps: [ReferenceMatrix] { convolution?.taps ?? [] }
}
