import Tokenization

/// Builds the merges and their hash table (formats/tokenizer.md, parts 16 and 18).
enum MergeTableBuilder {
  /// Two symbols that become one. Its rank is its place in the list.
  struct Merge: Equatable {
    let left: UInt32
    let right: UInt32
    let result: UInt32
  }

  /// The smallest table in which every merge is found within the probes that a reader makes: for each slot 0, or rank + 1.
  /// - Parameter merges: every pair once, in the order of rank.
  /// - Returns: `nil` where even the largest table is too small.
  static func build(_ merges: [Merge]) -> [UInt32]? {
    var slotCount = 2
    while slotCount < 2 * merges.count { slotCount *= 2 }
    while slotCount <= SectionLayout.maximumMergeSlots {
      if let slots = fill(slotCount, merges) { return slots }
      slotCount *= 2
    }
    return nil
  }

  private static func fill(_ slotCount: Int, _ merges: [Merge]) -> [UInt32]? {
    var slots = [UInt32](repeating: 0, count: slotCount)
    for (rank, merge) in merges.enumerated() {
      let start = Int(SectionLayout.mergeHash(merge.left, merge.right))
      let probes = (0..<SectionLayout.maximumMergeProbes).lazy.map { (start + $0) & (slotCount - 1) }
      guard let free = probes.first(where: { slots[$0] == 0 }) else { return nil }
      slots[free] = UInt32(rank + 1)
    }
    return slots
  }
}
