import CKernels
import ModelCore

// Projectors and the scorer `simple` (formats/numerics.md 5.6; gliclass `FeaturesProjector`, `ScorerDot`).
extension ForwardPass {
  /// One logit a label of every text, from the hidden rows that the head reads.
  func head() throws(EngineError) -> [EngineOutput] {
    let size = encoder.hiddenSize
    // Text rows first, class rows after them: each projector then runs over one range.
    let texts = batch.texts.count
    var order: [Int] = batch.texts.map(\.headRows.lowerBound)
    for text in batch.texts { order += text.headRows.dropFirst() }
    let input = buffers.headInput
    for (row, source) in order.enumerated() {
      (input.floats + row * input.floatStride).update(
        from: buffers.headHidden.floats + source * buffers.headHidden.floatStride, count: input.floatStride)
    }
    let model = session.model
    try project(model.textProjector, rows: 0..<texts, "text projector")
    try project(model.classProjector, rows: texts..<order.count, "classes projector")
    var row = texts
    func features(_ row: Int) -> [Float] {
      Array(UnsafeBufferPointer(start: buffers.headOutput + row * size, count: size))
    }
    var outputs: [EngineOutput] = []
    outputs.reserveCapacity(texts)
    for (index, text) in batch.texts.enumerated() {
      let first = row
      let own = text.headRows.dropFirst().map { _ in
        defer { row += 1 }
        return kernels.pointee.dot(size, buffers.headOutput + index * size, buffers.headOutput + row * size)
      }
      // The last products are behind the last row that was judged.
      guard own.allSatisfy(\.isFinite) else { throw .notFinite(path: model.file.path, place: "logits") }
      let embeddings =
        returnsEmbeddings ? EngineEmbeddings(text: [features(index)], classes: (first..<row).map(features)) : nil
      outputs.append(EngineOutput(logits: own, embeddings: embeddings))
    }
    return outputs
  }

  private func project(_ projector: Projector, rows: Range<Int>, _ place: String) throws(EngineError) {
    guard !rows.isEmpty else { return }
    let input = buffers.headInput.advanced(by: rows.lowerBound)
    let middle = buffers.headMiddle.advanced(by: rows.lowerBound)
    let stride = encoder.hiddenSize
    let own = 0..<rows.count
    try quantize(input, size: encoder.hiddenSize, rows: rows.count, for: projector.first, place)
    multiply(
      projector.first, input, rows: own, activation: GLCK_ACTIVATION_GELU, output: middle.floats,
      stride: middle.floatStride)
    try quantize(
      middle, size: session.model.configuration.head.projectorSize, rows: rows.count, for: projector.second, place)
    multiply(
      projector.second, middle, rows: own, output: buffers.headOutput + rows.lowerBound * stride, stride: stride)
  }
}

extension ActivationRows {
  /// The same rows from `row` on.
  func advanced(by row: Int) -> ActivationRows {
    ActivationRows(
      floats: floats + row * floatStride, floatStride: floatStride,
      quantized: quantized + row * quantizedStride, quantizedStride: quantizedStride, scales: scales + row,
      remainders: remainders.map { $0 + row * quantizedStride }, remainderScales: remainderScales.map { $0 + row })
  }
}
