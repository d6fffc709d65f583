import CKernels
import ModelCore

// Attention whose products are in f32 (formats/numerics.md 5.4).
extension ForwardPass {
  /// Queries, keys and values, divided over the threads by output channel as if they were one product.
  func project(_ layer: EncoderLayer, _ queries: Queries) {
    let items = AttentionPart.allCases.count * layer.query.blocks
    pool.split(items, work: projectionWork(layer, queries), (pass: self, layer: layer, queries: queries)) {
      own, thread, range in
      for part in AttentionPart.allCases { own.pass.project(own.layer, own.queries, part, range, thread) }
    }
  }

  /// What `range` has of one part: blocks of 16 channels, counted over all.
  private func project(
    _ layer: EncoderLayer, _ queries: Queries, _ part: AttentionPart, _ range: Range<Int>, _ thread: Int
  ) {
    let linear = layer[part]
    let (rows, count) = input(of: part, queries)
    let first = part.rawValue * linear.blocks
    let own = range.clamped(to: first..<first + linear.blocks)
    linear.multiply(
      kernels, rows, rows: 0..<count, blocks: own.lowerBound - first..<own.upperBound - first,
      scratch: buffers.unpacked[thread], output: buffers.projections + first * 16, stride: 3 * encoder.hiddenSize)
  }

  /// The panels of one head's relative rows, as many as the batch can meet.
  func widen(_ layer: EncoderLayer, head: Int) {
    if let keys = layer.relativeKeys { widen(keys, head: head, into: buffers.relativeKeys) }
    if let queries = layer.relativeQueries { widen(queries, head: head, into: buffers.relativeQueries) }
  }

  private func widen(_ embeddings: RelativeEmbeddings, head: Int, into panels: UnsafeMutablePointer<Float>) {
    let size = encoder.headSize
    for (index, block) in buffers.relativeBlocks.enumerated() {
      let row = head * embeddings.paddedRows + block * 16
      let target = panels + (head * buffers.relativeBlocks.count + index) * 16 * size
      switch embeddings.rows {
      case .int8(let tiles, let scales):
        kernels.pointee.widen_panel(size, tiles + row * size, scales + row, target)
      case .floats(let panels) where panels.type == GLCK_F32: return
      case .floats(let panels): kernels.pointee.widen_floats(16 * size, panels.type, panels[row * size], target)
      }
    }
  }

  /// Where some blocks of one head's panels are: in the file, or widened.
  private func panels(
    _ embeddings: RelativeEmbeddings, head: Int, _ blocks: Range<Int>, _ widened: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let size = encoder.headSize
    if case .floats(let panels) = embeddings.rows {
      let row = head * embeddings.paddedRows + (buffers.relativeBlocks.lowerBound + blocks.lowerBound) * 16
      if let stored = panels.floats(from: row * size) { return stored }
    }
    return UnsafePointer(widened + (head * buffers.relativeBlocks.count + blocks.lowerBound) * 16 * size)
  }

  /// Context of one head for all queries of a text.
  func attendFloat(
    _ text: Batch.Text, head: Int, _ layer: EncoderLayer, _ queries: Queries, _ scratch: AttentionScratch
  ) {
    let size = encoder.headSize
    let hidden = encoder.hiddenSize
    let stride = 3 * hidden
    let length = text.rows.count
    let keys = buffers.projections + text.rows.lowerBound * stride + hidden + head * size
    let values = keys + hidden
    let rows = queries.textRows(text)
    kernels.pointee.pack_panels(length, size, keys, stride, scratch.keyPanels)
    if let relative = layer.relativeQueries {
      let positions = positions(queries, rows)
      forEachBlock(0..<length) { block in
        let blocks = relativeBlocks(text, positions: positions, keys: block)
        multiply(
          keys + block.lowerBound * stride, rows: block.count, k: size, stride,
          panels(relative, head: head, blocks, buffers.relativeQueries), blocks: blocks.count,
          into: scratch.keyRelative + block.lowerBound * scratch.relativeStride + blocks.lowerBound * 16,
          scratch.relativeStride)
      }
    }
    forEachBlock(rows) { block in
      let query = buffers.projections + block.lowerBound * stride + head * size
      multiply(
        query, rows: block.count, k: size, stride, scratch.keyPanels, blocks: (length + 15) / 16, into: scratch.scores,
        scratch.scoreStride)
      if let relative = layer.relativeKeys {
        let blocks = relativeBlocks(text, positions: positions(queries, block), keys: 0..<length)
        multiply(
          query, rows: block.count, k: size, stride, panels(relative, head: head, blocks, buffers.relativeKeys),
          blocks: blocks.count, into: scratch.queryRelative + blocks.lowerBound * 16, scratch.relativeStride)
      }
      var arguments = softmaxArguments(text, layer, queries.positions + block.lowerBound, block.count, scratch)
      arguments.row_sums = scratch.sums
      // It quantizes nothing, so there is nothing to report.
      _ = softmax(&arguments, scratch)
      let context = buffers.context[block.lowerBound] + head * size
      multiply(
        scratch.scores, rows: block.count, k: length, scratch.scoreStride, values, bStride: stride, blockStride: 16,
        blocks: size / 16, into: context, buffers.context.floatStride)
      kernels.pointee.divide_rows(block.count, size, context, buffers.context.floatStride, scratch.sums)
    }
  }
}
