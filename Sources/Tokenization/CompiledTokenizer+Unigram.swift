/// The unigram model: the best path through the pieces of a word (formats/tokenizer.md, "Unigram").
extension CompiledTokenizer {
  /// The longest word, in bytes: 16 bytes of working memory each.
  static let maximumWordSize = 4 * maximumTextSize

  /// Appends the ids of the best segmentation of `word`.
  func appendPieces(
    of word: UnsafeBufferPointer<UInt8>, _ scratch: inout ScratchBuffer<PathNode>, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    guard word.count > 0 else { return }
    guard word.count <= Self.maximumWordSize else {
      throw .textTooLong(bytes: word.count, limit: Self.maximumWordSize)
    }
    let path = scratch.refill(word.count + 1, with: .empty)
    try findBestPath(through: word, path)
    appendPath(of: word, path, &ids)
  }

  /// Fills `path` with the best way to every position that is reached.
  @inline(__always) private func findBestPath(
    through word: UnsafeBufferPointer<UInt8>, _ path: UnsafeMutableBufferPointer<PathNode>
  ) throws(TokenizationError) {
    let trie = pieceTrie
    let root = trie.root
    var start = 0
    while start < word.count {
      let base = path[start].score
      let scalarEnd = min(start + UTF8Scalars.length(lead: word[start]), word.count)
      let walkEnd = min(start + pieces.longestPiece, word.count)
      var hasScalarPiece = false
      var node = root
      var end = start
      while end < walkEnd, let next = trie.child(of: node, by: word[end]) {
        node = next
        end += 1
        guard let id = trie.value(of: node) else { continue }
        guard let score = pieces.score(of: id) else { throw corrupt(.pieceTrie, index: Int(id), limit: pieces.count) }
        let candidate = score + base
        if path[end].start == PathNode.unset || candidate > path[end].score {
          path[end] = PathNode(start: UInt32(truncatingIfNeeded: start), id: id, score: candidate)
        }
        if end == scalarEnd { hasScalarPiece = true }
      }
      if !hasScalarPiece {
        let candidate = pieces.unknownScore + base
        if path[scalarEnd].start == PathNode.unset || candidate > path[scalarEnd].score {
          path[scalarEnd] = PathNode(
            start: UInt32(truncatingIfNeeded: start), id: pieces.unknownID, score: candidate)
        }
      }
      start = scalarEnd
    }
  }

  /// Reads the path back, fuses neighbours that are unknown, and appends the ids in the order of the text.
  @inline(__always) private func appendPath(
    of word: UnsafeBufferPointer<UInt8>, _ path: UnsafeMutableBufferPointer<PathNode>, _ ids: inout [Int32]
  ) {
    let first = ids.count
    var end = word.count
    var unknownEnd = 0
    while end > 0 {
      let node = path[end]
      if node.id == pieces.unknownID {
        if unknownEnd == 0 { unknownEnd = end }
      } else {
        if unknownEnd > 0 {
          ids.append(idOfUnknown(UnsafeBufferPointer(rebasing: word[end..<unknownEnd])))
          unknownEnd = 0
        }
        ids.append(Int32(bitPattern: node.id))
      }
      // Every node that is on a path begins before it ends.
      end = min(Int(node.start), end - 1)
    }
    if unknownEnd > 0 { ids.append(idOfUnknown(UnsafeBufferPointer(rebasing: word[..<unknownEnd]))) }
    if ids.count - first > 1 { ids[first...].reverse() }
  }

  /// The id of fused unknown text: that of a piece with this text, where there is one.
  private func idOfUnknown(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
    guard text.count <= pieces.longestPiece, let id = pieceTrie.value(forKey: text), Int(id) < pieces.count else {
      return Int32(bitPattern: pieces.unknownID)
    }
    return Int32(bitPattern: id)
  }
}
