/// How the compiled tokenizer and libsentencepiece did on the probe strings.
///
/// `probed` is the sum of `equal`, `ties` and `normalizedDifferently`.
public struct SentencePieceAgreement: Sendable, Equatable {
  /// Strings that were compared.
  public internal(set) var probed = 0
  /// Strings with the same normalized text and the same ids.
  public internal(set) var equal = 0
  /// Strings with the same normalized text and other ids, whose scores differ by no more than rounding to binary32 explains.
  public internal(set) var ties = 0
  /// Strings that the two normalize differently, as they may.
  public internal(set) var normalizedDifferently = 0
  /// Of those the ones with other ids.
  public internal(set) var withOtherIDs = 0
  /// Pieces that came up in strings with the same normalized text.
  public internal(set) var seenPieces = 0

  /// What a summary says.
  public var text: String {
    var text = "\(equal) of \(probed) probe strings equal"
    if ties > 0 { text += ", \(ties) ties" }
    if normalizedDifferently > 0 {
      text += ", \(normalizedDifferently) normalized differently (\(withOtherIDs) with other ids)"
    }
    return text
  }
}

/// What a compiled tokenizer does and libsentencepiece does not, where they must agree.
public enum SentencePieceDisagreement: Sendable, Equatable {
  /// Two segmentations whose scores differ by more than rounding explains, or one that does not spell the text.
  case ids(text: String, expected: [Int32], found: [Int32])
  /// A plain text that is normalized in another way than both rules say.
  case normalized(text: String, expected: String, found: String)
  /// A piece with another id than the library finds it by.
  case pieceID(text: String, expected: Int32, found: Int32?)
  /// A piece with another score.
  case score(id: Int, expected: Float, found: Double)

  /// On one line: the text and what was expected and found.
  var text: String {
    switch self {
    case .ids(let text, let expected, let found): "\"\(text)\": expected the ids \(expected), found \(found)"
    case .normalized(let text, let expected, let found):
      "\"\(text)\": expected the normalized text \"\(expected)\", found \"\(found)\""
    case .pieceID(let text, let expected, let found):
      "piece \"\(text)\": expected the id \(expected), found \(found.map(String.init) ?? "none")"
    case .score(let id, let expected, let found): "piece \(id): expected the score \(expected), found \(found)"
    }
  }
}
