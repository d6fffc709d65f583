import CKernels
import ModelCore

// Disentangled attention, head by head and a block of queries at a time: no more than queryRows × keys scores exist at once on a
// thread. Here is what both precisions share; their products are in ForwardPass+FloatAttention.swift (formats/numerics.md 5.4)
// and ForwardPass+QuantizedAttention.swift (5.7).
extension ForwardPass {
  /// Context rows of all queries, from hidden rows.
  func attend(_ layer: EncoderLayer, _ queries: Queries, _ index: Int) throws(EngineError) {
    if session.model.attention == .int8 {
      try projectQuantized(layer, queries, "layer \(index), queries, keys and values")
    } else {
      project(layer, queries)
    }
    session.profile?.end(.projections, layer.query, rows: queries.count + 2 * batch.tokens.count)
    prepareRelative(layer)
    let work = batch.texts.reduce(0) { $0 + Work.attention(tokens: $1.rows.count, size: encoder.hiddenSize) }
    let threads = pool.threads(for: work)
    pool.run(threads: threads, (pass: self, layer: layer, queries: queries, threads: threads)) { own, thread in
      own.pass.attend(own.layer, own.queries, thread, of: own.threads)
    }
    session.profile?.endAttention(threads: threads)
    try checkFailures("layer \(index), attention")
  }

  /// What the projections to queries, keys and values take one thread.
  func projectionWork(_ layer: EncoderLayer, _ queries: Queries) -> Int {
    AttentionPart.allCases.reduce(0) { $0 + layer[$1].work(rows: input(of: $1, queries).count) }
  }

  /// The rows that a part is made of.
  func input(of part: AttentionPart, _ queries: Queries) -> (rows: ActivationRows, count: Int) {
    part == .query ? (queries.rows, queries.count) : (buffers.hidden, batch.tokens.count)
  }

  /// One thread's share of texts × heads.
  private func attend(_ layer: EncoderLayer, _ queries: Queries, _ thread: Int, of threads: Int) {
    let heads = encoder.headCount
    let scratch = buffers.scratch(thread)
    let isQuantized = session.model.attention == .int8
    var failed = false
    for item in attentionBound(thread, of: threads)..<attentionBound(thread + 1, of: threads) {
      let text = batch.texts[item / heads]
      guard !queries.textRows(text).isEmpty else { continue }
      if isQuantized {
        if attendQuantized(text, head: item % heads, layer, queries, scratch) { failed = true }
      } else {
        attendFloat(text, head: item % heads, layer, queries, scratch)
      }
    }
    session.failures[thread] = failed
  }

  /// Where a thread's share of texts × heads, in this order, begins: shares are contiguous and of about equal cost.
  private func attentionBound(_ thread: Int, of threads: Int) -> Int {
    func cost(_ text: Batch.Text) -> Int { text.rows.count * (text.rows.count + 64) }
    let heads = encoder.headCount
    let total = batch.texts.reduce(0) { $0 + cost($1) } * heads
    // The first item before which at least thread ÷ threads of the cost lie.
    let target = (total * thread + threads - 1) / threads
    var done = 0
    for (index, text) in batch.texts.enumerated() {
      let own = cost(text)
      if done + own * heads >= target { return index * heads + (target - done + own - 1) / own }
      done += own * heads
    }
    return batch.texts.count * heads
  }

  /// Does for every head what its relative embeddings need before they are met.
  private func prepareRelative(_ layer: EncoderLayer) {
    let work = Work.pass(rows: 2 * 16 * buffers.relativeBlocks.count, size: encoder.hiddenSize)
    pool.split(encoder.headCount, work: work, (pass: self, layer: layer)) { own, _, range in
      let isQuantized = own.pass.session.model.attention == .int8
      for head in range {
        if isQuantized {
          own.pass.sumChannels(own.layer, head: head)
        } else {
          own.pass.widen(own.layer, head: head)
        }
      }
    }
  }

  /// The softmax kernel, which profiles know by itself.
  func softmax(_ arguments: inout glck_relative_softmax, _ scratch: AttentionScratch) -> Bool {
    guard let profile = session.profile else { return kernels.pointee.relative_softmax(&arguments) != 0 }
    let start = MonotonicClock.now
    defer { profile.addSoftmax(since: start, scratch.thread) }
    return kernels.pointee.relative_softmax(&arguments) != 0
  }

  /// Softmax of a block of queries of one head, but for where its results go.
  func softmaxArguments(
    _ text: Batch.Text, _ layer: EncoderLayer, _ positions: UnsafeMutablePointer<UInt32>, _ count: Int,
    _ scratch: AttentionScratch
  ) -> glck_relative_softmax {
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
    arguments.columns_skip = session.relativePositions.skips ? 1 : 0
    // 1 ÷ √(d · parts)
    arguments.scale = 1 / Float(encoder.headSize * encoder.attentionPartCount).squareRoot()
    return arguments
  }

  /// The first and last position of the queries in `rows`, which are not empty.
  func positions(_ queries: Queries, _ rows: Range<Int>) -> ClosedRange<Int> {
    var (first, last) = (UInt32.max, UInt32.min)
    for row in rows {
      first = min(first, queries.positions[row])
      last = max(last, queries.positions[row])
    }
    return Int(first)...Int(last)
  }

  /// The blocks of relative rows, counted from the batch's first, that queries at `positions` and `keys` of a text can meet.
  func relativeBlocks(_ text: Batch.Text, positions: ClosedRange<Int>, keys: Range<Int>) -> Range<Int> {
    // Columns fall with key − query.
    let columns = buffers.columns + text.columnsOffset + text.rows.count - 1
    let lowest = Int(columns[keys.upperBound - 1 - positions.lowerBound])
    let highest = Int(columns[keys.lowerBound - positions.upperBound])
    return lowest / 16..<highest / 16 + 1
  }

  /// Calls `body` with some rows of `rows` after the other, no more than `size` at once.
  @inline(__always)
  func forEachBlock(_ rows: Range<Int>, of size: Int = BatchShape.queryRows, _ body: (Range<Int>) -> Void) {
    var start = rows.lowerBound
    while start < rows.upperBound {
      let end = min(start + size, rows.upperBound)
      body(start..<end)
      start = end
    }
  }
}

/// What attention makes of a hidden row.
enum AttentionPart: Int, CaseIterable {
  case query, key, value
}

extension EncoderLayer {
  subscript(part: AttentionPart) -> Linear {
    switch part {
    case .query: query
    case .key: key
    case .value: value
    }
  }
}
