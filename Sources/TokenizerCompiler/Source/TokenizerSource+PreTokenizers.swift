import ModelCore
import Tokenization

/// Reading `pre_tokenizer` of `tokenizer.json`.
extension TokenizerSource {
  /// How GPT-2 cuts text into words (its `encoder.py`; `ByteLevel` of `tokenizers`).
  static let wordPattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  mutating func readPreTokenizer(_ value: JSONValue) throws(TokenizerCompilerError) {
    let type = try value.needed("type")
    guard preTokenizer.last != .byteLevel else { throw type.refused(path: path, "no step behind ByteLevel") }
    switch type.string {
    case "Sequence":
      try value.allowOnly(["type", "pretokenizers"], path: path)
      for step in try value.neededElements("pretokenizers") { try readPreTokenizer(step) }
    case "Metaspace":
      try value.allowOnly(
        ["type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"], path: path)
      preTokenizer.append(.metaspace(try readMetaspace(value)))
    case "ByteLevel":
      try value.allowOnly(["type", "add_prefix_space", "trim_offsets", "use_regex"], path: path)
      if try value.neededBool("add_prefix_space") { preTokenizer.append(.prefixSpace) }
      if try value.neededBool("use_regex", else: true) {
        let pattern = Pattern(kind: .regularExpression(Self.wordPattern), field: value.field)
        preTokenizer.append(.split(pattern, .isolated, inverts: false))
      }
      preTokenizer.append(.byteLevel)
    case "Split":
      try value.allowOnly(["type", "pattern", "behavior", "invert"], path: path)
      preTokenizer.append(
        .split(
          try pattern(value.needed("pattern")), try behavior(value.needed("behavior")),
          inverts: try value.neededBool("invert")))
    case "Digits":
      try value.allowOnly(["type", "individual_digits"], path: path)
      let pattern = Pattern(kind: .property(SectionLayout.Property.numeric), field: value.field)
      let isIndividual = try value.neededBool("individual_digits")
      preTokenizer.append(.split(pattern, isIndividual ? .isolated : .contiguous, inverts: false))
    case "Punctuation":
      try value.allowOnly(["type", "behavior"], path: path)
      preTokenizer.append(
        Self.punctuation(try value.member("behavior").map(behavior) ?? .isolated, field: value.field))
    case "WhitespaceSplit":
      try value.allowOnly(["type"], path: path)
      preTokenizer.append(Self.whiteSpaceSplit(field: value.field))
    default:
      throw type.refused(
        path: path, "Sequence, Metaspace, ByteLevel, Split, Digits, Punctuation, WhitespaceSplit")
    }
    try checkStepCount(preTokenizer.count, "pre-tokenizer steps")
  }

  package static func punctuation(_ behavior: SplitBehavior = .isolated, field: String) -> PreTokenizerStep {
    .split(Pattern(kind: .property(SectionLayout.Property.punctuation), field: field), behavior, inverts: false)
  }

  package static func whiteSpaceSplit(field: String) -> PreTokenizerStep {
    .split(Pattern(kind: .property(SectionLayout.Property.whiteSpace), field: field), .removed, inverts: false)
  }

  private func behavior(_ value: JSONValue) throws(TokenizerCompilerError) -> SplitBehavior {
    switch value.string {
    case "Removed": .removed
    case "Isolated": .isolated
    case "MergedWithPrevious": .mergedWithPrevious
    case "MergedWithNext": .mergedWithNext
    case "Contiguous": .contiguous
    default:
      throw value.refused(
        path: path, "\"Removed\", \"Isolated\", \"MergedWithPrevious\", \"MergedWithNext\", \"Contiguous\"")
    }
  }

  private func readMetaspace(_ value: JSONValue) throws(TokenizerCompilerError) -> Metaspace {
    let replacement = try value.needed("replacement")
    guard let scalars = replacement.string?.unicodeScalars, scalars.count == 1, let mark = scalars.first,
      mark.value != 0, mark != " "
    else { throw .input(replacement.unexpected("one character")) }
    var result = Metaspace(replacement: mark)
    if let scheme = value.member("prepend_scheme") {
      switch scheme.string {
      case "always": result.scheme = .always
      case "first": result.scheme = .first
      case "never": result.scheme = .never
      default: throw scheme.refused(path: path, "\"always\", \"first\", \"never\"")
      }
    }
    if let split = value.member("split"), !split.isNull { result.splits = try value.neededBool("split") }
    // Older files say it this way; the library refuses the two when they disagree, and so do we.
    if let prefix = value.member("add_prefix_space"), !prefix.isNull {
      let adds = try value.neededBool("add_prefix_space")
      if !adds, result.scheme != .never { throw prefix.refused(path: path, "true, or prepend_scheme \"never\"") }
    }
    return result
  }
}
