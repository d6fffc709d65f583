import CKernels
import ModelCore

// Embeddings (formats/numerics.md 5.1; `DebertaV2Embeddings` of `transformers`, and what `gliclass` adds), and the convolution
// over them (5.6; `ConvLayer`).
extension ForwardPass {
  /// The rows that the first layer reads.
  func embed() throws(EngineError) {
    let weights = session.model.embeddings
    let hidden = buffers.hidden
    if let projection = weights.projection, let sums = buffers.embedding {
      for start in blockStarts {
        let rows = block(from: start)
        sum(weights, rows, into: sums)
        try quantize(sums, rows: rows.count, for: projection, "embedding projection")
        multiply(
          projection, sums, rows: 0..<rows.count, output: hidden[rows.lowerBound], stride: hidden.floatStride)
      }
    } else {
      sum(weights, 0..<batch.tokens.count, into: hidden)
    }
    try layerNorm(
      weights.norm, input: hidden.floats, inputStride: hidden.floatStride, residual: nil, into: hidden,
      reader: session.model.layers.first?.query, rows: batch.tokens.count, "embeddings")
  }

  /// Rows that go through a wide buffer at once, which so need not have room for all.
  private func block(from start: Int) -> Range<Int> {
    start..<min(start + BatchShape.feedForwardRows, batch.tokens.count)
  }

  private var blockStarts: StrideTo<Int> { stride(from: 0, to: batch.tokens.count, by: BatchShape.feedForwardRows) }

  /// The embeddings of tokens in `rows`, to the first rows of `target`.
  private func sum(_ weights: EmbeddingWeights, _ rows: Range<Int>, into target: ActivationRows) {
    pool.split(
      rows.count, work: Work.pass(rows: rows.count, size: encoder.embeddingSize),
      (pass: self, weights: weights, first: rows.lowerBound, target: target)
    ) { own, thread, rows in
      for row in rows {
        let addends = own.pass.buffers.addends
        own.pass.sum(
          own.weights, own.first + row, into: own.target[row], addends[2 * thread], addends[2 * thread + 1])
      }
    }
  }

  /// Token + segment + position + token type, in this order.
  private func sum(
    _ weights: EmbeddingWeights, _ row: Int, into target: UnsafeMutablePointer<Float>,
    _ addend: UnsafeMutablePointer<Float>, _ spare: UnsafeMutablePointer<Float>
  ) {
    let size = encoder.embeddingSize
    weights.tokens.copy(Int(batch.tokens[row]), to: target, scratch: spare, kernels)
    if let segments = weights.segments {
      segments.copy(batch.segments[row], to: addend, scratch: spare, kernels)
      add(addend, to: target, size)
    }
    if let positions = weights.positions {
      positions.copy(Int(buffers.positions[row]), to: addend, scratch: spare, kernels)
      add(addend, to: target, size)
    }
    if let tokenType = weights.tokenType { add(tokenType, to: target, size) }
  }

  private func add(_ addend: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
    for index in 0..<count { target[index] += addend[index] }
  }

  /// The convolution of the embeddings, into `buffers.convolved`: before the first layer overwrites them.
  func convolve(_ convolution: ConvolutionWeights) throws(EngineError) {
    guard let neighbours = buffers.neighbours, let convolved = buffers.convolved else {
      preconditionFailure("a model with a convolution has buffers for it")
    }
    let size = encoder.hiddenSize
    for start in blockStarts {
      let rows = block(from: start)
      for text in batch.texts {
        for row in text.rows.clamped(to: rows) {
          gather(around: row, of: text, convolution.kernelSize, into: neighbours[row - rows.lowerBound])
        }
      }
      try quantize(neighbours, rows: rows.count, for: convolution.linear, "convolution")
      multiply(
        convolution.linear, neighbours, rows: 0..<rows.count, activation: convolution.activation,
        output: convolved + rows.lowerBound * size, stride: size)
    }
  }

  /// The rows of the tokens around `row`, side by side, zeros beyond the text.
  private func gather(around row: Int, of text: Batch.Text, _ count: Int, into target: UnsafeMutablePointer<Float>) {
    let size = encoder.hiddenSize
    for tap in 0..<count {
      let source = row + tap - count / 2
      if text.rows.contains(source) {
        (target + tap * size).update(from: buffers.hidden[source], count: size)
      } else {
        (target + tap * size).update(repeating: 0, count: size)
      }
    }
  }

  /// hidden = LayerNorm(convolution + hidden), where hidden is the first layer's output.
  func addConvolution(_ convolution: ConvolutionWeights, reader: Linear?) throws(EngineError) {
    guard let convolved = buffers.convolved else { return }
    try layerNorm(
      convolution.norm, input: convolved, inputStride: encoder.hiddenSize, residual: buffers.hidden,
      into: buffers.hidden, reader: reader, rows: batch.tokens.count, "convolution")
  }

  /// Keeps the states after `count` layers where the head weighs them; all rows of them are computed then.
  func keepState(_ count: Int) {
    guard let weights = session.model.head.layerWeights else { return }
    let slot = count - (session.model.layers.count + 1 - weights.count)
    guard slot >= 0 else { return }
    let size = encoder.hiddenSize
    for row in 0..<batch.tokens.count {
      (buffers.head.states + (slot * batch.tokens.count + row) * size).update(from: buffers.hidden[row], count: size)
    }
  }
}
