import CKernels
import ModelCore

/// One batch through the model: the main path of the engine (formats/numerics.md 5).
struct ForwardPass {
  let session: EngineSession
  let batch: Batch
  let buffers: BatchBuffers

  var kernels: UnsafePointer<glck_kernels> { session.kernels }
  var pool: ThreadPool { session.pool }
  var encoder: EncoderConfiguration { session.model.configuration.encoder }

  /// The rows that a layer's queries, and everything after them, are computed for.
  struct Queries {
    /// Rows of the batch, or of the head's rows.
    var rows: ActivationRows
    var count: Int
    /// The rows of each text, and their positions in it.
    var textRows: (Batch.Text) -> Range<Int>
    var positions: UnsafeMutablePointer<UInt32>
  }

  /// The outputs of all texts of the batch.
  func run() throws(EngineError) -> BatchOutputs {
    let model = session.model
    preparePositions()
    session.profile?.end(.preparation)
    try embed()
    try probeStates(nil, .embeddings, next: 0)
    keepState(0)
    session.profile?.end(.embeddings)
    let all = Queries(
      rows: buffers.hidden, count: batch.tokens.count, textRows: { $0.rows }, positions: buffers.positions)
    let read = Queries(
      rows: buffers.headHidden, count: batch.headRows, textRows: { $0.headRows }, positions: buffers.headPositions)
    let canSkip =
      model.configuration.head.readsSingleTokens && session.options.skipsUnreadRows && session.probe == nil
    var isGathered = false
    for (index, layer) in model.layers.enumerated() {
      let convolution = index == 0 ? model.convolution : nil
      // The convolution's neighbours must be there, so a first layer with one is computed whole.
      isGathered = canSkip && index == model.layers.count - 1 && convolution == nil
      if isGathered { gatherHeadRows() }
      if let convolution {
        try convolve(convolution)
        session.profile?.end(.convolution, convolution.linear, rows: batch.tokens.count)
      }
      try run(layer, index, isGathered ? read : all)
      if let convolution {
        try addConvolution(convolution, reader: reader(layer: index + 1))
        session.profile?.end(.convolution)
      }
      try probeStates(index, .output, next: index + 1)
      keepState(index + 1)
    }
    // Computed for all rows, the states that the head reads are still to be picked out.
    if !isGathered { gatherHeadRows() }
    let outputs = try HeadPass(pass: self).run()
    session.profile?.end(.head)
    return outputs
  }

  /// What reads the rows of the layer at `index`, as its keys and values do; behind the last they are read as floats.
  private func reader(layer index: Int) -> Linear? {
    index < session.model.layers.count ? session.model.layers[index].query : nil
  }

  /// Fills the tables that depend on the lengths alone.
  private func preparePositions() {
    var relative = session.relativePositions
    let first = buffers.relativeBlocks.lowerBound * 16
    for text in batch.texts {
      if encoder.usesRelativePositions {
        relative.fill(buffers.columns + text.columnsOffset, length: text.rows.count, first: first)
      }
      for (position, row) in text.rows.enumerated() { buffers.positions[row] = UInt32(position) }
    }
    session.relativePositions = relative
    for (row, position) in batch.headPositions.enumerated() { buffers.headPositions[row] = UInt32(position) }
  }

  /// Copies the hidden rows that the head reads, in both their forms, where it does not read all.
  private func gatherHeadRows() {
    guard session.model.configuration.head.readsSingleTokens else { return }
    let (from, to) = (buffers.hidden, buffers.headHidden)
    for text in batch.texts {
      for row in text.headRows {
        let source = text.rows.lowerBound + batch.headPositions[row]
        (to.floats + row * to.floatStride).update(
          from: from.floats + source * from.floatStride, count: from.floatStride)
        (to.quantized + row * to.quantizedStride).update(
          from: from.quantized + source * from.quantizedStride, count: from.quantizedStride)
        to.scales[row] = from.scales[source]
      }
    }
  }

  /// One transformer layer: hidden rows in, hidden rows out (in both their forms).
  private func run(_ layer: EncoderLayer, _ index: Int, _ queries: Queries) throws(EngineError) {
    let profile = session.profile
    try attend(layer, queries, index)
    let size = encoder.hiddenSize
    try quantize(
      buffers.context, rows: queries.count, for: layer.attentionOutput, "layer \(index), attention")
    profile?.end(.quantization)
    multiply(layer.attentionOutput, buffers.context, rows: 0..<queries.count, output: buffers.product, stride: size)
    profile?.end(.attentionOutput, layer.attentionOutput, rows: queries.count)
    try addAndNormalize(
      layer.attentionNorm, queries, reader: layer.intermediate, "layer \(index), attention output")
    session.probe?.observe(index, .attention, Probe.Rows(queries.rows, count: queries.count, columns: size))
    profile?.end(.layerNorm)
    try feedForward(layer, index, queries)
    try addAndNormalize(
      layer.outputNorm, queries, reader: reader(layer: index + 1), "layer \(index), feed-forward output")
    profile?.end(.layerNorm)
  }

  /// The feed-forward network, some rows at a time so that its wide middle stays in the cache.
  private func feedForward(_ layer: EncoderLayer, _ index: Int, _ queries: Queries) throws(EngineError) {
    let stride = encoder.hiddenSize
    let middle = buffers.intermediate
    // The first product then makes what the second one quantizes. A probe is shown what it is before that.
    let prepares =
      layer.intermediate.isQuantized && layer.output.isQuantized && encoder.activation.isFused
      && (layer.output.inputScales == nil || session.probe == nil)
    let (scales, magnitudes) = prepares ? (layer.output.inputScales, buffers.magnitudes) : (nil, nil)
    var start = 0
    while start < queries.count {
      let rows = 0..<min(BatchShape.feedForwardRows, queries.count - start)
      multiply(
        layer.intermediate, queries.rows.advanced(by: start), rows: rows, activation: encoder.activation,
        output: middle.floats, stride: middle.floatStride, outputScales: scales, magnitudes: magnitudes)
      session.profile?.end(.intermediate, layer.intermediate, rows: rows.count)
      session.probe?.observe(
        index, .feedForward,
        Probe.Rows(middle, first: start, count: rows.count, columns: encoder.intermediateSize))
      try quantize(
        middle, rows: rows.count, for: layer.output, magnitudes: magnitudes,
        "layer \(index), feed-forward")
      session.profile?.end(.quantization)
      multiply(layer.output, middle, rows: rows, output: buffers.product + start * stride, stride: stride)
      session.profile?.end(.output, layer.output, rows: rows.count)
      start += rows.count
    }
  }

  /// hidden = LayerNorm(product + hidden), quantized in the same pass for what reads it.
  private func addAndNormalize(
    _ weights: LayerNormWeights, _ queries: Queries, reader: Linear?, _ place: @autoclosure () -> String
  ) throws(EngineError) {
    try layerNorm(
      weights, input: buffers.product, inputStride: encoder.hiddenSize, residual: queries.rows, into: queries.rows,
      reader: reader, rows: queries.count, place())
  }
}
