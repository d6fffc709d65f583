/// The Unigram model: the best path through the pieces of a word (formats/tokenizer.md, "Unigram").
///
/// The algorithm is that of `tokenizers`' `Unigram::encode_optimized`, which follows SentencePiece's.
struct UnigramModel: @unchecked Sendable {
  /// The longest word, in bytes: 16 bytes of working memory each.
  static let maximumWordSize = 4 * CompiledTokenizer.maximumTextSize

  private let path: String
  private let trie: DoubleArray
  private let pieceCount: Int
  private let unknownID: UInt32
  private let unknownScore: Double
  /// Bytes of the longest piece: the bound of every walk through the trie.
  private let longestPiece: Int
  /// The ids of the pieces `<0x00>` … where unknown text is given by its bytes.
  private let byteIDs: ByteIDTable?
  // SAFETY: never written through; kept alive by the tokenizer that holds the view. Parts begin at multiples of 64.
  private let scores: UnsafeBufferPointer<UInt64>

  init(_ header: SectionHeader, unknownID: UInt32) {
    path = header.path
    trie = DoubleArray(header.part(.pieceTrie))
    pieceCount = header.summary.pieceCount
    self.unknownID = unknownID
    unknownScore = header.unknownScore
    longestPiece = header.longestPiece
    byteIDs = header.hasFlag(SectionLayout.Flag.byteFallback) ? ByteIDTable(header.part(.byteIDs)) : nil
    scores = header.part(.pieceScores).bindMemory(to: UInt64.self)
  }

  /// The score of piece `id`, or `nil` where there is no such piece.
  @inline(__always) func score(of id: UInt32) -> Double? {
    guard Int(id) < scores.count else { return nil }
    return Double(bitPattern: UInt64(littleEndian: scores[Int(id)]))
  }

  /// Appends the ids of the best segmentation of `word`.
  func appendIDs(
    of word: UnsafeBufferPointer<UInt8>, _ scratch: inout ScratchBuffer<PathNode>, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    guard word.count > 0 else { return }
    guard word.count <= Self.maximumWordSize else {
      throw .textTooLong(bytes: word.count, limit: Self.maximumWordSize)
    }
    let path = scratch.refill(word.count + 1, with: .empty)
    try findBestPath(through: word, path)
    try appendPath(of: word, path, &ids)
  }

  /// Fills `path` with the best way to every position that is reached.
  @inline(__always) private func findBestPath(
    through word: UnsafeBufferPointer<UInt8>, _ path: UnsafeMutableBufferPointer<PathNode>
  ) throws(TokenizationError) {
    let root = trie.root
    var start = 0
    while start < word.count {
      let base = path[start].score
      let scalarEnd = min(start + UTF8Scalars.length(lead: word[start]), word.count)
      let walkEnd = min(start + longestPiece, word.count)
      var hasScalarPiece = false
      var node = root
      var end = start
      while end < walkEnd, let next = trie.child(of: node, by: word[end]) {
        node = next
        end += 1
        guard let id = trie.value(of: node) else { continue }
        guard let score = score(of: id) else {
          throw .corrupt(path: self.path, part: "pieceTrie", index: Int(id), limit: pieceCount)
        }
        let candidate = score + base
        if path[end].start == PathNode.unset || candidate > path[end].score {
          path[end] = PathNode(start: UInt32(truncatingIfNeeded: start), id: id, score: candidate)
        }
        if end == scalarEnd { hasScalarPiece = true }
      }
      if !hasScalarPiece {
        let candidate = unknownScore + base
        if path[scalarEnd].start == PathNode.unset || candidate > path[scalarEnd].score {
          path[scalarEnd] = PathNode(start: UInt32(truncatingIfNeeded: start), id: unknownID, score: candidate)
        }
      }
      start = scalarEnd
    }
  }

  /// Reads the path back, fuses neighbours that are unknown, and appends the ids in the order of the text.
  @inline(__always) private func appendPath(
    of word: UnsafeBufferPointer<UInt8>, _ path: UnsafeMutableBufferPointer<PathNode>, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    let first = ids.count
    var end = word.count
    var unknownEnd = 0
    while end > 0 {
      let node = path[end]
      if node.id == unknownID {
        if unknownEnd == 0 { unknownEnd = end }
      } else {
        if unknownEnd > 0 {
          try appendUnknown(UnsafeBufferPointer(rebasing: word[end..<unknownEnd]), &ids)
          unknownEnd = 0
        }
        ids.append(Int32(bitPattern: node.id))
      }
      // Every node that is on a path begins before it ends.
      end = min(Int(node.start), end - 1)
    }
    if unknownEnd > 0 { try appendUnknown(UnsafeBufferPointer(rebasing: word[..<unknownEnd]), &ids) }
    if ids.count - first > 1 { ids[first...].reverse() }
  }

  /// Appends what stands for fused unknown text, last id first: the piece with this text, where there is one; with byte
  /// fallback its bytes, if all of them have pieces; otherwise the unknown id.
  private func appendUnknown(
    _ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    if text.count <= longestPiece, let id = trie.value(forKey: text), Int(id) < pieceCount {
      return ids.append(Int32(bitPattern: id))
    }
    guard let byteIDs, text.allSatisfy({ byteIDs[$0] != nil }) else {
      return ids.append(Int32(bitPattern: unknownID))
    }
    for byte in text.reversed() {
      guard let id = byteIDs[byte] else { continue }
      guard Int(id) < pieceCount else {
        throw .corrupt(path: path, part: "byteIDs", index: Int(id), limit: pieceCount)
      }
      ids.append(Int32(bitPattern: id))
    }
  }
}
