import Tokenization

/// What a text must become where the rules of `tokenizers` and of libsentencepiece leave no room for a difference, worked out
/// from the source: each scalar by itself, spaces to ▁, and one in front.
///
/// That is so for the usual steps (Strip, Precompiled, CollapseSpaces, one Metaspace) on a plain text: every grapheme cluster is one
/// scalar and no mark or format character (then there is nothing that `tokenizers` would look up whole), the charsmap has no key at any
/// scalar but that scalar itself (then shortest and longest match are the same), and nothing is there to strip or
/// collapse, before the charsmap or behind it.
struct PlainNormalization {
  private let charsmap: TraversableCharsmap?
  private let putsSpaceFirst: Bool

  /// - Returns: `nil` where a source has other steps.
  init?(_ source: TokenizerSource, _ charsmap: TraversableCharsmap?) {
    for step in source.normalizer {
      switch step {
      case .strip, .precompiled, .collapseSpaces: continue
      default: return nil
      }
    }
    guard source.preTokenizer.count == 1, let metaspace = source.metaspace else { return nil }
    self.charsmap = charsmap
    putsSpaceFirst = metaspace.scheme != .never
  }

  /// What `text` must become, or `nil` where it is not plain.
  func expected(of text: String) -> [UInt8]? {
    var mapped: [UInt8] = []
    let bytes = Array(text.utf8)
    var start = 0
    for character in text {
      let scalars = character.unicodeScalars
      guard scalars.count == 1, let scalar = scalars.first, Self.standsAlone(scalar) else { return nil }
      let size = UTF8Scalars.length(lead: bytes[start])
      if let charsmap {
        guard let replacement = charsmap.replacement(of: bytes, at: start, size: size) else { return nil }
        mapped += replacement
      } else {
        mapped += bytes[start..<start + size]
      }
      start += size
    }
    let result = String(decoding: mapped, as: UTF8.self)
    guard Self.isTidy(text), Self.isTidy(result) else { return nil }
    let marked = result.unicodeScalars.map { $0 == " " ? "\u{2581}" : String($0) }.joined()
    return Array(((putsSpaceFirst ? "\u{2581}" : "") + marked).utf8)
  }

  /// Whether a scalar is part of no cluster of several, by whatever version of Unicode.
  private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .format, .unassigned, .surrogate, .control: false
    default: true
    }
  }

  /// Whether there is nothing to strip and to collapse, and no ▁.
  private static func isTidy(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    guard let first = scalars.first, let last = scalars.last else { return false }
    if UTF8Scalars.isWhiteSpace(first.value) || UTF8Scalars.isWhiteSpace(last.value) { return false }
    return !scalars.contains("\u{2581}") && !zip(scalars, scalars.dropFirst()).contains { $0 == " " && $1 == " " }
  }
}
