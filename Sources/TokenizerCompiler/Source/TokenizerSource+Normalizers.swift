import ModelCore
import Tokenization

/// Reading `normalizer` of `tokenizer.json`.
extension TokenizerSource {
  mutating func readNormalizer(_ value: JSONValue) throws(TokenizerCompilerError) {
    let type = try value.needed("type")
    switch type.string {
    case "Sequence":
      try value.allowOnly(["type", "normalizers"], path: path)
      for step in try value.neededElements("normalizers") { try readNormalizer(step) }
    case "Strip":
      try value.allowOnly(["type", "strip_left", "strip_right"], path: path)
      normalizer.append(.strip(left: try value.neededBool("strip_left"), right: try value.neededBool("strip_right")))
    case "Precompiled": try readPrecompiled(value, type)
    case "Replace":
      try value.allowOnly(["type", "pattern", "content"], path: path)
      normalizer.append(try Self.replacement(pattern(value.needed("pattern")), by: text(value.needed("content"))))
    case "Prepend":
      try value.allowOnly(["type", "prepend"], path: path)
      let prefix = try value.needed("prepend")
      // The library loses its alignments over an empty one, and doubles text.
      guard prefix.string != "" else { throw prefix.refused(path: path, "a text that is not empty") }
      normalizer.append(.prepend(try text(prefix)))
    case "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents":
      try value.allowOnly(["type"], path: path)
      let plain: [String: NormalizerStep] = [
        "NFC": .form(.nfc), "NFD": .form(.nfd), "NFKC": .form(.nfkc), "NFKD": .form(.nfkd), "Lowercase": .lowercase,
        "StripAccents": .stripAccents,
      ]
      if let step = type.string.flatMap({ plain[$0] }) { normalizer.append(step) }
    default:
      throw type.refused(
        path: path,
        "Sequence, Strip, Precompiled, Replace, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Prepend")
    }
    try checkStepCount(normalizer.count, "normalizer steps")
  }

  private mutating func readPrecompiled(_ value: JSONValue, _ type: JSONValue) throws(TokenizerCompilerError) {
    try value.allowOnly(["type", "precompiled_charsmap"], path: path)
    guard !normalizer.contains(.precompiled) else { throw type.refused(path: path, "one Precompiled") }
    let map = try value.needed("precompiled_charsmap")
    guard let bytes = map.string.flatMap(Base64.decode) else { throw .input(map.unexpected("base64")) }
    charsmap = bytes
    charsmapField = map.field
    normalizer.append(.precompiled)
  }

  /// The step that puts `content` in place of matches; the common one for runs of spaces has a form of its own.
  static func replacement(_ pattern: Pattern, by content: String) -> NormalizerStep {
    pattern.kind == .regularExpression(" {2,}") && content == " "
      ? .collapseSpaces : .replace(pattern, content: content)
  }

  /// A text that a step writes.
  private func text(_ value: JSONValue) throws(TokenizerCompilerError) -> String {
    let text = try reading { () throws(ModelCoreError) in try value.requireString() }
    guard text.utf8.count <= SectionLayout.maximumKeySize else {
      throw .tooLarge(
        path: path, what: "\(value.field): bytes", found: text.utf8.count, limit: SectionLayout.maximumKeySize)
    }
    return text
  }

  /// A pattern: `{"String": …}` or `{"Regex": …}`.
  func pattern(_ value: JSONValue) throws(TokenizerCompilerError) -> Pattern {
    guard value.isObject, value.keys.count == 1, let key = value.keys.first, let content = value.member(key),
      let text = content.string
    else { throw .input(value.unexpected("{\"String\": …} or {\"Regex\": …}")) }
    switch key {
    case "Regex": return Pattern(kind: .regularExpression(text), field: content.field)
    case "String" where text.isEmpty: throw content.refused(path: path, "a text that is not empty")
    case "String": return Pattern(kind: .literal(text), field: content.field)
    default: throw .input(value.unexpected("{\"String\": …} or {\"Regex\": …}"))
    }
  }
}
