import ModelCore

/// The memory of a session: one allocation, sized by the largest batch met so far, divided anew for each batch.
///
/// All of a forward pass's numbers live here; beside it there are a few small lists a batch (texts, shares of heads).
final class Workspace {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0

  /// Bytes allocated.
  var size: Int { capacity }

  deinit { base?.deallocate() }

  /// Lays out the buffers of a batch, growing the allocation where it is too small.
  func buffers(_ shape: BatchShape) -> BatchBuffers {
    var measure = Placer(base: nil)
    _ = BatchBuffers(shape, &measure)
    if measure.offset > capacity {
      base?.deallocate()
      capacity = measure.offset
      base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
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

  mutating func take<Element>(_: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
    // While counting, any address will do: it is never used.
    let address = base.map { $0 + offset } ?? UnsafeMutableRawPointer(bitPattern: 64)
    offset += (count * MemoryLayout<Element>.stride).roundedUp(toMultipleOf: 64)
    guard let address else { preconditionFailure("address 64 is not null") }
    return address.assumingMemoryBound(to: Element.self)
  }

  mutating func rows(_ count: Int, width: Int, remainders: Bool = false) -> ActivationRows {
    let padded = width.roundedUp(toMultipleOf: 64)
    return ActivationRows(
      floats: take(Float.self, count * padded), floatStride: padded,
      quantized: take(Int8.self, count * padded), quantizedStride: padded, scales: take(Float.self, count),
      remainders: remainders ? take(Int8.self, count * padded) : nil,
      remainderScales: remainders ? take(Float.self, count) : nil)
  }
}

/// The sizes that decide how much memory a batch takes.
struct BatchShape {
  var tokens: Int
  /// Tokens of the longest text.
  var longest: Int
  var texts: Int
  /// Rows that the head reads: one a text and one a label.
  var headRows: Int
  var threads: Int
  var encoder: EncoderConfiguration
  var head: HeadConfiguration
  /// Relative rows that the longest text can meet.
  var relativeRows: Range<Int>

  /// Rows of the feed-forward network computed at once.
  static let feedForwardRows = 256
  /// Queries whose scores are held at once.
  static let queryRows = 64
}

/// All buffers of one batch.
struct BatchBuffers {
  /// Hidden states of all tokens [tokens][H], and of the rows that the head reads.
  let hidden: ActivationRows
  let headHidden: ActivationRows
  /// Queries, keys and values [tokens][3 · H].
  let projections: UnsafeMutablePointer<Float>
  let context: ActivationRows
  /// Output of a product before its LayerNorm [tokens][H].
  let product: UnsafeMutablePointer<Float>
  let intermediate: ActivationRows
  /// Relative embeddings as f32 panels [heads][blocks][d][16].
  let relativeKeys: UnsafeMutablePointer<Float>
  let relativeQueries: UnsafeMutablePointer<Float>
  /// Position of each query in its text, for all tokens and for the head's rows.
  let positions: UnsafeMutablePointer<UInt32>
  let headPositions: UnsafeMutablePointer<UInt32>
  /// Relative column of query and key, [2 · length − 1] a text.
  let columns: UnsafeMutablePointer<Int32>
  let headInput: ActivationRows
  let headMiddle: ActivationRows
  let headOutput: UnsafeMutablePointer<Float>
  let scratch: [AttentionScratch]
  /// Blocks of 16 relative rows in use.
  let relativeBlocks: Range<Int>

  init(_ shape: BatchShape, _ place: inout Placer) {
    let hiddenSize = shape.encoder.hiddenSize
    hidden = place.rows(shape.tokens, width: hiddenSize)
    headHidden = place.rows(shape.headRows, width: hiddenSize)
    // The last layer's queries are the head's rows, which outnumber the tokens where positions are given twice.
    let queries = max(shape.tokens, shape.headRows)
    projections = place.take(Float.self, queries * 3 * hiddenSize)
    context = place.rows(queries, width: hiddenSize)
    product = place.take(Float.self, queries * hiddenSize)
    intermediate = place.rows(min(queries, BatchShape.feedForwardRows), width: shape.encoder.intermediateSize)
    relativeBlocks = shape.relativeRows.lowerBound / 16..<(shape.relativeRows.upperBound + 15) / 16
    let panels = shape.encoder.headCount * relativeBlocks.count * 16 * shape.encoder.headSize
    relativeKeys = place.take(Float.self, panels)
    relativeQueries = place.take(Float.self, panels)
    positions = place.take(UInt32.self, shape.tokens)
    headPositions = place.take(UInt32.self, shape.headRows)
    columns = place.take(Int32.self, 2 * shape.tokens)
    headInput = place.rows(shape.headRows, width: hiddenSize, remainders: true)
    headMiddle = place.rows(shape.headRows, width: shape.head.projectorSize, remainders: true)
    headOutput = place.take(Float.self, shape.headRows * hiddenSize)
    var scratch: [AttentionScratch] = []
    for _ in 0..<shape.threads { scratch.append(AttentionScratch(shape, relativeBlocks.count, &place)) }
    self.scratch = scratch
  }
}

/// What one thread needs while it works on one head of one text.
struct AttentionScratch {
  /// Keys as panels [blocks][d][16].
  let keyPanels: UnsafeMutablePointer<Float>
  /// Scores of a block of queries [queryRows][keys, padded].
  let scores: UnsafeMutablePointer<Float>
  let scoreStride: Int
  /// Queries times relative keys [queryRows][columns], keys times relative queries [keys][columns].
  let queryRelative: UnsafeMutablePointer<Float>
  let keyRelative: UnsafeMutablePointer<Float>
  let relativeStride: Int
  let sums: UnsafeMutablePointer<Float>

  init(_ shape: BatchShape, _ relativeBlocks: Int, _ place: inout Placer) {
    let keys = shape.longest.roundedUp(toMultipleOf: 16)
    keyPanels = place.take(Float.self, keys * shape.encoder.headSize)
    scoreStride = keys
    scores = place.take(Float.self, BatchShape.queryRows * keys)
    relativeStride = relativeBlocks * 16
    queryRelative = place.take(Float.self, BatchShape.queryRows * relativeStride)
    keyRelative = place.take(Float.self, keys * relativeStride)
    sums = place.take(Float.self, BatchShape.queryRows)
  }
}
