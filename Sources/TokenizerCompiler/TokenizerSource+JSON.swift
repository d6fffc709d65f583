import ModelCore
import Tokenization

/// Reading `tokenizer.json`.
extension TokenizerSource {
  /// Takes the document apart, and refuses by name whatever is not implemented.
  init(_ root: JSONValue, path: String) throws(TokenizerCompilerError) {
    self.init(path: path)
    try root.allowOnly(
      [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
        "model",
      ], path: path)
    if let version = root.member("version"), version.string != "1.0" { throw version.refused(path: path, "\"1.0\"") }
    // `truncation` and `padding` are set by the pipeline on every call, and `decoder` does not touch ids.
    try readModel(reading { () throws(ModelCoreError) in try root.required("model") })
    if let normalizer = root.member("normalizer"), !normalizer.isNull { try readNormalizer(normalizer) }
    if let preTokenizer = root.member("pre_tokenizer"), !preTokenizer.isNull { try readPreTokenizer(preTokenizer) }
    if let tokens = root.member("added_tokens"), !tokens.isNull { try readAddedTokens(tokens) }
    try checkFirstPrepending()
    if let template = root.member("post_processor"), !template.isNull { try readTemplate(template) }
  }

  /// Under "first" it matters whether the first character left is that of the input. The library decides that by
  /// alignments, which blur where Precompiled has made several characters of one: a left Strip or an added token may
  /// then cut between them.
  private func checkFirstPrepending() throws(TokenizerCompilerError) {
    guard metaspace?.scheme == .first, let map = normalizer.firstIndex(of: .precompiled) else { return }
    let strips = normalizer[map...].contains { if case .strip(left: true, _) = $0 { true } else { false } }
    if strips || addedTokens.contains(where: \.normalized) {
      throw .unsupported(
        path: path, field: "pre_tokenizer prepend_scheme",
        found: "\"first\" with Precompiled and \(strips ? "a left Strip behind it" : "normalized added tokens")",
        supported: "\"always\", \"never\"")
    }
  }

  private mutating func readModel(_ model: JSONValue) throws(TokenizerCompilerError) {
    let type = try reading { () throws(ModelCoreError) in try model.required("type") }
    guard type.string == "Unigram" else { throw type.refused(path: path, "\"Unigram\"") }
    try model.allowOnly(["type", "unk_id", "vocab", "byte_fallback"], path: path)
    if let fallback = model.member("byte_fallback"), fallback.bool != false {
      throw fallback.refused(path: path, "false")
    }
    let vocabulary = try reading { () throws(ModelCoreError) in try model.required("vocab") }
    guard let count = vocabulary.count else { throw .input(vocabulary.unexpected("an array")) }
    guard count > 0, count <= SectionLayout.maximumPieceCount else {
      throw .tooLarge(path: path, what: vocabulary.field, found: count, limit: SectionLayout.maximumPieceCount)
    }
    guard let unknown = model.member("unk_id"), !unknown.isNull else {
      throw .unsupported(path: path, field: "model.unk_id", found: "null", supported: "the id of a piece")
    }
    unknownID = try reading { () throws(ModelCoreError) in try unknown.requireInt(in: 0...count - 1) }
    pieces.reserve(count)
    for index in 0..<count {
      let pair = vocabulary.element(index)
      guard pair.count == 2, let score = pair.element(1).numberText.flatMap(TokenizersNumber.value),
        let text = pair.element(0).string
      else { throw .input(pair.unexpected("a piece and its score")) }
      pieces.append(text.utf8, score: score)
    }
    try buildPieceTrie()
  }

  private mutating func readNormalizer(_ value: JSONValue) throws(TokenizerCompilerError) {
    let type = try reading { () throws(ModelCoreError) in try value.required("type") }
    switch type.string {
    case "Sequence":
      try value.allowOnly(["type", "normalizers"], path: path)
      let steps = try reading { () throws(ModelCoreError) in try value.required("normalizers").elements() }
      for step in steps { try readNormalizer(step) }
    case "Strip":
      try value.allowOnly(["type", "strip_left", "strip_right"], path: path)
      normalizer.append(
        try reading { () throws(ModelCoreError) in
          .strip(
            left: try value.required("strip_left").requireBool(),
            right: try value.required("strip_right").requireBool())
        })
    case "Precompiled":
      try value.allowOnly(["type", "precompiled_charsmap"], path: path)
      guard !normalizer.contains(.precompiled) else { throw type.refused(path: path, "one Precompiled") }
      let map = try reading { () throws(ModelCoreError) in try value.required("precompiled_charsmap") }
      guard let bytes = map.string.flatMap(Base64.decode) else { throw .input(map.unexpected("base64")) }
      charsmap = bytes
      charsmapField = map.field
      normalizer.append(.precompiled)
    case "Replace":
      try value.allowOnly(["type", "pattern", "content"], path: path)
      let pattern = try reading { () throws(ModelCoreError) in try value.required("pattern") }
      let content = try reading { () throws(ModelCoreError) in try value.required("content") }
      guard pattern.keys == ["Regex"], pattern.member("Regex")?.string == " {2,}" else {
        throw pattern.refused(path: path, "{\"Regex\": \" {2,}\"}")
      }
      guard content.string == " " else { throw content.refused(path: path, "\" \"") }
      normalizer.append(.collapseSpaces)
    default: throw type.refused(path: path, "Sequence, Strip, Precompiled, Replace of \" {2,}\" by \" \"")
    }
    guard normalizer.count <= SectionLayout.maximumSteps else {
      throw .tooLarge(
        path: path, what: "normalizer steps", found: normalizer.count, limit: SectionLayout.maximumSteps)
    }
  }

  private mutating func readPreTokenizer(_ value: JSONValue) throws(TokenizerCompilerError) {
    let type = try reading { () throws(ModelCoreError) in try value.required("type") }
    switch type.string {
    case "Sequence":
      try value.allowOnly(["type", "pretokenizers"], path: path)
      let steps = try reading { () throws(ModelCoreError) in try value.required("pretokenizers").elements() }
      for step in steps { try readPreTokenizer(step) }
    case "Metaspace":
      try value.allowOnly(
        ["type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"], path: path)
      guard metaspace == nil else { throw type.refused(path: path, "one Metaspace") }
      metaspace = try readMetaspace(value)
    default: throw type.refused(path: path, "Sequence, Metaspace")
    }
  }

  private func readMetaspace(_ value: JSONValue) throws(TokenizerCompilerError) -> Metaspace {
    let replacement = try reading { () throws(ModelCoreError) in try value.required("replacement") }
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
    if let split = value.member("split"), !split.isNull {
      result.splits = try reading { () throws(ModelCoreError) in try split.requireBool() }
    }
    // Older files say it this way; the library refuses the two when they disagree, and so do we.
    if let prefix = value.member("add_prefix_space"), !prefix.isNull {
      let adds = try reading { () throws(ModelCoreError) in try prefix.requireBool() }
      if !adds, result.scheme != .never { throw prefix.refused(path: path, "true, or prepend_scheme \"never\"") }
    }
    return result
  }
}
