import Glibc
import ModelCore

/// `torch.nn.Linear`: `x · weightᵀ + bias`.
struct ReferenceLinear: Sendable {
  /// Output features × input features.
  let weight: ReferenceMatrix
  /// One number an output feature.
  let bias: [Float]

  func callAsFunction(_ input: ReferenceMatrix) -> ReferenceMatrix {
    var result = ReferenceMatrix(
      rows: input.rows, columns: weight.rows, values: (0..<input.rows).flatMap { _ in bias })
    result.accumulate(input, transposed: weight, columns: 0..<weight.columns)
    return result
  }
}

/// Linear layers with one activation function between each two of them (`torch.nn.Sequential`).
struct ReferencePerceptron: Sendable {
  let layers: [ReferenceLinear]
  let activation: Activation

  /// What the last layer gives for each row.
  func callAsFunction(_ input: ReferenceMatrix) -> ReferenceMatrix {
    var states = input
    for (index, layer) in layers.enumerated() {
      states = layer(index == 0 ? states : states.activated(by: activation))
    }
    return states
  }
}

/// `torch.nn.LayerNorm` over the features of each row: `(x − mean) / √(variance + ε) · weight + bias`, with the
/// variance that divides by the number of features. Mean and variance are summed in double precision.
struct ReferenceLayerNorm: Sendable {
  /// What `torch.nn.LayerNorm` has where nothing else is said, as in all of `gliclass`.
  static let defaultEpsilon: Float = 1e-5

  let weight: [Float]
  let bias: [Float]
  let epsilon: Float

  func callAsFunction(_ input: ReferenceMatrix) -> ReferenceMatrix {
    var result = input
    let count = Double(input.columns)
    result.forEachRow { _, row in
      let mean = row.reduce(0.0) { $0 + Double($1) } / count
      let variance = row.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
      let factor = Float(1 / (variance + Double(epsilon)).squareRoot())
      for index in row.indices { row[index] = (row[index] - Float(mean)) * factor * weight[index] + bias[index] }
    }
    return result
  }
}

extension ReferenceMatrix {
  /// Replaces each row by its softmax, `exp(x − max) / Σ exp(x − max)`.
  mutating func softmaxRows() {
    forEachRow { _, row in
      let maximum = row.max() ?? 0
      var sum: Float = 0
      for index in row.indices {
        row[index] = expf(row[index] - maximum)
        sum += row[index]
      }
      for index in row.indices { row[index] /= sum }
    }
  }
}
