import ModelCore

/// What the inputs of an encoder's linear layers are about, from the weights alone: the mean and the second moment of every feature over
/// tokens, as if features were independent.
///
/// Behind a LayerNorm they are β and γ² + β². Through a linear layer go W · mean + b and that squared + Σ W² · variance. What attention mixes
/// and what an activation function lets pass is taken as no larger than that. On models with outliers and without, what is measured on
/// texts is a third to once that energy over all features, and up to 40 times for one feature.
struct InputMoments {
  let expected: ExpectedTensors
  let encoder: EncoderConfiguration

  private struct Moments {
    var means: [Double]
    var variances: [Double]
    var seconds: [Double] { zip(means, variances).map { $0 * $0 + $1 } }
  }

  /// E[x²] of the inputs of the layer `name`, as `layers.2.attention.value`; `nil` where they are not those of an encoder's layer.
  func secondMoments(_ name: String) throws(VerificationError) -> [Double]? {
    let parts = name.split(separator: ".")
    guard parts.count == 4, parts[0] == "layers", let layer = Int(parts[1]) else { return nil }
    let own = "layers.\(layer)"
    switch (parts[2], parts[3]) {
    case ("attention", "query"), ("attention", "key"), ("attention", "value"):
      return try norm(normBefore(layer))?.seconds
    case ("attention", "output"):
      return try linear("\(own).attention.value", of: norm(normBefore(layer)))?.seconds
    case ("feed_forward", "intermediate"): return try norm("\(own).attention.norm")?.seconds
    case ("feed_forward", "output"):
      let before = try linear("\(own).feed_forward.intermediate", of: norm("\(own).attention.norm"))
      return before?.seconds.map(activated)
    default: return nil
    }
  }

  /// A bound of f(z)² where z² is `square`: most functions of the kind are no larger than their argument.
  private func activated(_ square: Double) -> Double {
    switch encoder.activation {
    case .sigmoid, .laplace: max(1, square)
    case .relu2: 3 * square * square
    default: square
    }
  }

  private func normBefore(_ layer: Int) -> String {
    if layer == 0 { return "embeddings.norm" }
    return layer == 1 && encoder.convolution != nil ? "convolution.norm" : "layers.\(layer - 1).feed_forward.norm"
  }

  private func tensor(_ name: String) -> ExpectedTensor? {
    expected.origins.first { $0.name == name }.flatMap(expected.tensor)
  }

  private func vector(_ name: String) throws(VerificationError) -> [Double]? {
    guard let tensor = tensor(name), tensor.shape.count == 1 else { return nil }
    var values = Array(repeating: Float(0), count: tensor.shape[0])
    try tensor.read(0, into: &values)
    return values.map(Double.init)
  }

  private func norm(_ name: String) throws(VerificationError) -> Moments? {
    guard let gains = try vector("\(name).gain"), let biases = try vector("\(name).bias"), gains.count == biases.count
    else { return nil }
    return Moments(means: biases, variances: gains.map { $0 * $0 })
  }

  private func linear(_ name: String, of inputs: Moments?) throws(VerificationError) -> Moments? {
    guard let inputs, let weights = tensor("\(name).weight"), let biases = try vector("\(name).bias"),
      weights.shape == [biases.count, inputs.means.count]
    else { return nil }
    var row = Array(repeating: Float(0), count: inputs.means.count)
    var moments = Moments(means: biases, variances: Array(repeating: 0, count: biases.count))
    for output in biases.indices {
      try weights.read(output, into: &row)
      for (feature, weight) in row.enumerated() {
        let weight = Double(weight)
        moments.means[output] += weight * inputs.means[feature]
        moments.variances[output] += weight * weight * inputs.variances[feature]
      }
    }
    weights.discard(rows: 0..<biases.count, columns: row.count)
    return moments
  }
}
