import ModelCore

/// The convolution beside the first layer (`ConvLayer`): over the *embeddings*, then added to that layer's states and normalized.
struct ReferenceConvolution: Sendable {
  /// For each token that it looks at, first to last, the weights of all outputs × all inputs.
  let taps: [ReferenceMatrix]
  private let bias: [Float]
  private let activation: Activation
  private let norm: ReferenceLayerNorm

  init(
    _ loader: WeightLoader, _ encoder: EncoderConfiguration, _ convolution: ConvolutionConfiguration
  ) throws(ReferenceModelError) {
    let name = ReferenceTensors.convolution
    let weight = try loader.floats("\(name).conv.weight")
    taps = (0..<convolution.kernelSize).map { Self.tap($0, of: weight, encoder.hiddenSize, convolution) }
    bias = try loader.floats("\(name).conv.bias")
    activation = convolution.activation
    norm = try loader.norm("\(name).LayerNorm", epsilon: encoder.layerNormEpsilon)
  }

  /// One position of a `torch.nn.Conv1d` weight [size, size / groups, kernel], with zeros for the inputs of other groups.
  private static func tap(
    _ tap: Int, of weight: [Float], _ size: Int, _ convolution: ConvolutionConfiguration
  ) -> ReferenceMatrix {
    let inputs = size / convolution.groupCount
    var matrix = ReferenceMatrix(rows: size, columns: size)
    for output in 0..<size {
      let first = output / inputs * inputs
      for input in 0..<inputs {
        matrix.values[output * size + first + input] = weight[(output * inputs + input) * convolution.kernelSize + tap]
      }
    }
    return matrix
  }

  /// - Parameter states: after the first layer.
  func states(embeddings: ReferenceMatrix, after states: ReferenceMatrix) -> ReferenceMatrix {
    var sum = ReferenceMatrix(
      rows: embeddings.rows, columns: bias.count, values: (0..<embeddings.rows).flatMap { _ in bias })
    for (index, tap) in taps.enumerated() {
      let shift = index - taps.count / 2
      sum.accumulate(
        embeddings.selecting(rows: shift..<shift + embeddings.rows), transposed: tap, columns: 0..<tap.columns)
    }
    return norm(states + sum.activated(by: activation))
  }
}
