import CKernels
import Glibc
import ModelCore

/// The memory of a session: one allocation, sized by the largest batch met so far, divided anew for each batch.
///
/// All of a forward pass's numbers live here.
final class Workspace {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0

  /// Bytes allocated.
  var size: Int { capacity }

  /// The machine's memory: more would be promised, and the program ended when it is touched.
  private static let limit = max(1, sysconf(Int32(_SC_PHYS_PAGES))) * max(1, sysconf(Int32(_SC_PAGESIZE)))

  deinit { free(base) }

  /// Lays out the buffers of a batch, growing the allocation where it is too small.
  /// - Throws: ``EngineError/tooMuchMemory(needed:limit:)`` for more than this machine has.
  func buffers(_ shape: BatchShape) throws(EngineError) -> BatchBuffers {
    var measure = Placer(base: nil)
    _ = BatchBuffers(shape, &measure)
    if measure.offset > capacity {
      free(base)
      (base, capacity) = (nil, 0)
      guard measure.offset <= Self.limit, posix_memalign(&base, 4096, measure.offset) == 0 else {
        base = nil
        throw .tooMuchMemory(needed: measure.offset, limit: Self.limit)
      }
      capacity = measure.offset
    }
    var place = Placer(base: base)
    return BatchBuffers(shape, &place)
  }
}

/// Hands out 64-byte aligned pieces of an allocation one after another; without an allocation it only counts.
struct Placer {
  let base: UnsafeMutableRawPointer?
  private(set) var offset = 0

  init(base: UnsafeMutableRawPointer?) { self.base = base }

  /// Whether what it hands out is memory.
  var isPlacing: Bool { base != nil }

  mutating func take<Element>(_: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
    // While counting, any address will do: it is never used.
    let address = base.map { $0 + offset } ?? UnsafeMutableRawPointer(bitPattern: 64)
    offset += (count * MemoryLayout<Element>.stride).roundedUp(toMultipleOf: 64)
    guard let address else { preconditionFailure("address 64 is not null") }
    return address.assumingMemoryBound(to: Element.self)
  }

  /// Several pieces of the same size.
  mutating func take<Element>(_ type: Element.Type, _ count: Int, times: Int) -> Pieces<Element> {
    let bytes = (count * MemoryLayout<Element>.stride).roundedUp(toMultipleOf: 64)
    let stride = bytes / MemoryLayout<Element>.stride
    return Pieces(first: take(type, stride * times), stride: stride)
  }

  /// `times` pieces as large as what `body` takes. Returns where the first is.
  mutating func reserve(times: Int, _ body: (inout Placer) -> Void) -> (first: Placer, size: Int) {
    var measure = Placer(base: nil)
    body(&measure)
    let first = Placer(base: base.map { $0 + offset })
    offset += times * measure.offset
    return (first, measure.offset)
  }

  /// A placer that begins `bytes` behind this one.
  func advanced(by bytes: Int) -> Placer { Placer(base: base.map { $0 + offset + bytes }) }

  mutating func rows(_ count: Int, width: Int, remainders: Bool = false) -> ActivationRows {
    let padded = width.roundedUp(toMultipleOf: 64)
    return ActivationRows(
      floats: take(Float.self, count * padded), floatStride: padded,
      quantized: take(Int8.self, count * padded), quantizedStride: padded, scales: take(Float.self, count),
      remainders: remainders ? take(Int8.self, count * padded) : nil,
      remainderScales: remainders ? take(Float.self, count) : nil)
  }
}

/// Pieces of the same size, one after another.
struct Pieces<Element> {
  let first: UnsafeMutablePointer<Element>
  let stride: Int

  subscript(index: Int) -> UnsafeMutablePointer<Element> { first + index * stride }
}

/// The sizes that decide how much memory a batch takes.
struct BatchShape {
  var tokens: Int
  /// Tokens of the longest text.
  var longest: Int
  var texts: Int
  /// States that the head reads.
  var headRows: Int
  /// Labels of all texts, and of the text that has most.
  var labels: Int
  var mostLabels: Int
  /// Rows of text that are projected: one a text, or with pooling `pass` every one.
  var textRows: Int
  /// Rows of text before they are pooled.
  var unpooledRows: Int
  var threads: Int
  var configuration: ModelConfiguration
  var attention: AttentionPrecision
  /// States of all tokens that are kept to be weighted.
  var summedStates: Int
  /// Relative rows that the longest text can meet.
  var relativeRows: Range<Int>
  /// The most input features of a layer with int4 weights.
  var int4Inputs: Int

  var encoder: EncoderConfiguration { configuration.encoder }

  /// Rows of the feed-forward network computed at once.
  static let feedForwardRows = 256
  /// Queries whose scores are held at once, and rows that are projected at once.
  static let queryRows = 32
  static let projectedRows = 64

  init(
    _ batch: Batch, threads: Int, configuration: ModelConfiguration, attention: AttentionPrecision, summedStates: Int,
    relativeRows: Range<Int>, int4Inputs: Int
  ) {
    tokens = batch.tokens.count
    longest = batch.longest
    texts = batch.texts.count
    headRows = batch.headRows
    labels = batch.labelRows.count
    mostLabels = batch.texts.reduce(0) { max($0, $1.labels.count) }
    unpooledRows = batch.unpooledRows
    textRows = batch.projectedRows
    self.threads = threads
    self.configuration = configuration
    self.attention = attention
    self.summedStates = summedStates
    self.relativeRows = relativeRows
    self.int4Inputs = int4Inputs
  }
}

/// All buffers of one batch.
struct BatchBuffers {
  /// Hidden states of all tokens [tokens][H], and of the rows that the head reads: the same where those are all.
  let hidden: ActivationRows
  let headHidden: ActivationRows
  /// Some sums of embeddings [rows][E] where they are projected, and two embeddings for each thread.
  let embedding: ActivationRows?
  let addends: Pieces<Float>
  /// Some inputs, and the output, of the convolution [rows][kernel · H], [tokens][H].
  let neighbours: ActivationRows?
  let convolved: UnsafeMutablePointer<Float>?
  /// Queries, keys and values: [tokens][3 · H] where the products of attention are in f32, codes where they are in int8.
  let projections: UnsafeMutablePointer<Float>
  let heads: QuantizedHeads
  let context: ActivationRows
  /// Output of a product before its LayerNorm [tokens][H].
  let product: UnsafeMutablePointer<Float>
  let intermediate: ActivationRows
  let magnitudes: RowMagnitudes
  /// For each thread: some blocks of int4 weights as tiles.
  let unpacked: Pieces<Int8>
  /// Relative embeddings as f32 panels [heads][blocks][d][16], or the channel sums of their tiles [heads][blocks][16].
  let relativeKeys: UnsafeMutablePointer<Float>
  let relativeQueries: UnsafeMutablePointer<Float>
  let relativeKeySums: UnsafeMutablePointer<Int32>
  let relativeQuerySums: UnsafeMutablePointer<Int32>
  /// Position of each query in its text, for all tokens and for the head's rows.
  let positions: UnsafeMutablePointer<UInt32>
  let headPositions: UnsafeMutablePointer<UInt32>
  /// Relative column of query and key, [2 · length − 1] a text and 15 behind them.
  let columns: UnsafeMutablePointer<Int32>
  let head: HeadBuffers
  private let firstScratch: Placer
  private let scratchSize: Int
  private let shape: BatchShape
  /// Blocks of 16 relative rows in use.
  let relativeBlocks: Range<Int>

  init(_ shape: BatchShape, _ place: inout Placer) {
    let hiddenSize = shape.encoder.hiddenSize
    hidden = place.rows(shape.tokens, width: hiddenSize)
    headHidden = shape.configuration.head.readsSingleTokens ? place.rows(shape.headRows, width: hiddenSize) : hidden
    let embeddingSize = shape.encoder.embeddingSize
    let someRows = min(shape.tokens, BatchShape.feedForwardRows)
    embedding = embeddingSize == hiddenSize ? nil : place.rows(someRows, width: embeddingSize, remainders: true)
    addends = place.take(
      Float.self, EmbeddingTable.scratchFloats(columns: embeddingSize), times: 2 * shape.threads)
    neighbours = shape.encoder.convolution.map { place.rows(someRows, width: $0.kernelSize * hiddenSize) }
    convolved = shape.encoder.convolution.map { _ in place.take(Float.self, shape.tokens * hiddenSize) }
    // The last layer's queries are the head's rows, which outnumber the tokens where positions are given twice.
    let queries = max(shape.tokens, shape.headRows)
    let isQuantized = shape.attention == .int8
    projections = place.take(Float.self, isQuantized ? 0 : queries * 3 * hiddenSize)
    heads = QuantizedHeads(rows: isQuantized ? queries : 0, encoder: shape.encoder, &place)
    context = place.rows(queries, width: hiddenSize)
    product = place.take(Float.self, queries * hiddenSize)
    let middleRows = min(queries, BatchShape.feedForwardRows)
    intermediate = place.rows(middleRows, width: shape.encoder.intermediateSize)
    magnitudes = RowMagnitudes(rows: middleRows, threads: shape.threads, &place)
    unpacked = place.take(Int8.self, shape.int4Inputs * Int(GLCK_UNPACKED_BYTES), times: shape.threads)
    relativeBlocks = shape.relativeRows.lowerBound / 16..<(shape.relativeRows.upperBound + 15) / 16
    let relativeRows = shape.encoder.headCount * relativeBlocks.count * 16
    let panels = isQuantized ? 0 : relativeRows * shape.encoder.headSize
    relativeKeySums = place.take(Int32.self, isQuantized ? relativeRows : 0)
    relativeQuerySums = place.take(Int32.self, isQuantized ? relativeRows : 0)
    relativeKeys = place.take(Float.self, panels)
    relativeQueries = place.take(Float.self, panels)
    positions = place.take(UInt32.self, shape.tokens)
    headPositions = place.take(UInt32.self, shape.headRows)
    columns = place.take(Int32.self, 2 * shape.tokens + 16 * shape.texts)
    head = HeadBuffers(shape, &place)
    let blocks = relativeBlocks.count
    (firstScratch, scratchSize) = place.reserve(times: shape.threads) { place in
      _ = AttentionScratch(shape, blocks, thread: 0, &place)
    }
    self.shape = shape
  }

  /// What the thread of this index needs.
  func scratch(_ thread: Int) -> AttentionScratch {
    var place = firstScratch.advanced(by: thread * scratchSize)
    return AttentionScratch(shape, relativeBlocks.count, thread: thread, &place)
  }
}

/// What one thread needs while it works on one head of one text.
struct AttentionScratch {
  let thread: Int
  /// Keys as panels [blocks][d][16].
  let keyPanels: UnsafeMutablePointer<Float>
  /// Scores of a block of queries [queryRows][keys, padded].
  let scores: UnsafeMutablePointer<Float>
  let scoreStride: Int
  /// Queries times relative keys [queryRows][columns], keys times relative queries [keys][columns].
  let queryRelative: UnsafeMutablePointer<Float>
  let keyRelative: UnsafeMutablePointer<Float>
  let relativeStride: Int
  /// Sums of the scores' exponentials; with int8 products, scales of the probabilities divided by them.
  let sums: UnsafeMutablePointer<Float>

  // The rest is for int8 products.

  /// Some rows of one head before they are quantized [projectedRows][d].
  let projected: UnsafeMutablePointer<Float>
  /// Keys as tiles [blocks][d / 4][16][4], values as tiles of their columns [d / 16][keys, padded / 4][16][4].
  let keyTiles: UnsafeMutablePointer<Int8>
  let keySums: UnsafeMutablePointer<Int32>
  let keyScales: UnsafeMutablePointer<Float>
  let valueTiles: UnsafeMutablePointer<Int8>
  let valueSums: UnsafeMutablePointer<Int32>
  /// Values have their scales in the probabilities: their channels have 1.
  let ones: UnsafeMutablePointer<Float>
  /// Probabilities, each times the scale of its value [queryRows][keys, padded].
  let probabilities: UnsafeMutablePointer<Int8>
  let probabilityStride: Int
  let remainders: UnsafeMutablePointer<Int8>
  let remainderScales: UnsafeMutablePointer<Float>

  init(_ shape: BatchShape, _ relativeBlocks: Int, thread: Int, _ place: inout Placer) {
    self.thread = thread
    let isQuantized = shape.attention == .int8
    let size = shape.encoder.headSize
    let keys = shape.longest.roundedUp(toMultipleOf: 16)
    keyPanels = place.take(Float.self, isQuantized ? 0 : keys * size)
    scoreStride = keys
    scores = place.take(Float.self, BatchShape.queryRows * keys)
    relativeStride = relativeBlocks * 16
    // A window of 16 may begin at a row's last column.
    queryRelative = place.take(Float.self, BatchShape.queryRows * relativeStride + 16)
    keyRelative = place.take(Float.self, keys * relativeStride + 16)
    sums = place.take(Float.self, BatchShape.queryRows)
    projected = place.take(Float.self, isQuantized ? BatchShape.projectedRows * size : 0)
    keyTiles = place.take(Int8.self, isQuantized ? keys * size : 0)
    keySums = place.take(Int32.self, isQuantized ? keys : 0)
    keyScales = place.take(Float.self, isQuantized ? keys : 0)
    probabilityStride = shape.longest.roundedUp(toMultipleOf: 64)
    valueTiles = place.take(Int8.self, isQuantized ? size * probabilityStride : 0)
    valueSums = place.take(Int32.self, isQuantized ? size : 0)
    ones = place.take(Float.self, isQuantized ? size : 0)
    probabilities = place.take(Int8.self, isQuantized ? BatchShape.queryRows * probabilityStride : 0)
    remainders = place.take(Int8.self, isQuantized ? BatchShape.queryRows * probabilityStride : 0)
    remainderScales = place.take(Float.self, isQuantized ? BatchShape.queryRows : 0)
    if place.isPlacing, isQuantized { ones.update(repeating: 1, count: size) }
  }
}
