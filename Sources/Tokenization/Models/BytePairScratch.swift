/// A symbol of a word: pieces that may still grow, as a list whose neighbours are known by position.
struct BytePairSymbol: BitwiseCopyable {
  var id: UInt32
  /// -1 at the beginning.
  var previous: Int32
  /// The number of symbols at the end.
  var next: Int32
  /// Whether it has not become part of the one on its left.
  var isLive: Bool
}

/// A pair of neighbours that may be merged.
struct BytePairCandidate: BitwiseCopyable {
  let rank: UInt32
  /// Of the left symbol.
  let position: Int32
  let result: UInt32

  /// Lower goes first.
  @inline(__always) fileprivate var order: UInt64 { UInt64(rank) << 32 | UInt64(UInt32(bitPattern: position)) }
}

/// The working memory of byte pair encoding: the symbols of a word, and a binary heap of candidates.
struct BytePairScratch: ~Copyable {
  var symbols = ScratchBuffer<BytePairSymbol>()
  var queue = ScratchBuffer<BytePairCandidate>()

  /// Adds a candidate.
  @inline(__always) mutating func pushCandidate(_ candidate: BytePairCandidate) {
    queue.append(candidate)
    var child = queue.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard candidate.order < queue[parent].order else { break }
      queue[child] = queue[parent]
      child = parent
    }
    queue[child] = candidate
  }

  /// Takes the candidate that goes first, or `nil` where there is none.
  @inline(__always) mutating func popCandidate() -> BytePairCandidate? {
    guard queue.count > 0 else { return nil }
    let first = queue[0]
    let last = queue[queue.count - 1]
    queue.removeLast()
    let count = queue.count
    guard count > 0 else { return first }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < count else { break }
      if child + 1 < count, queue[child + 1].order < queue[child].order { child += 1 }
      guard queue[child].order < last.order else { break }
      queue[parent] = queue[child]
      parent = child
    }
    queue[parent] = last
    return first
  }

  mutating func trim(toBytes limit: Int) {
    symbols.trim(toBytes: limit)
    queue.trim(toBytes: limit)
  }
}
