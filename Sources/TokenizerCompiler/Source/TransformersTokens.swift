import ModelCore
import Tokenization

/// What the files beside a vocabulary say of tokens, before a version of transformers makes something of it.
///
/// With a member `added_tokens_decoder` in `tokenizer_config.json`, even an empty one, transformers does not open the other two
/// (`tokenization_utils_base.py`, `_from_pretrained`, 4.x and 5.x alike).
struct TransformersTokens {
  /// The roles that every tokenizer has, in the order of `SPECIAL_TOKENS_ATTRIBUTES`.
  enum Role: String, CaseIterable {
    case bos = "bos_token"
    case eos = "eos_token"
    case unk = "unk_token"
    case sep = "sep_token"
    case pad = "pad_token"
    case cls = "cls_token"
    case mask = "mask_token"
  }

  /// The tokens that DeBERTa-v2 has where nothing gives them.
  static let debertaV2Roles: [Role: String] = [
    .bos: "[CLS]", .eos: "[SEP]", .unk: "[UNK]", .sep: "[SEP]", .pad: "[PAD]", .cls: "[CLS]", .mask: "[MASK]",
  ]

  /// `additional_special_tokens` or `extra_special_tokens`.
  enum Listing {
    case absent
    case null
    case list([TokenValue])
    case byName([(name: String, value: TokenValue)])
  }

  /// The token of a role that is given, by both files; `nil` where it is `null`: then the role has no token.
  private(set) var named: [Role: TokenValue?] = [:]
  /// Other members `…_token` of the configuration, in their order.
  private(set) var others: [(name: String, value: TokenValue)] = []
  /// Those of `special_tokens_map.json`.
  private(set) var mappedOthers: [(name: String, value: TokenValue)] = []
  /// The lists of the configuration.
  private(set) var additional = Listing.absent
  private(set) var extra = Listing.absent
  /// The lists of `special_tokens_map.json`.
  private(set) var mappedAdditional = Listing.absent
  private(set) var mappedExtra = Listing.absent
  /// `added_tokens_decoder`, in its order; `nil` where there is none.
  private(set) var decoder: [DeclaredToken]?
  /// The texts of given roles by which transformers tells what of `added_tokens.json` is special: an object in the configuration
  /// is not an `AddedToken` yet at that moment, and has none.
  private(set) var namedTexts: [Role: String] = [:]
  /// The entries of `added_tokens.json`: a text, its id, and where that is.
  private var entries: [(content: String, id: Int, value: JSONValue)] = []

  /// Reads what is there.
  init(_ settings: TokenizerSettings) throws(TokenizerCompilerError) {
    let configuration = settings.configuration
    if let configuration { try readConfiguration(configuration) }
    if let decoder = configuration?.member("added_tokens_decoder") {
      self.decoder = try Self.read(decoder: decoder)
      return
    }
    if let map = settings.specialTokensMap { try readMap(map) }
    if let file = settings.addedTokens { try readAddedTokens(file) }
  }

  /// The tokens of `added_tokens.json`, in its order; those with a text of `special` are special, and the others normalized.
  func addedTokens(special: Set<ExactBytes>) -> [DeclaredToken] {
    var tokens: [DeclaredToken] = []
    for (content, id, value) in entries {
      let isSpecial = special.contains(ExactBytes(content))
      let token = FlaggedToken(content: content, normalized: !isSpecial, special: isSpecial)
      tokens.append(DeclaredToken(id: id, token: token, path: value.path, field: value.field))
    }
    return tokens
  }

  // MARK: tokenizer_config.json

  private mutating func readConfiguration(_ root: JSONValue) throws(TokenizerCompilerError) {
    guard root.isObject else { throw .input(root.unexpected("an object")) }
    for key in root.keys where key.hasSuffix("_token") {
      guard let value = root.member(key) else { continue }
      if let role = Role(rawValue: key) {
        let token = value.isNull ? nil : try TokenValue(setting: value)
        named.updateValue(token, forKey: role)
        if case .text(let text)? = token { namedTexts[role] = text }
      } else if value.string != nil || value.member("__type")?.string == "AddedToken" {
        // Others are flags, as add_bos_token is.
        others.append((key, try TokenValue(setting: value)))
      }
    }
    let setting = { (value: JSONValue) throws(TokenizerCompilerError) in try TokenValue(setting: value) }
    additional = try Self.listing(root.member("additional_special_tokens"), setting)
    extra = try Self.listing(root.member("extra_special_tokens"), setting)
    if case .byName = additional, let value = root.member("additional_special_tokens") {
      throw .input(value.unexpected("an array"))
    }
  }

  private static func listing(
    _ value: JSONValue?, _ read: (JSONValue) throws(TokenizerCompilerError) -> TokenValue
  ) throws(TokenizerCompilerError) -> Listing {
    guard let value else { return .absent }
    if value.isNull { return .null }
    if value.isObject {
      var tokens: [(name: String, value: TokenValue)] = []
      for key in value.keys {
        guard let member = value.member(key) else { continue }
        tokens.append((key, try read(member)))
      }
      return .byName(tokens)
    }
    var tokens: [TokenValue] = []
    for element in try reading({ () throws(ModelCoreError) in try value.elements() }) {
      tokens.append(try read(element))
    }
    return .list(tokens)
  }

  private static func read(decoder: JSONValue) throws(TokenizerCompilerError) -> [DeclaredToken] {
    guard decoder.isObject else { throw .input(decoder.unexpected("an object of tokens by id")) }
    var tokens: [DeclaredToken] = []
    for key in decoder.keys {
      guard let value = decoder.member(key) else { continue }
      guard let id = Int(key) else { throw .input(value.unexpected("an id as the key")) }
      tokens.append(
        DeclaredToken(id: id, token: try FlaggedToken(value), path: value.path, field: value.field))
    }
    return tokens
  }

  // MARK: The other files

  private mutating func readMap(_ root: JSONValue) throws(TokenizerCompilerError) {
    guard root.isObject else { throw .input(root.unexpected("an object of tokens by role")) }
    let mapped = { (value: JSONValue) throws(TokenizerCompilerError) in try TokenValue(mapped: value) }
    for key in root.keys {
      guard let value = root.member(key) else { continue }
      switch key {
      case "additional_special_tokens":
        mappedAdditional = try Self.listing(value, mapped)
        if case .byName = mappedAdditional { throw .input(value.unexpected("an array")) }
      case "extra_special_tokens": mappedExtra = try Self.listing(value, mapped)
      case _ where key.hasSuffix("_token"):
        let token = value.isNull ? nil : try TokenValue(mapped: value)
        if let role = Role(rawValue: key) {
          named.updateValue(token, forKey: role)
          namedTexts[role] = token?.content
        } else if let token {
          mappedOthers.append((key, token))
        }
      default: throw .input(value.unsupported("members whose names end in _token or _special_tokens"))
      }
    }
  }

  private mutating func readAddedTokens(_ root: JSONValue) throws(TokenizerCompilerError) {
    guard root.isObject else { throw .input(root.unexpected("an object of ids by token")) }
    for key in root.keys {
      let value = try root.needed(key)
      let id = try reading { () throws(ModelCoreError) in
        try value.requireInt(in: 0...SectionLayout.maximumPieceCount - 1)
      }
      entries.append((key, id, value))
    }
  }
}
