/// A weighted sum of the hidden states of several layers (`LayerwiseAttention` of `layers.py`).
///
/// With N layers there are N + 1 states. The package of 0.1.21 makes weights for N and fails on the N + 1; as many as the tensors
/// have weights for are taken here, the last ones.
struct ReferenceLayerWeights: Sendable {
  private let squeeze: ReferenceLinear
  private let excitation: ReferencePerceptron
  private let output: ReferenceLinear

  init(_ loader: WeightLoader) throws(ReferenceModelError) {
    let name = ReferenceTensors.layerWeights
    squeeze = try loader.linear("\(name).squeeze")
    excitation = ReferencePerceptron(
      layers: [try loader.linear("\(name).W1"), try loader.linear("\(name).W2")], activation: .relu)
    output = try loader.linear("\(name).output_projection")
  }

  /// - Parameter all: the embeddings and the states after each layer.
  func states(of all: [ReferenceMatrix]) -> ReferenceMatrix {
    let used = all.suffix(excitation.layers[0].weight.columns)
    let means = used.map { states in
      Float(squeeze(states).values.reduce(0.0) { $0 + Double($1) } / Double(states.rows))
    }
    let weights = excitation(ReferenceMatrix(rows: 1, columns: means.count, values: means)).values.map(logistic)
    let weighted = zip(used, weights).map { states, weight in states.mapped { $0 * weight } }
    return output(weighted.dropFirst().reduce(weighted[0], +))
  }
}
