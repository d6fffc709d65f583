import Tokenization

extension TokenizerSource {
  /// The tokenizer that has the tokens `kept` alone, numbered from 0 in their order.
  ///
  /// A text all of whose ids are kept keeps its tokens; others have those of what is left.
  ///
  /// Unigram: no candidate at any position is better than it was, because fewer lead there and adding a score rounds monotonically. The
  /// one that won is still there with the same score; those before it were smaller than it and still are, those behind it were no
  /// greater. So it wins again, and all along the path. What begins no piece of one character is unknown as before, with the same score.
  ///
  /// BPE: all merges that happened are still there, in the same order of rank, because what becomes part of a kept piece is kept. What
  /// else would have been offered was never done.
  /// - Parameter kept: ids, ascending; from ``TokenSelection`` after ``TokenSelection/complete(for:)``. Ids of no token (rows that only the
  ///   model's configuration names) leave a number free.
  /// - Throws: ``TokenizerCompilerError/invalidVocabulary(path:field:expected:found:)`` where a token that is always kept is not,
  ///   ``TokenizerCompilerError/tooLarge(path:what:found:limit:)`` where the trie does not fit.
  package func selecting(_ kept: [Int]) throws(TokenizerCompilerError) -> TokenizerSource {
    try checkComplete(kept)
    var numbers = [Int32](repeating: -1, count: max(idCount, (kept.last ?? -1) + 1))
    for (number, id) in kept.enumerated() { numbers[id] = Int32(clamping: number) }
    func number(_ id: Int) -> Int {
      precondition(numbers[id] >= 0, "token \(id) is always kept")
      return Int(numbers[id])
    }
    var selected = self
    selected.pieces = PieceList()
    for id in kept where id < pieces.count { selected.pieces.append(pieces.bytes(id), score: pieces.scores[id]) }
    for index in selected.addedTokens.indices { selected.addedTokens[index].id = number(addedTokens[index].id) }
    selected.templateBefore = templateBefore.map(number)
    selected.templateAfter = templateAfter.map(number)
    switch model {
    case .unigram(let unknownID, let hasByteFallback):
      selected.model = .unigram(unknownID: number(unknownID), hasByteFallback: hasByteFallback)
    case .bytePairs(var model):
      model.unknownID = model.unknownID.map(number)
      model.tokenCount = kept.count { $0 < pieces.count && !pieces.bytes($0).isEmpty }
      model.merges = model.merges.compactMap { merge in
        guard numbers[Int(merge.result)] >= 0 else { return nil }
        return MergeTableBuilder.Merge(
          left: UInt32(number(Int(merge.left))), right: UInt32(number(Int(merge.right))),
          result: UInt32(number(Int(merge.result))))
      }
      selected.model = .bytePairs(model)
    }
    try selected.buildPieceTrie()
    return selected
  }

  private func checkComplete(_ kept: [Int]) throws(TokenizerCompilerError) {
    var needed = TokenSelection(alwaysKeptOf: self)
    for id in kept { needed.insert(id) }
    needed.complete(for: self)
    let present = Set(kept)
    guard let missing = needed.ids.first(where: { !present.contains($0) }) else { return }
    throw .invalidVocabulary(
      path: path, field: "kept tokens", expected: "token \(missing), which those that are kept call for", found: "none")
  }
}
