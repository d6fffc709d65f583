import CKernels
import ModelCore

// Disentangled attention with int8 products (formats/numerics.md 5.7). Queries, keys and values are quantized head by head as their
// product makes them; keys and values then become tiles, so that every product is that of the linear layers.
extension ForwardPass {
  /// Codes of all queries, keys and values. The f32 values of one head and some rows exist at once on a thread.
  func projectQuantized(
    _ layer: EncoderLayer, _ queries: Queries, _ place: @autoclosure () -> String
  ) throws(EngineError) {
    let items = AttentionPart.allCases.count * encoder.headCount
    pool.split(items, work: projectionWork(layer, queries), (pass: self, layer: layer, queries: queries)) {
      own, thread, range in
      let (pass, heads) = (own.pass, own.pass.encoder.headCount)
      var failed = false
      for item in range {
        let part = AttentionPart.allCases[item / heads]
        let (rows, count) = pass.input(of: part, own.queries)
        let scratch = pass.buffers.scratch(thread)
        if pass.project(own.layer[part], rows, count, part, head: item % heads, scratch) { failed = true }
      }
      pass.session.failures[thread] = failed
    }
    try checkFailures(place())
  }

  /// One head of one part. Returns whether a row was not finite.
  private func project(
    _ linear: Linear, _ rows: ActivationRows, _ count: Int, _ part: AttentionPart, head: Int,
    _ scratch: AttentionScratch
  ) -> Bool {
    let size = encoder.headSize
    let blocks = head * size / 16..<(head + 1) * size / 16
    var failed = false
    forEachBlock(0..<count, of: BatchShape.projectedRows) { block in
      linear.multiply(
        kernels, rows.advanced(by: block.lowerBound), rows: 0..<block.count, blocks: blocks,
        scratch: buffers.unpacked[scratch.thread], output: scratch.projected - head * size, stride: size)
      var arguments = glck_quantize()
      arguments.rows = block.count
      arguments.n = size
      arguments.input = UnsafePointer(scratch.projected)
      arguments.input_stride = size
      arguments.quantized = buffers.heads.codes(part, head, row: block.lowerBound)
      arguments.quantized_stride = buffers.heads.stride
      arguments.row_scales = buffers.heads.scales(part, head, row: block.lowerBound)
      if kernels.pointee.quantize(&arguments) != 0 { failed = true }
    }
    return failed
  }

  /// The channel sums of one head's relative rows, as many as the batch can meet.
  func sumChannels(_ layer: EncoderLayer, head: Int) {
    sumChannels(layer.relativeKeys, head: head, into: buffers.relativeKeySums)
    sumChannels(layer.relativeQueries, head: head, into: buffers.relativeQuerySums)
  }

  private func sumChannels(
    _ embeddings: RelativeEmbeddings?, head: Int, into sums: UnsafeMutablePointer<Int32>
  ) {
    guard let table = embeddings.flatMap({ tiles($0, head: head) }) else { return }
    let count = buffers.relativeBlocks.count
    sumChannels(encoder.headSize, count, table.tiles, sums + head * count * 16)
  }

  /// The sums of tiles that are not in the file, where the kernels read them.
  private func sumChannels(
    _ k: Int, _ blocks: Int, _ tiles: UnsafePointer<Int8>, _ sums: UnsafeMutablePointer<Int32>
  ) {
    guard kernels.pointee.reads_channel_sums != 0 else { return }
    kernels.pointee.channel_sums(k, blocks, tiles, sums)
  }

  /// The rows of one head, from the batch's first block on.
  private func tiles(
    _ embeddings: RelativeEmbeddings, head: Int
  ) -> (tiles: UnsafePointer<Int8>, scales: UnsafePointer<Float>)? {
    guard case .int8(let tiles, let scales) = embeddings.rows else { return nil }
    let row = head * embeddings.paddedRows + buffers.relativeBlocks.lowerBound * 16
    return (tiles + row * encoder.headSize, scales + row)
  }

  /// Context of one head for all queries of a text. Returns whether a row was not finite.
  func attendQuantized(
    _ text: Batch.Text, head: Int, _ layer: EncoderLayer, _ queries: Queries, _ scratch: AttentionScratch
  ) -> Bool {
    let size = encoder.headSize
    let rows = queries.textRows(text)
    let valueScales = UnsafePointer(buffers.heads.scales(.value, head, row: text.rows.lowerBound))
    packKeysAndValues(of: text, head, scratch)
    if let relative = layer.relativeQueries {
      multiplyKeys(of: text, head, relative, positions(queries, rows), scratch)
    }
    var failed = false
    forEachBlock(rows) { block in
      multiplyQueries(block, of: text, head, layer.relativeKeys, positions(queries, block), scratch)
      let positions = queries.positions + block.lowerBound
      if quantizedSoftmax(text, layer, positions, block.count, valueScales, scratch) { failed = true }
      contextProduct(
        block.count, text.rows.count.roundedUp(toMultipleOf: 64), buffers.context[block.lowerBound] + head * size,
        scratch)
    }
    return failed
  }

  /// Makes the keys and values of a text second operands.
  private func packKeysAndValues(of text: Batch.Text, _ head: Int, _ scratch: AttentionScratch) {
    let size = encoder.headSize
    let heads = buffers.heads
    let (first, length) = (text.rows.lowerBound, text.rows.count)
    kernels.pointee.pack_tiles(length, size, heads.codes(.key, head, row: first), heads.stride, scratch.keyTiles)
    sumChannels(size, (length + 15) / 16, scratch.keyTiles, scratch.keySums)
    scratch.keyScales.update(from: heads.scales(.key, head, row: first), count: length)
    (scratch.keyScales + length).update(repeating: 0, count: length.roundedUp(toMultipleOf: 16) - length)
    kernels.pointee.pack_transposed_tiles(
      length, size / 16, heads.codes(.value, head, row: first), heads.stride, scratch.valueTiles)
    sumChannels(length.roundedUp(toMultipleOf: 64), size / 16, scratch.valueTiles, scratch.valueSums)
  }

  /// dot(K_j, Qr) for all keys of a text, some at a time: each block of them meets a part of the relative rows alone.
  private func multiplyKeys(
    of text: Batch.Text, _ head: Int, _ relative: RelativeEmbeddings, _ positions: ClosedRange<Int>,
    _ scratch: AttentionScratch
  ) {
    guard let table = tiles(relative, head: head) else { return }
    let size = encoder.headSize
    let stride = buffers.heads.stride
    let keys = buffers.heads.codes(.key, head, row: text.rows.lowerBound)
    forEachBlock(0..<text.rows.count, of: BatchShape.projectedRows) { block in
      let blocks = relativeBlocks(text, positions: positions, keys: block)
      var product = glck_product_s8()
      product.rows = block.count
      product.k = size
      product.activations = UnsafePointer(keys + block.lowerBound * stride)
      product.activation_stride = stride
      product.row_scales = UnsafePointer(scratch.keyScales + block.lowerBound)
      product.select(blocks, of: table, sums: buffers.relativeQuerySums, head, buffers.relativeBlocks.count, size)
      product.output = scratch.keyRelative + block.lowerBound * scratch.relativeStride + blocks.lowerBound * 16
      product.output_stride = scratch.relativeStride
      kernels.pointee.product_s8(&product)
    }
  }

  /// dot(Q_i, K_j) and dot(Q_i, Kr) for a block of queries.
  private func multiplyQueries(
    _ rows: Range<Int>, of text: Batch.Text, _ head: Int, _ relative: RelativeEmbeddings?,
    _ positions: ClosedRange<Int>,
    _ scratch: AttentionScratch
  ) {
    let size = encoder.headSize
    let length = text.rows.count
    var product = glck_product_s8()
    product.rows = rows.count
    product.k = size
    product.activations = UnsafePointer(buffers.heads.codes(.query, head, row: rows.lowerBound))
    product.activation_stride = buffers.heads.stride
    product.row_scales = UnsafePointer(buffers.heads.scales(.query, head, row: rows.lowerBound))
    product.blocks = (length + 15) / 16
    product.tiles = UnsafePointer(scratch.keyTiles)
    product.channel_sums = UnsafePointer(scratch.keySums)
    product.channel_scales = UnsafePointer(scratch.keyScales)
    product.output = scratch.scores
    product.output_stride = scratch.scoreStride
    kernels.pointee.product_s8(&product)
    guard let table = relative.flatMap({ tiles($0, head: head) }) else { return }
    let blocks = relativeBlocks(text, positions: positions, keys: 0..<length)
    product.select(blocks, of: table, sums: buffers.relativeKeySums, head, buffers.relativeBlocks.count, size)
    product.output = scratch.queryRelative + blocks.lowerBound * 16
    product.output_stride = scratch.relativeStride
    kernels.pointee.product_s8(&product)
  }

  private func quantizedSoftmax(
    _ text: Batch.Text, _ layer: EncoderLayer, _ positions: UnsafeMutablePointer<UInt32>, _ count: Int,
    _ valueScales: UnsafePointer<Float>, _ scratch: AttentionScratch
  ) -> Bool {
    var arguments = softmaxArguments(text, layer, positions, count, scratch)
    arguments.value_scales = valueScales
    arguments.quantized = scratch.probabilities
    arguments.quantized_stride = scratch.probabilityStride
    arguments.row_scales = scratch.sums
    arguments.remainders = scratch.remainders
    arguments.remainder_scales = scratch.remainderScales
    return softmax(&arguments, scratch)
  }

  private func contextProduct(
    _ count: Int, _ keys: Int, _ output: UnsafeMutablePointer<Float>, _ scratch: AttentionScratch
  ) {
    var product = glck_product_s8()
    product.rows = count
    product.k = keys
    product.blocks = encoder.headSize / 16
    product.activations = UnsafePointer(scratch.probabilities)
    product.activation_stride = scratch.probabilityStride
    product.row_scales = UnsafePointer(scratch.sums)
    product.remainders = UnsafePointer(scratch.remainders)
    product.remainder_scales = UnsafePointer(scratch.remainderScales)
    product.tiles = UnsafePointer(scratch.valueTiles)
    product.channel_sums = UnsafePointer(scratch.valueSums)
    product.channel_scales = UnsafePointer(scratch.ones)
    product.output = output
    product.output_stride = buffers.context.floatStride
    kernels.pointee.product_s8(&product)
  }
}

extension glck_product_s8 {
  /// Makes some blocks of one head's relative rows the second operand.
  fileprivate mutating func select(
    _ blocks: Range<Int>, of table: (tiles: UnsafePointer<Int8>, scales: UnsafePointer<Float>),
    sums: UnsafeMutablePointer<Int32>, _ head: Int, _ blocksOfHead: Int, _ size: Int
  ) {
    self.blocks = blocks.count
    tiles = table.tiles + blocks.lowerBound * 16 * size
    channel_scales = table.scales + blocks.lowerBound * 16
    channel_sums = UnsafePointer(sums + (head * blocksOfHead + blocks.lowerBound) * 16)
  }
}

/// Quantized queries, keys and values of a batch: [part][head][row] codes and scales.
struct QuantizedHeads {
  private let codes: UnsafeMutablePointer<Int8>
  private let scales: UnsafeMutablePointer<Float>
  private let heads: Int
  private let rows: Int
  /// Codes from one row of a head to the next.
  let stride: Int

  init(rows: Int, encoder: EncoderConfiguration, _ place: inout Placer) {
    heads = encoder.headCount
    self.rows = rows
    stride = encoder.headSize.roundedUp(toMultipleOf: 64)
    let count = AttentionPart.allCases.count * heads * rows
    codes = place.take(Int8.self, count * stride)
    // The last block of 16 scales may be read beyond its rows.
    scales = place.take(Float.self, count + 16)
  }

  func codes(_ part: AttentionPart, _ head: Int, row: Int) -> UnsafeMutablePointer<Int8> {
    codes + ((part.rawValue * heads + head) * rows + row) * stride
  }

  func scales(_ part: AttentionPart, _ head: Int, row: Int) -> UnsafeMutablePointer<Float> {
    scales + (part.rawValue * heads + head) * rows + row
  }
}
