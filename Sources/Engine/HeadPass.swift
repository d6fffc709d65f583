import CKernels
import ModelCore

/// From the states of a batch to its logits: the main path of the head (formats/numerics.md 6; `process_encoder_output` of
/// `gliclass` `model.py`).
struct HeadPass {
  let pass: ForwardPass

  var batch: Batch { pass.batch }
  var buffers: HeadBuffers { pass.buffers.head }
  var kernels: UnsafePointer<glck_kernels> { pass.kernels }
  var weights: HeadWeights { pass.session.model.head }
  var head: HeadConfiguration { pass.session.model.configuration.head }
  /// Features of a state, H.
  var size: Int { pass.encoder.hiddenSize }

  func run() throws(EngineError) -> BatchOutputs {
    let states = weights.layerWeights == nil ? pass.buffers.headHidden : try weighLayers()
    try poolText(states)
    poolLabels(states)
    let textRows = batch.projectedRows
    let rows = textRows + batch.labelRows.count
    try project(weights.text, 0..<textRows, "text projector")
    try project(weights.classes, textRows..<rows, "classes projector")
    if head.normalizesFeatures { normalize(rows) }
    if let probe = pass.session.probe {
      probe.observe(nil, .text, Probe.Rows(buffers.output, count: textRows, columns: size))
      let classes = buffers.output.advanced(by: textRows)
      probe.observe(nil, .classes, Probe.Rows(classes, count: rows - textRows, columns: size))
    }
    let logits = UnsafeMutableBufferPointer(start: buffers.logits, count: batch.labelRows.count)
    try score(text: buffers.output, labels: buffers.output.advanced(by: textRows), into: logits)
    if let scale = weights.logitScale { for label in logits.indices { logits[label] *= scale } }
    try check(logits)
    var outputs = BatchOutputs(
      logits: UnsafeBufferPointer(logits), features: buffers.output, featureSize: size, projectedRows: textRows)
    if let calibrator = weights.calibrator {
      let calibrated = UnsafeMutableBufferPointer(start: buffers.calibrated, count: logits.count)
      try calibrate(calibrator, logits, labels: buffers.output.advanced(by: textRows), into: calibrated)
      try check(calibrated)
      outputs.uncalibratedLogits = outputs.logits
      outputs.logits = UnsafeBufferPointer(calibrated)
    }
    if let probe = pass.session.probe {
      let final = weights.calibrator == nil ? buffers.logits : buffers.calibrated
      probe.observe(nil, .logits, Probe.Rows(final, stride: logits.count, count: 1, columns: logits.count))
    }
    return outputs
  }

  /// The last products are behind the last row that was judged.
  private func check(_ logits: UnsafeMutableBufferPointer<Float>) throws(EngineError) {
    guard logits.allSatisfy(\.isFinite) else { throw .notFinite(path: pass.session.model.file.path, place: "logits") }
  }

  private func project(_ projector: Perceptron, _ rows: Range<Int>, _ place: String) throws(EngineError) {
    guard !rows.isEmpty else { return }
    let start = rows.lowerBound
    try apply(
      projector.layers[0], buffers.input.advanced(by: start), rows.count, into: buffers.middle.advanced(by: start),
      projector.activation, place)
    try apply(
      projector.layers[1], buffers.middle.advanced(by: start), rows.count, into: buffers.output.advanced(by: start),
      .linear, place)
  }

  /// x ÷ (‖x‖ + 10⁻⁸), each row.
  private func normalize(_ rows: Int) {
    for row in 0..<rows {
      let values = buffers.output[row]
      let length = kernels.pointee.dot(size, values, values).squareRoot() + 1e-8
      for index in 0..<size { values[index] /= length }
    }
  }

  /// output[r] = activation(linear(input[r])): quantized first where the layer is.
  func apply(
    _ linear: Linear, _ input: ActivationRows, _ rows: Int, into output: ActivationRows, _ activation: Activation,
    _ place: @autoclosure () -> String
  ) throws(EngineError) {
    try pass.quantize(input, rows: rows, for: linear, place())
    pass.multiply(
      linear, input, rows: 0..<rows, activation: activation, output: output.floats, stride: output.floatStride)
  }

  /// `input` (``HeadBuffers/near``) through all layers.
  /// - Returns: the buffer that holds the result.
  func apply(_ perceptron: Perceptron, rows: Int, _ place: String) throws(EngineError) -> ActivationRows {
    var (input, output) = (buffers.near, buffers.far)
    for (index, linear) in perceptron.layers.enumerated() {
      let isLast = index == perceptron.layers.count - 1
      try apply(linear, input, rows, into: output, isLast ? .linear : perceptron.activation, place)
      (input, output) = (output, input)
    }
    return input
  }

  /// LayerNorm of `rows` rows, with the ε that `torch.nn.LayerNorm` has unless it is told another.
  func layerNorm(_ weights: LayerNormWeights, _ input: ActivationRows, _ rows: Int, into output: ActivationRows)
    throws(EngineError)
  {
    guard rows > 0 else { return }
    let failed = pass.layerNorm(
      weights, size: size, input: input.floats, inputStride: input.floatStride, residual: nil, epsilon: 1e-5,
      into: output, reader: nil, rows: 0..<rows)
    if failed { throw .notFinite(path: pass.session.model.file.path, place: "head") }
  }
}
