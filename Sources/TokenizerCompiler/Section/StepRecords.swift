import Tokenization

/// The records of normalizer and pre-tokenizer steps, and the patterns and texts that they name.
struct StepRecords {
  private(set) var normalizer: [UInt8] = []
  private(set) var preTokenizer: [UInt8] = []
  /// Each pattern once; records name them by number.
  private(set) var patterns: [TokenizerSource.Pattern] = []
  /// Replacements and prefixes, which records name by offset and size.
  var texts: [UInt8] = []

  /// The records of `source`.
  init(_ source: TokenizerSource) {
    for step in source.normalizer { add(step) }
    for step in source.preTokenizer { add(step) }
  }

  private mutating func add(_ step: TokenizerSource.NormalizerStep) {
    typealias Kind = SectionLayout.NormalizerStep
    switch step {
    case .strip(let left, let right):
      normalizer += Self.record(Kind.strip, flags: (left ? Kind.stripLeft : 0) | (right ? Kind.stripRight : 0))
    case .precompiled: normalizer += Self.record(Kind.precompiled)
    case .collapseSpaces: normalizer += Self.record(Kind.collapseSpaces)
    case .form(.nfc): normalizer += Self.record(Kind.nfc)
    case .form(.nfd): normalizer += Self.record(Kind.nfd)
    case .form(.nfkc): normalizer += Self.record(Kind.nfkc)
    case .form(.nfkd): normalizer += Self.record(Kind.nfkd)
    case .lowercase: normalizer += Self.record(Kind.lowercase)
    case .stripAccents: normalizer += Self.record(Kind.stripAccents)
    case .replace(let pattern, let content):
      let (offset, size) = place(content)
      normalizer += Self.record(Kind.replace, number(of: pattern), offset, size)
    case .prepend(let content):
      let (offset, size) = place(content)
      normalizer += Self.record(Kind.prepend, 0, offset, size)
    }
  }

  private mutating func add(_ step: TokenizerSource.PreTokenizerStep) {
    typealias Kind = SectionLayout.PreTokenizerStep
    switch step {
    case .metaspace(let metaspace):
      preTokenizer += Self.record(
        Kind.metaspace, flags: metaspace.splits ? Kind.splits : 0, metaspace.scheme.rawValue,
        metaspace.replacement.value)
    case .split(let pattern, let behavior, let inverts):
      preTokenizer += Self.record(
        Kind.split, flags: behavior.rawValue | (inverts ? Kind.invert : 0), number(of: pattern))
    case .prefixSpace: preTokenizer += Self.record(Kind.prefixSpace)
    case .byteLevel: preTokenizer += Self.record(Kind.byteLevel)
    }
  }

  private static func record(
    _ kind: UInt16, flags: UInt16 = 0, _ a: UInt32 = 0, _ b: UInt32 = 0, _ c: UInt32 = 0
  ) -> [UInt8] {
    [kind, flags].flatMapBytes { $0 } + [a, b, c].flatMapBytes { $0 }
  }

  private mutating func number(of pattern: TokenizerSource.Pattern) -> UInt32 {
    if let known = patterns.firstIndex(where: { $0.kind == pattern.kind }) { return UInt32(known) }
    patterns.append(pattern)
    return UInt32(patterns.count - 1)
  }

  private mutating func place(_ content: String) -> (offset: UInt32, size: UInt32) {
    defer { texts += content.utf8 }
    return (UInt32(texts.count), UInt32(content.utf8.count))
  }
}
