/// Byte-level byte pair encoding (formats/tokenizer.md, "Byte-level BPE").
///
/// The algorithm is that of `tokenizers`' `BPE::merge_word` and `Word::merge_all`: the candidate of the lowest rank first, the
/// leftmost among equals.
struct BytePairModel: @unchecked Sendable {
  /// The longest word, in bytes: at most some 60 bytes of working memory each.
  static let maximumWordSize = CompiledTokenizer.maximumTextSize

  private let path: String
  private let vocabulary: DoubleArray
  private let byteIDs: ByteIDTable
  private let unknownID: UInt32?
  private let fusesUnknown: Bool
  private let ignoresMerges: Bool
  private let vocabularySize: Int
  /// Bytes of the longest piece as it is spelled.
  private let longestPiece: Int
  // SAFETY: never written through; kept alive by the tokenizer that holds the view. Parts begin at multiples of 64.
  private let merges: UnsafeBufferPointer<UInt32>
  private let slots: UnsafeBufferPointer<UInt32>

  init(_ header: SectionHeader) {
    path = header.path
    vocabulary = DoubleArray(header.part(.pieceTrie))
    byteIDs = ByteIDTable(header.part(.byteIDs))
    unknownID = header.summary.unknownID.map { UInt32(bitPattern: $0) }
    fusesUnknown = header.hasFlag(SectionLayout.Flag.fuseUnknown)
    ignoresMerges = header.hasFlag(SectionLayout.Flag.ignoreMerges)
    vocabularySize = header.summary.vocabularySize
    longestPiece = header.longestPiece
    merges = header.part(.merges).bindMemory(to: UInt32.self)
    slots = header.part(.mergeTable).bindMemory(to: UInt32.self)
  }

  /// A pair that becomes one symbol.
  private struct Merge {
    let rank: UInt32
    let result: UInt32
  }

  /// The merge of `left` and `right`, or `nil`.
  @inline(__always) private func merge(_ left: UInt32, _ right: UInt32) throws(TokenizationError) -> Merge? {
    guard slots.count > 0 else { return nil }
    var slot = Int(SectionLayout.mergeHash(left, right))
    for _ in 0..<SectionLayout.maximumMergeProbes {
      slot &= slots.count - 1
      let entry = UInt32(littleEndian: slots[slot])
      if entry == 0 { return nil }
      let start = 3 * (Int(entry) - 1)
      guard start + 3 <= merges.count else {
        throw .corrupt(path: path, part: "mergeTable", index: Int(entry) - 1, limit: merges.count / 3)
      }
      if UInt32(littleEndian: merges[start]) == left, UInt32(littleEndian: merges[start + 1]) == right {
        let result = UInt32(littleEndian: merges[start + 2])
        guard Int(result) < vocabularySize else {
          throw .corrupt(path: path, part: "merges", index: Int(result), limit: vocabularySize)
        }
        return Merge(rank: entry - 1, result: result)
      }
      slot += 1
    }
    return nil
  }

  /// Appends the ids of `word`.
  func appendIDs(
    of word: UnsafeBufferPointer<UInt8>, _ scratch: inout BytePairScratch, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    guard word.count <= Self.maximumWordSize else {
      throw .textTooLong(bytes: word.count, limit: Self.maximumWordSize)
    }
    if ignoresMerges, let id = wholeWord(word) { return ids.append(Int32(bitPattern: id)) }
    try spell(word, &scratch.symbols)
    if scratch.symbols.count > 1 { try mergeAll(&scratch) }
    for symbol in scratch.symbols.elements where symbol.isLive { ids.append(Int32(bitPattern: symbol.id)) }
  }

  /// The id of the piece that is spelled as `word` is, or `nil`.
  private func wholeWord(_ word: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard word.count <= longestPiece else { return nil }
    var node = vocabulary.root
    for byte in word {
      for spelled in ByteLevelAlphabet.spelling(of: byte) {
        guard let next = vocabulary.child(of: node, by: spelled) else { return nil }
        node = next
      }
    }
    return vocabulary.value(of: node).flatMap { Int($0) < vocabularySize ? $0 : nil }
  }

  /// A symbol for each byte that has a piece.
  private func spell(
    _ word: UnsafeBufferPointer<UInt8>, _ symbols: inout ScratchBuffer<BytePairSymbol>
  ) throws(TokenizationError) {
    symbols.removeAll()
    symbols.reserve(word.count)
    var endsInUnknown = false
    for byte in word {
      let known = byteIDs[byte]
      guard let id = known ?? unknownID else { continue }
      if known == nil, fusesUnknown, endsInUnknown { continue }
      guard Int(id) < vocabularySize else {
        throw .corrupt(path: path, part: "byteIDs", index: Int(id), limit: vocabularySize)
      }
      endsInUnknown = known == nil
      let position = Int32(truncatingIfNeeded: symbols.count)
      symbols.append(BytePairSymbol(id: id, previous: position - 1, next: position + 1, isLive: true))
    }
  }

  /// Merges until no pair is left.
  private func mergeAll(_ scratch: inout BytePairScratch) throws(TokenizationError) {
    let count = scratch.symbols.count
    scratch.queue.removeAll()
    for position in 0..<count - 1 {
      try offer(position, position + 1, &scratch)
    }
    while let candidate = scratch.popCandidate() {
      let position = Int(candidate.position)
      let left = scratch.symbols[position]
      let rightPosition = Int(left.next)
      guard left.isLive, rightPosition < count else { continue }
      let right = scratch.symbols[rightPosition]
      guard let merge = try merge(left.id, right.id), merge.result == candidate.result else { continue }
      scratch.symbols[position].id = merge.result
      scratch.symbols[position].next = right.next
      scratch.symbols[rightPosition].isLive = false
      if Int(right.next) < count { scratch.symbols[Int(right.next)].previous = candidate.position }
      if left.previous >= 0 { try offer(Int(left.previous), position, &scratch) }
      if Int(right.next) < count { try offer(position, Int(right.next), &scratch) }
    }
  }

  /// Puts the pair of the symbols at two positions into the queue, if it is a merge.
  @inline(__always) private func offer(
    _ left: Int, _ right: Int, _ scratch: inout BytePairScratch
  ) throws(TokenizationError) {
    guard let merge = try merge(scratch.symbols[left].id, scratch.symbols[right].id) else { return }
    scratch.pushCandidate(
      BytePairCandidate(rank: merge.rank, position: Int32(truncatingIfNeeded: left), result: merge.result))
  }
}
