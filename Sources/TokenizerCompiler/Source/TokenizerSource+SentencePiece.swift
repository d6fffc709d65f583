import ModelCore
import Tokenization

/// From `spm.model`, by the rules of transformers 4.x for DeBERTa-v2 (`DebertaV2Converter` and `DebertaV2Tokenizer`).
extension TokenizerSource {
  private static let specialTokens = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"]

  /// Converts a model.
  /// - Parameters:
  ///   - model: the serialized model.
  ///   - added: tokens that the model does not have (markers, `added_tokens.json`), with their ids.
  init(
    sentencePiece model: [UInt8], adding added: [NamedToken], path: String
  ) throws(TokenizerCompilerError) {
    self.init(path: path)
    let model = try SentencePieceModel(model, path: path)
    guard model.pieces.count <= SectionLayout.maximumPieceCount else {
      throw .tooLarge(
        path: path, what: "pieces", found: model.pieces.count, limit: SectionLayout.maximumPieceCount)
    }
    pieces = model.pieces
    self.model = .unigram(unknownID: model.unknownID, hasByteFallback: false)
    try buildPieceTrie()
    normalizer = [.strip(left: true, right: true), .collapseSpaces]
    if !model.charsmap.isEmpty {
      charsmap = model.charsmap
      charsmapField = "normalizer_spec.precompiled_charsmap"
      normalizer.insert(.precompiled, at: 1)
    }
    preTokenizer = [.metaspace(Metaspace())]
    try collectAddedTokens(model.kinds, adding: added)
    templateBefore = [try requiredID("[CLS]")]
    templateAfter = [try requiredID("[SEP]")]
  }

  private func requiredID(_ token: String) throws(TokenizerCompilerError) -> Int {
    guard let id = id(of: token) else { throw .missingToken(path: path, token: token, purpose: "template") }
    return id
  }

  private mutating func collectAddedTokens(
    _ kinds: [SentencePieceModel.Kind], adding added: [NamedToken]
  ) throws(TokenizerCompilerError) {
    for (id, kind) in kinds.enumerated() where kind == .control || kind == .userDefined {
      let content = String(decoding: pieces.bytes(id), as: UTF8.self)
      let special = kind == .control || Self.specialTokens.contains(content)
      try add(AddedToken(id: id, content: content, special: special))
    }
    for token in added {
      try add(AddedToken(id: token.id, content: token.content, special: true))
    }
    for content in Self.specialTokens where !addedTokens.contains(where: { $0.content == content }) {
      let id = pieceID(of: content) ?? (content == "[MASK]" ? pieces.count : nil)
      guard let id else {
        if content == "[UNK]" || content == "[PAD]" { continue }
        throw .missingToken(path: path, token: content, purpose: "special tokens")
      }
      try add(AddedToken(id: id, content: content, normalized: content == "[UNK]", special: true))
    }
  }

  /// Adds a token, unless it contradicts one that is there, or the pieces.
  private mutating func add(_ token: AddedToken) throws(TokenizerCompilerError) {
    let isPiece = pieceID(of: token.content)
    let fits = isPiece.map { $0 == token.id } ?? (token.id >= pieces.count)
    guard !token.content.isEmpty, token.id >= 0, token.id < SectionLayout.maximumPieceCount, fits else {
      let expected = isPiece.map { "its id as a piece, \($0)" } ?? "an id from \(pieces.count) on"
      throw .invalidVocabulary(
        path: path, field: "added token \"\(token.content)\"", expected: expected, found: "\(token.id)")
    }
    if addedTokens.contains(where: { $0.content == token.content && $0.id == token.id }) { return }
    if let other = addedTokens.first(where: { $0.id == token.id || $0.content == token.content }) {
      throw .invalidVocabulary(
        path: path, field: "added token \"\(token.content)\"", expected: "a text and an id of its own",
        found: "\(token.id), beside \"\(other.content)\" with \(other.id)")
    }
    addedTokens.append(token)
  }
}
