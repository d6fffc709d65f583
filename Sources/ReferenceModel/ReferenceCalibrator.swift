import Glibc
import ModelCore

/// `GLiClassCalibrator` of `calibration.py`: logits scaled, and moved, by what text, label and all logits together say.
struct ReferenceCalibrator: Sendable {
  private let configuration: CalibratorConfiguration
  private let textNorm: ReferenceLayerNorm
  private let labelNorm: ReferenceLayerNorm
  private let network: ReferencePerceptron

  init(_ loader: WeightLoader, _ configuration: CalibratorConfiguration) throws(ReferenceModelError) {
    let name = ReferenceTensors.calibrator
    self.configuration = configuration
    textNorm = try loader.norm("\(name).text_norm", epsilon: ReferenceLayerNorm.defaultEpsilon)
    labelNorm = try loader.norm("\(name).label_norm", epsilon: ReferenceLayerNorm.defaultEpsilon)
    network = try loader.perceptron("\(name).mlp", [0, 3, 6], .gelu)
  }

  /// `beta_max · σ(o₀) · z + o₁`, where o are the outputs of the network for one label; o₁ is 0 where there is none.
  func calibrated(_ logits: [Float], text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    guard !logits.isEmpty else { return [] }
    let texts = textNorm(text).repeated(classes.rows)
    let labels = labelNorm(classes)
    let features = texts.beside(labels)
      .beside(texts.combined(with: labels) { $0 * $1 })
      .beside(texts.combined(with: labels) { abs($0 - $1) })
      .beside(Self.features(of: logits))
    let output = network(features)
    return logits.indices.map { label in
      let row = Array(output[row: label])
      return configuration.maximumScale * logistic(row[0]) * logits[label] + (configuration.hasBias ? row[1] : 0)
    }
  }

  /// `logit_features`: for each label z, |z|, z − max, z − mean, the mean binary entropy of all labels, ln(count).
  private static func features(of logits: [Float]) -> ReferenceMatrix {
    let count = Double(logits.count)
    let maximum = logits.max() ?? 0
    let mean = Float(logits.reduce(0.0) { $0 + Double($1) } / count)
    let entropy = Float(logits.reduce(0.0) { $0 + binaryEntropy(Double($1)) } / count)
    return ReferenceMatrix(
      rows: logits.count, columns: 6,
      values: logits.flatMap { [$0, abs($0), $0 - maximum, $0 - mean, entropy, Float(log(count))] })
  }

  /// `−(p · ln σ(z) + (1 − p) · ln σ(−z))` with p = σ(z).
  private static func binaryEntropy(_ logit: Double) -> Double {
    func logSigmoid(_ x: Double) -> Double { min(x, 0) - log1p(exp(-abs(x))) }
    let probability = 1 / (1 + exp(-logit))
    return -(probability * logSigmoid(logit) + (1 - probability) * logSigmoid(-logit))
  }
}
