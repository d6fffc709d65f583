import CKernels
import ModelCore

// Disentangled attention (formats/numerics.md 5.4), head by head and a block of queries at a time: no more than
// queryRows × keys scores exist at once on a thread.
extension ForwardPass {
  /// Context rows of all queries, from the projections.
  func attend(_ layer: EncoderLayer, _ queries: Queries) {
    let heads = encoder.headCount
    let widening = Work.pass(rows: 2 * 16 * buffers.relativeBlocks.count, size: encoder.hiddenSize)
    pool.split(heads, work: widening, (pass: self, layer: layer)) { own, _, range in
      let buffers = own.pass.buffers
      for head in range {
        if let keys = own.layer.relativeKeys { own.pass.widen(keys, head: head, into: buffers.relativeKeys) }
        if let queries = own.layer.relativeQueries {
          own.pass.widen(queries, head: head, into: buffers.relativeQueries)
        }
      }
    }
    let work = batch.texts.reduce(0) { $0 + Work.attention(tokens: $1.rows.count, size: encoder.hiddenSize) }
    let threads = pool.threads(for: work)
    let bounds = shares(
      of: batch.texts.map { $0.rows.count * ($0.rows.count + 64) }, heads: heads, threads: threads)
    pool.run(threads: threads, (pass: self, layer: layer, queries: queries, bounds: bounds)) { own, thread in
      let heads = own.pass.encoder.headCount
      for item in own.bounds[thread]..<own.bounds[thread + 1] {
        own.pass.attend(
          own.pass.batch.texts[item / heads], head: item % heads, own.layer, own.queries,
          own.pass.buffers.scratch[thread])
      }
    }
  }

  /// Divides texts × heads, in this order, into contiguous shares of about equal cost: `threads + 1` bounds.
  private func shares(of costs: [Int], heads: Int, threads: Int) -> [Int] {
    let total = costs.reduce(0, +) * heads
    var bounds = [0]
    var done = 0
    for (text, cost) in costs.enumerated() {
      for head in 0..<heads {
        if bounds.count < threads, done * threads >= total * bounds.count { bounds.append(text * heads + head) }
        done += cost
      }
    }
    while bounds.count <= threads { bounds.append(costs.count * heads) }
    return bounds
  }

  /// The panels of one head's relative rows, as many as the batch can meet.
  private func widen(_ embeddings: RelativeEmbeddings, head: Int, into panels: UnsafeMutablePointer<Float>) {
    guard case .int8(let tiles, let scales) = embeddings.rows else { return }
    let size = encoder.headSize
    for (index, block) in buffers.relativeBlocks.enumerated() {
      let row = head * embeddings.paddedRows + block * 16
      kernels.pointee.widen_panel(
        size, tiles + row * size, scales + row,
        panels + (head * buffers.relativeBlocks.count + index) * 16 * size)
    }
  }

  /// Where one head's panels are: in the file, or widened.
  private func panels(
    _ embeddings: RelativeEmbeddings, head: Int, _ widened: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let size = encoder.headSize
    switch embeddings.rows {
    case .int8: return UnsafePointer(widened + head * buffers.relativeBlocks.count * 16 * size)
    case .f32(let panels):
      return panels + (head * embeddings.paddedRows + buffers.relativeBlocks.lowerBound * 16) * size
    }
  }

  private func attend(
    _ text: Batch.Text, head: Int, _ layer: EncoderLayer, _ queries: Queries, _ scratch: AttentionScratch
  ) {
    let size = encoder.headSize
    let hidden = encoder.hiddenSize
    let stride = 3 * hidden
    let length = text.rows.count
    let keys = buffers.projections + text.rows.lowerBound * stride + hidden + head * size
    let values = keys + hidden
    kernels.pointee.pack_panels(length, size, keys, stride, scratch.keyPanels)
    if let relative = layer.relativeQueries {
      multiply(
        keys, rows: length, k: size, stride, panels(relative, head: head, buffers.relativeQueries),
        blocks: buffers.relativeBlocks.count, into: scratch.keyRelative, scratch.relativeStride)
    }
    let rows = queries.textRows(text)
    var start = rows.lowerBound
    while start < rows.upperBound {
      let count = min(BatchShape.queryRows, rows.upperBound - start)
      let query = buffers.projections + start * stride + head * size
      multiply(
        query, rows: count, k: size, stride, scratch.keyPanels, blocks: (length + 15) / 16, into: scratch.scores,
        scratch.scoreStride)
      if let relative = layer.relativeKeys {
        multiply(
          query, rows: count, k: size, stride, panels(relative, head: head, buffers.relativeKeys),
          blocks: buffers.relativeBlocks.count, into: scratch.queryRelative, scratch.relativeStride)
      }
      softmax(text, layer, queries.positions + start, count, scratch)
      let context = buffers.context.floats + start * buffers.context.floatStride + head * size
      multiply(
        scratch.scores, rows: count, k: length, scratch.scoreStride, values, bStride: stride, blockStride: 16,
        blocks: size / 16, into: context, buffers.context.floatStride)
      kernels.pointee.divide_rows(count, size, context, buffers.context.floatStride, scratch.sums)
      start += count
    }
  }

  private func softmax(
    _ text: Batch.Text, _ layer: EncoderLayer, _ positions: UnsafeMutablePointer<UInt32>, _ count: Int,
    _ scratch: AttentionScratch
  ) {
    var arguments = glck_relative_softmax()
    arguments.rows = count
    arguments.keys = text.rows.count
    arguments.positions = UnsafePointer(positions)
    arguments.scores = scratch.scores
    arguments.score_stride = scratch.scoreStride
    if layer.relativeKeys != nil { arguments.query_relative = UnsafePointer(scratch.queryRelative) }
    arguments.query_relative_stride = scratch.relativeStride
    if layer.relativeQueries != nil { arguments.key_relative = UnsafePointer(scratch.keyRelative) }
    arguments.key_relative_stride = scratch.relativeStride
    arguments.columns = UnsafePointer(buffers.columns + text.columnsOffset)
    arguments.scale = scoreScale
    arguments.row_sums = scratch.sums
    kernels.pointee.relative_softmax(&arguments)
  }

  /// 1 ÷ √(d · parts).
  private var scoreScale: Float { 1 / Float(encoder.headSize * encoder.attentionPartCount).squareRoot() }

  func multiply(
    _ a: UnsafePointer<Float>, rows: Int, k: Int, _ aStride: Int, _ b: UnsafePointer<Float>, bStride: Int = 16,
    blockStride: Int? = nil, blocks: Int, into output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    var product = glck_product_f32()
    product.rows = rows
    product.k = k
    product.blocks = blocks
    product.a = a
    product.a_stride = aStride
    product.b = b
    product.b_stride = bStride
    product.b_block_stride = blockStride ?? 16 * k
    product.output = output
    product.output_stride = outputStride
    kernels.pointee.product_f32(&product)
  }
}
