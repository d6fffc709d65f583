import ModelCore
import Tokenization

/// `spm.model` alone, as transformers 4.57 reads it: `DebertaV2Converter` (`convert_slow_tokenizer.py`), from the slow
/// `DebertaV2Tokenizer`, into `DebertaV2TokenizerFast`.
extension TokenizerSource {
  private static let library4 = "transformers 4.x"

  /// - Parameters:
  ///   - model: the serialized model.
  ///   - unlisted: tokens that no file lists (markers), with their ids.
  ///   - optionalID: the id of a marker that may be left out.
  package init(
    transformers4 model: [UInt8], settings: TokenizerSettings, unlisted: [NamedToken] = [], optionalID: Int? = nil,
    path: String
  ) throws(TokenizerCompilerError) {
    self.init(path: path)
    try checkClass(settings.configuration, ["DebertaV2Tokenizer"])
    let model = try SentencePieceModel(model, path: path)
    try takePieces(model, unknownID: model.trainerUnknownID)

    // DebertaV2Converter.normalizer and .pre_tokenizer; add_prefix_space of the configuration is not asked.
    let configuration = settings.configuration
    if try configuration?.optionalBool("do_lower_case") == true { normalizer.append(.lowercase) }
    normalizer.append(.strip(left: true, right: true))
    takeCharsmap(model)
    normalizer.append(.collapseSpaces)
    if try configuration?.optionalBool("split_by_punct") == true {
      preTokenizer.append(Self.punctuation(field: "split_by_punct"))
    }
    preTokenizer.append(.metaspace(Metaspace()))

    try Self.refuseLists4(settings)
    let tokens = try TransformersTokens(settings)
    var list = try addedTokens4(tokens, model)
    _ = try addUnlisted(unlisted, optionalID: optionalID, to: &list)
    addedTokens = list.tokens
    if let padding = Self.named4(tokens, .pad)?.content { paddingToken = padding }
    // DebertaV2Converter.post_processor: these texts, whatever cls_token and sep_token are.
    templateBefore = [id(of: "[CLS]") ?? model.trainerUnknownID]
    templateAfter = [id(of: "[SEP]") ?? model.trainerUnknownID]
  }

  private func addedTokens4(
    _ tokens: TransformersTokens, _ model: SentencePieceModel
  ) throws(TokenizerCompilerError) -> AddedTokenList {
    var list = AddedTokenList(self)
    // SpmConverter.tokenizer.
    for token in model.addedTokens { try list.add(token.added()) }

    // PreTrainedTokenizerFast.__init__ (tokenization_utils_fast.py): one call.
    list.beginCall()
    let special = Self.specialTokens4(tokens)
    let texts = Set(special.map { ExactBytes($0.content) })
    let declared = tokens.decoder ?? tokens.addedTokens(special: Self.addedTokensSpecial4(tokens))
    try list.add(declared, special: texts, library: Self.library4)
    let known = Set(list.tokens.map { ExactBytes($0.content) })
    for value in special {
      switch value {
      case .text where known.contains(ExactBytes(value.content)): continue
      case .flagged(let token) where declared.contains(where: { $0.token.isEqual(to: token) }): continue
      default: try list.add(value.added(isSpecial: true))
      }
    }
    return list
  }

  /// `SpecialTokensMixin.all_special_tokens_extended`: of several with one text the first role counts.
  private static func specialTokens4(_ tokens: TransformersTokens) -> [TokenValue] {
    var result: [TokenValue] = []
    var seen: Set<ExactBytes> = []
    var groups = TransformersTokens.Role.allCases.map { role in [named4(tokens, role)].compactMap { $0 } }
    groups.append(additional4(tokens))
    if case .byName(let extra) = tokens.extra {
      groups += extra.filter { TransformersTokens.Role(rawValue: $0.name) == nil }.map { [$0.value.resolved] }
    }
    for group in groups {
      let new = group.filter { !$0.content.isEmpty && !seen.contains(ExactBytes($0.content)) }
      seen.formUnion(new.map { ExactBytes($0.content) })
      result += new
    }
    return result
  }

  private static func named4(_ tokens: TransformersTokens, _ role: TransformersTokens.Role) -> TokenValue? {
    // _set_model_specific_special_tokens: these may have the name of a role.
    if case .byName(let extra) = tokens.extra, let other = extra.first(where: { $0.name == role.rawValue }) {
      return other.value.resolved
    }
    let given = tokens.named[role]
    guard var value = given ?? TransformersTokens.debertaV2Roles[role].map(TokenValue.text) else { return nil }
    // _from_pretrained: a role that is given has the flags that are declared for its text.
    if given != nil, let token = namesake4(tokens, value.content) { value = .flagged(token) }
    // DebertaV2Tokenizer.__init__.
    if role == .unk, case .text(let text) = value {
      value = .flagged(FlaggedToken(content: text, normalized: true, special: true))
    }
    return value.resolved
  }

  /// What `added_tokens_map` of `_from_pretrained` has for a text. For `added_tokens.json` the library takes the key from the
  /// variable of another loop: the last text of `additional_special_tokens` stands for the last token there, and no other for any.
  private static func namesake4(_ tokens: TransformersTokens, _ content: String) -> FlaggedToken? {
    if let decoder = tokens.decoder {
      return decoder.last { ExactBytes($0.token.content) == ExactBytes(content) }?.token
    }
    guard case .list(let mapped) = tokens.mappedAdditional, let last = mapped.last,
      ExactBytes(last.content) == ExactBytes(content)
    else { return nil }
    return tokens.addedTokens(special: addedTokensSpecial4(tokens)).last?.token
  }

  /// `extra_special_tokens` has to be an object of texts by name, and nothing in `special_tokens_map.json`.
  private static func refuseLists4(_ settings: TokenizerSettings) throws(TokenizerCompilerError) {
    if let value = settings.configuration?.member("extra_special_tokens"), !value.isObject {
      throw .input(value.unsupported("an object, as transformers 4.x reads spm.model alone"))
    }
    if settings.configuration?.member("added_tokens_decoder") == nil,
      let value = settings.specialTokensMap?.member("extra_special_tokens")
    {
      throw .input(value.unsupported("nothing, as transformers 4.x reads spm.model alone"))
    }
  }

  /// The configuration's list, and what `special_tokens_map.json` has beyond it.
  private static func additional4(_ tokens: TransformersTokens) -> [TokenValue] {
    guard case .list(let mapped) = tokens.mappedAdditional else {
      if case .null = tokens.mappedAdditional { return [] }
      if case .list(let list) = tokens.additional { return list.map(\.resolved) }
      return []
    }
    var result: [TokenValue] = []
    if case .list(let list) = tokens.additional { result = list }
    for value in mapped where !result.contains(where: { $0.isEqual(to: value) }) { result.append(value) }
    return result.map(\.resolved)
  }

  /// What is special in `added_tokens.json`.
  private static func addedTokensSpecial4(_ tokens: TransformersTokens) -> Set<ExactBytes> {
    var special = Set(tokens.namedTexts.values.map(ExactBytes.init))
    for case .text(let text) in additional4(tokens) { special.insert(ExactBytes(text)) }
    if case .list(let mapped) = tokens.mappedAdditional { special.formUnion(mapped.map { ExactBytes($0.content) }) }
    return special
  }
}
