import ModelCore
import Tokenization

/// What every reading of a SentencePiece model has in common.
extension TokenizerSource {
  /// Takes the pieces, of whatever kind, and their scores widened; `more` are put behind them with the score 0.
  mutating func takePieces(
    _ model: SentencePieceModel, more: [String] = [], unknownID: Int
  ) throws(TokenizerCompilerError) {
    pieces = model.pieces
    for text in more { pieces.append(text.utf8, score: 0) }
    try checkPieceCount()
    guard unknownID < pieces.count else { throw unknownIDRefused(unknownID) }
    // Byte pieces are pieces like others: transformers leaves byte fallback off for these tokenizers.
    self.model = .unigram(unknownID: unknownID, hasByteFallback: false)
    try buildPieceTrie()
  }

  /// Adds a step for the charsmap, if there is one.
  mutating func takeCharsmap(_ model: SentencePieceModel) {
    guard !model.charsmap.isEmpty else { return }
    charsmap = model.charsmap
    charsmapField = "normalizer_spec.precompiled_charsmap"
    normalizer.append(.precompiled)
  }

  private func checkPieceCount() throws(TokenizerCompilerError) {
    guard pieces.count <= SectionLayout.maximumPieceCount else {
      throw .tooLarge(path: path, what: "pieces", found: pieces.count, limit: SectionLayout.maximumPieceCount)
    }
  }

  func unknownIDRefused(_ id: Int) -> TokenizerCompilerError {
    .invalidVocabulary(
      path: path, field: "unknown id", expected: "that of a piece, 0 to \(pieces.count - 1)", found: "\(id)")
  }

  /// Adds tokens that no file lists by the ids that `config.json` gives them.
  /// - Parameter optionalID: the id of a marker that is left out where it cannot have it.
  /// - Returns: those that were added.
  func addUnlisted(
    _ unlisted: [NamedToken], optionalID: Int?, to list: inout AddedTokenList
  ) throws(TokenizerCompilerError) -> [String] {
    var added: [String] = []
    for token in unlisted.sorted(by: { $0.id < $1.id }) {
      let known = list.token(token.content)?.id ?? pieceID(of: token.content)
      let other = list.tokens.first { $0.id == token.id }
      let fits = known.map { $0 == token.id } ?? (token.id >= pieces.count && other == nil)
      guard fits, !token.content.isEmpty else {
        if token.id == optionalID { continue }
        let expected = known.map { "its id, \($0)" } ?? "a text, and an id from \(pieces.count) on that is its own"
        throw .invalidVocabulary(
          path: path, field: "added token \"\(token.content)\"", expected: expected,
          found: other.map { "\(token.id), that of \"\($0.content)\"" } ?? "\(token.id)")
      }
      guard list.token(token.content) == nil else { continue }
      try list.insert(FlaggedToken(content: token.content, special: true).added(), id: token.id)
      added.append(token.content)
    }
    return added
  }
}
