import CKernels
import ModelCore

// Logits corrected by what the model has seen (numerics 6.8; `calibration.py`, `GLiClassCalibrator`).
extension HeadPass {
  /// beta · logit + bias, both from a perceptron over text, label and the logits of the text. Lost labels keep their logits and do
  /// not count.
  func calibrate(
    _ calibrator: CalibratorWeights, _ logits: UnsafeMutableBufferPointer<Float>, labels: ActivationRows,
    into calibrated: UnsafeMutableBufferPointer<Float>
  ) throws(EngineError) {
    let count = batch.labelRows.count
    // Their projected forms are needed no more, but by embeddings: they are normalized into the projectors' inputs.
    let (text, label) = (buffers.input, buffers.input.advanced(by: batch.texts.count))
    try layerNorm(calibrator.textNorm, buffers.output, batch.texts.count, into: text)
    try layerNorm(calibrator.labelNorm, labels, count, into: label)
    for (index, own) in batch.texts.enumerated() {
      let statistics = LogitStatistics(logits[own.labels.dropLast(own.lostLabels)], kernels)
      for row in own.labels {
        writeFeatures(buffers.near[row], text[index], label[row])
        statistics.write(logits[row], to: buffers.near[row] + 4 * size)
      }
    }
    let output = try apply(calibrator.mlp, rows: count, "calibrator")
    _ = calibrated.update(from: logits)
    for text in batch.texts {
      for row in text.labels.dropLast(text.lostLabels) {
        let bias = calibrator.configuration.hasBias ? output[row][1] : 0
        kernels.pointee.activate_rows(GLCK_ACTIVATION_SIGMOID, 1, output[row])
        calibrated[row] = calibrator.configuration.maximumScale * output[row][0] * logits[row] + bias
      }
    }
  }

  /// t, l, t · l, |t − l|
  private func writeFeatures(
    _ target: UnsafeMutablePointer<Float>, _ text: UnsafePointer<Float>, _ label: UnsafePointer<Float>
  ) {
    target.update(from: text, count: size)
    (target + size).update(from: label, count: size)
    for index in 0..<size {
      target[2 * size + index] = text[index] * label[index]
      target[3 * size + index] = (text[index] - label[index]).magnitude
    }
  }
}

/// What the calibrator is told of the logits of one text (`logit_features`).
private struct LogitStatistics {
  let largest: Float
  let mean: Float
  let meanEntropy: Float
  let logarithmOfCount: Float

  init(_ logits: Slice<UnsafeMutableBufferPointer<Float>>, _ kernels: UnsafePointer<glck_kernels>) {
    let count = Float(max(1, logits.count))
    largest = logits.max() ?? 0
    mean = logits.reduce(0, +) / count
    meanEntropy = logits.reduce(0) { $0 + Self.entropy($1, kernels) } / count
    logarithmOfCount = Float(RelativePositions.naturalLogarithm(Double(count)))
  }

  /// z, |z|, z − max, z − mean, mean entropy, ln(number of labels)
  func write(_ logit: Float, to target: UnsafeMutablePointer<Float>) {
    target[0] = logit
    target[1] = logit.magnitude
    target[2] = logit - largest
    target[3] = logit - mean
    target[4] = meanEntropy
    target[5] = logarithmOfCount
  }

  /// The entropy of σ(z) in nats, ln(1 + u) + |z| · u ÷ (1 + u) with u = e^−|z|.
  private static func entropy(_ logit: Float, _ kernels: UnsafePointer<glck_kernels>) -> Float {
    var u = -logit.magnitude
    kernels.pointee.exp_rows(1, &u)
    let wide = Double(u)
    return Float(RelativePositions.naturalLogarithm(1 + wide) + Double(logit.magnitude) * wide / (1 + wide))
  }
}
