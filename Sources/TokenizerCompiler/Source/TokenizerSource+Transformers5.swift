import ModelCore
import Tokenization

/// What transformers 5.24 makes of a tokenizer's files (`AutoTokenizer`, `tokenization_auto.py`).
extension TokenizerSource {
  static let library5 = "transformers 5.x"

  /// What `extra_ids` may ask for; T5 has 100.
  private static let maximumExtraIDs = 65_536

  /// The vocabulary that a class is built from: `tokenizer.json` wins where both are there.
  package enum Vocabulary {
    case tokenizerJSON(JSONValue)
    case sentencePiece([UInt8])
  }

  /// - Parameters:
  ///   - markers: ids of tokens that stay whatever transformers does: a classifier without them is none.
  ///   - unlisted: tokens that no file lists (markers), with their ids.
  package init(
    transformers5 vocabulary: Vocabulary, settings: TokenizerSettings, markers: TokenizerCompiler.MarkerIDs,
    unlisted: [NamedToken] = [], path: String
  ) throws(TokenizerCompilerError) {
    switch try TransformersClass(settings.configuration) {
    case .debertaV2: try self.init(debertaV2: vocabulary, settings, path)
    case .t5: try self.init(t5: vocabulary, settings, path)
    case .backend: try self.init(backend: vocabulary, settings, path)
    }
    profile = .transformers5
    try keepMarkers(vocabulary, markers, unlisted)
  }

  // MARK: DebertaV2Tokenizer

  /// `DebertaV2Tokenizer.__init__` (models/deberta_v2/tokenization_deberta_v2.py): of `tokenizer.json` it takes the pieces.
  private init(
    debertaV2 vocabulary: Vocabulary, _ settings: TokenizerSettings, _ path: String
  ) throws(TokenizerCompilerError) {
    self.init(path: path)
    let configuration = settings.configuration
    var tokens = try TransformersTokens5(settings, vocabulary, defaults: TransformersTokens.debertaV2Roles)
    switch vocabulary {
    case .tokenizerJSON(let root):
      try readUnigramPieces(root)
      var unknownID = unknownPiece(tokens)
      if unknownID == nil, let value = configuration?.member("unk_id") {
        unknownID = try reading { () throws(ModelCoreError) in try value.requireInt(in: 0...Int(Int32.max)) }
      }
      try setUnknownID(unknownID ?? 1)
    case .sentencePiece(let bytes):
      let model = try SentencePieceModel(bytes, path: path)
      try takePieces(model, unknownID: model.trainerUnknownID)
      if let unknownID = unknownPiece(tokens) { try setUnknownID(unknownID) }
      tokens.additional = model.addedTokens.map(TokenValue.flagged)
    }

    if try configuration?.optionalBool("do_lower_case") == true { normalizer.append(.lowercase) }
    let spaces = Pattern(kind: .regularExpression(#"\s{2,}|[\n\r\t]"#), field: "normalizer")
    normalizer += [.replace(spaces, content: " "), .form(.nfc), .strip(left: false, right: true)]
    if try configuration?.optionalBool("split_by_punct") == true {
      preTokenizer.append(Self.punctuation(field: "split_by_punct"))
    }
    var scheme = PrependScheme.always
    if configuration?.member("add_prefix_space") != nil {
      scheme = try configuration?.optionalBool("add_prefix_space") == true ? .always : .first
    }
    preTokenizer.append(.metaspace(Metaspace(scheme: scheme)))

    try addTokens(tokens)
    templateBefore = [try templateID(tokens, .cls)]
    templateAfter = [try templateID(tokens, .sep)]
  }

  /// The first piece with the text of the unknown token and the score 0.
  private func unknownPiece(_ tokens: TransformersTokens5) -> Int? {
    let text = tokens.value(.unk)?.content ?? "None"
    return (0..<pieces.count).first { pieces.scores[$0] == 0 && pieces.bytes($0).elementsEqual(text.utf8) }
  }

  // MARK: T5Tokenizer

  /// `T5Tokenizer.__init__` (models/t5/tokenization_t5.py), and `T5Converter.convert_from_spm` (convert_slow_tokenizer.py).
  private init(t5 vocabulary: Vocabulary, _ settings: TokenizerSettings, _ path: String) throws(TokenizerCompilerError)
  {
    self.init(path: path)
    var tokens = try TransformersTokens5(
      settings, vocabulary, defaults: [.eos: "</s>", .unk: "<unk>", .pad: "<pad>"])
    var extraIDs = 100
    if let value = settings.configuration?.member("extra_ids") {
      extraIDs = try reading { () throws(ModelCoreError) in try value.requireInt(in: 0...Self.maximumExtraIDs) }
    }
    let extraTokens = (0..<extraIDs).map { "<extra_id_\($0)>" }
    switch vocabulary {
    case .tokenizerJSON(let root):
      try readUnigramPieces(root)
      try setUnknownID(2)
      try takeFirstCharsmap(root)
    case .sentencePiece(let bytes):
      let model = try SentencePieceModel(bytes, path: path)
      try takePieces(model, more: extraTokens.reversed(), unknownID: 2)
      takeCharsmap(model)
      tokens.additional = model.addedTokens.map(TokenValue.flagged)
    }
    preTokenizer = [Self.whiteSpaceSplit(field: "pre_tokenizer"), .metaspace(Metaspace())]

    let given = tokens.additional?.filter { $0.content.contains("<extra_id_") }.count ?? 0
    guard given == 0 || extraIDs == 0 || given == extraIDs else {
      throw .unsupported(
        path: path, field: "tokens <extra_id_…>", found: "\(given)", supported: "as many as extra_ids says, \(extraIDs)"
      )
    }
    if given == 0 { tokens.additional = (tokens.additional ?? []) + extraTokens.map(TokenValue.text) }
    try addTokens(tokens)
    templateAfter = [try templateID(tokens, .eos)]
  }

  /// The charsmap of the normalizer, or of the first step of a sequence that has one.
  private mutating func takeFirstCharsmap(_ root: JSONValue) throws(TokenizerCompilerError) {
    guard let value = root.member("normalizer"), !value.isNull else { return }
    let steps = value.member("type")?.string == "Sequence" ? try value.neededElements("normalizers") : [value]
    guard let step = steps.first(where: { $0.member("type")?.string == "Precompiled" }) else { return }
    try readNormalizer(step)
  }

  // MARK: TokenizersBackend

  /// `TokenizersBackend` (tokenization_utils_tokenizers.py): `tokenizer.json` as it stands, and more tokens.
  private init(
    backend vocabulary: Vocabulary, _ settings: TokenizerSettings, _ path: String
  ) throws(TokenizerCompilerError) {
    guard case .tokenizerJSON(let root) = vocabulary else {
      throw .unsupported(
        path: settings.configuration?.path ?? path, field: "tokenizer_class",
        found: settings.configuration?.member("tokenizer_class")?.found ?? "none",
        supported: "DebertaV2Tokenizer and T5Tokenizer, where there is no tokenizer.json")
    }
    try self.init(root, path: path)
    var defaults: [TransformersTokens.Role: String] = [:]
    if let padding = root.member("padding"), !padding.isNull { defaults[.pad] = try padding.neededString("pad_token") }
    try addTokens(try TransformersTokens5(settings, vocabulary, defaults: defaults))
  }
}
