import Tokenization

/// Holds a compiled Unigram tokenizer against libsentencepiece (formats/tokenizer.md, "Checking").
///
/// Pieces and scores must be the library's, every one. Of the probe strings, those that both normalize to the same text must have the
/// same ids, and those that both must normalize to the same text must have that.
public enum SentencePieceCheck {
  /// What came out.
  public enum Outcome: Sendable, Equatable {
    /// The two were compared, and agree where they must.
    case checked(SentencePieceAgreement)
    /// The library cannot express this tokenizer, or cannot be trusted with it.
    case notChecked(reason: String)

    /// What a summary says.
    public var text: String {
      switch self {
      case .checked(let agreement): "checked against libsentencepiece: \(agreement.text)"
      case .notChecked(let reason): "not checked against libsentencepiece: \(reason)"
      }
    }
  }

  /// Compares `tokenizer`, compiled from `source`, with the library on a model made from `source`.
  /// - Throws: ``TokenizerCompilerError/disagreement(path:_:)``, and `unreadable` where the section turns out to be corrupt.
  static func run(
    _ tokenizer: CompiledTokenizer, _ source: TokenizerSource
  ) throws(TokenizerCompilerError) -> Outcome {
    guard case .unigram(let unknownID, _) = source.model else { return .notChecked(reason: "the model is not Unigram") }
    if let reason = reasonNotToAsk(source) { return .notChecked(reason: reason) }
    var charsmap: TraversableCharsmap?
    do throws(Charsmap.Invalid) {
      if source.normalizer.contains(.precompiled), !source.charsmap.isEmpty {
        charsmap = try TraversableCharsmap(source.charsmap)
      }
    } catch {
      return .notChecked(reason: "it would not survive this charsmap: \(error.reason)")
    }
    let model = OracleModel(source, charsmap, splits: source.cutsWordsAtSpaces)
    let oracle: SentencePieceOracle
    do throws(SentencePieceOracle.Refused) {
      oracle = try SentencePieceOracle(model.bytes)
    } catch {
      return .notChecked(reason: error.reason)
    }
    try comparePieces(tokenizer, source, oracle, model.isMatchable)
    var comparison = Comparison(tokenizer, source, oracle, unknownID: unknownID, charsmap)
    for probe in Probes(source, charsmap, tokenizer, isPlain: comparison.isPlain).texts {
      try comparison.compare(probe)
    }
    return .checked(comparison.agreement)
  }

  /// Why a Unigram model is none that the library computes in the same way, if it is none.
  private static func reasonNotToAsk(_ source: TokenizerSource) -> String? {
    guard let metaspace = source.metaspace, metaspace.replacement == "\u{2581}" else {
      return "there is no Metaspace with U+2581"
    }
    // Then fused unknown text may be a piece, of which the library knows nothing; and sums of binary32 stay finite.
    guard source.pieces.smallestScore <= 0 else { return "all scores are positive" }
    guard source.pieces.scores.allSatisfy({ $0.magnitude <= 1e30 }) else { return "scores are beyond 1e30" }
    // The library has byte fallback for all bytes or none.
    if case .unigram(_, true) = source.model, !source.givesUnknownBytes { return "some bytes have no piece" }
    return nil
  }

  /// Every piece that can be found has the library's id, and every piece its score.
  private static func comparePieces(
    _ tokenizer: CompiledTokenizer, _ source: TokenizerSource, _ oracle: SentencePieceOracle, _ isMatchable: [Bool]
  ) throws(TokenizerCompilerError) {
    for id in 0..<source.pieces.count {
      let found = tokenizer.pieceScore(of: id) ?? .nan
      let expected = oracle.score(of: id) ?? .nan
      guard Float(found) == expected else {
        throw .disagreement(path: source.path, .score(id: id, expected: expected, found: found))
      }
      guard isMatchable[id] else { continue }
      let text = source.pieces.bytes(id)
      let foundID = text.withUnsafeBufferPointer { tokenizer.pieceID(ofUTF8: $0) }
      guard foundID == UInt32(id) else {
        throw .disagreement(
          path: source.path,
          .pieceID(
            text: String(decoding: text, as: UTF8.self), expected: Int32(id),
            found: foundID.map { Int32(bitPattern: $0) }))
      }
    }
  }
}

extension TokenizerSource {
  /// Whether words begin at spaces; otherwise a text is one word.
  var cutsWordsAtSpaces: Bool { metaspace?.splits == true || preTokenizer.count > 1 }
}
