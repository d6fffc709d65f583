import CKernels
import ModelCore

// Attention of labels to the tokens of the text (numerics 6.6; `CrossAttnScorer` of `scorers.py`, `attn_padded` of `ops.py`).
extension HeadPass {
  /// near = normalized context, label.
  func attend(
    _ weights: CrossAttentionWeights, text: ActivationRows, labels: ActivationRows
  ) throws(EngineError) {
    guard let own = buffers.attention, let context = buffers.labelFeatures else { return }
    let (textRows, labelRows) = (batch.projectedRows, batch.labelRows.count)
    try layerNorm(weights.queryNorm, labels, labelRows, into: own.labels)
    try apply(weights.query, own.labels, labelRows, into: own.queries, .linear, "scorer")
    try layerNorm(weights.keyNorm, text, textRows, into: own.text)
    try apply(weights.key, own.text, textRows, into: own.keys, .linear, "scorer")
    // Values come of the text as it is, which is therefore quantized anew.
    try apply(weights.value, text, textRows, into: own.values, .linear, "scorer")
    let work = Work.multiplyAccumulates(2 * textRows * labelRows * size)
    pass.pool.split(batch.texts.count, work: work, (head: self, context: context)) { own, thread, texts in
      for index in texts {
        let text = own.head.batch.texts[index]
        for number in 0..<own.head.head.scorerHeadCount {
          own.head.attend(number, text.projectedRows, text.labels, into: own.context, thread)
        }
      }
    }
    let (attended, normalized) = (own.queries, own.labels)
    try apply(weights.output, context, labelRows, into: attended, .linear, "scorer")
    try layerNorm(weights.norm, attended, labelRows, into: normalized)
    for label in 0..<labelRows {
      buffers.near[label].update(from: normalized[label], count: size)
      (buffers.near[label] + size).update(from: labels[label], count: size)
    }
  }

  /// One head of one text: softmax(q · kᵀ ÷ √d) · v.
  private func attend(
    _ number: Int, _ text: Range<Int>, _ labels: Range<Int>, into context: ActivationRows, _ thread: Int
  ) {
    guard let own = buffers.attention, !text.isEmpty, !labels.isEmpty else { return }
    let size = head.projectorSize / head.scorerHeadCount
    let column = number * size
    let (scores, panels, target) = (own.scores[thread], own.panels[thread], own.context[thread])
    kernels.pointee.pack_panels(text.count, size, own.keys[text.lowerBound] + column, own.keys.floatStride, panels)
    pass.multiply(
      own.queries[labels.lowerBound] + column, rows: labels.count, k: size, own.queries.floatStride, panels,
      blocks: (text.count + 15) / 16, into: scores, own.scoreStride)
    let scale = 1 / Float(size).squareRoot()
    for label in 0..<labels.count {
      let row = UnsafeMutableBufferPointer(start: scores + label * own.scoreStride, count: text.count)
      for index in row.indices { row[index] *= scale }
      Scores.softmax(row, kernels)
    }
    pass.multiply(
      scores, rows: labels.count, k: text.count, own.scoreStride, own.values[text.lowerBound] + column,
      bStride: own.values.floatStride, blockStride: 16, blocks: own.contextStride / 16, into: target, own.contextStride)
    for (index, label) in labels.enumerated() {
      (context[label] + column).update(from: target + index * own.contextStride, count: size)
    }
  }
}
