import ModelCore
import Tokenization

/// The tokens that transformers 5.24 gives to the constructor of a tokenizer's class (`tokenization_utils_base.py`, `_from_pretrained`).
struct TransformersTokens5 {
  typealias Role = TransformersTokens.Role

  /// The tokens that are declared with an id.
  private(set) var declared: [DeclaredToken]
  /// `additional_special_tokens`, `nil` where nothing gives them; a class may add to them.
  var additional: [TokenValue]?

  /// `extra_special_tokens`, `nil` where nothing gives them: the list that counts, and `additional` only in its absence.
  private var extra: [TokenValue]?
  private var named: [Role: TokenValue?]
  private var others: [(name: String, value: TokenValue)] = []
  private let defaults: [Role: String]

  /// - Parameter defaults: the named tokens that the class has where nothing gives them.
  init(
    _ settings: TokenizerSettings, _ vocabulary: TokenizerSource.Vocabulary, defaults: [Role: String]
  ) throws(TokenizerCompilerError) {
    let tokens = try TransformersTokens(settings)
    self.defaults = defaults
    named = tokens.named
    if let decoder = tokens.decoder {
      declared = decoder
      takeLists(tokens)
      return
    }
    declared = []
    takeLists(tokens)
    var special = Set(tokens.namedTexts.values.map(ExactBytes.init))
    special.formUnion(Self.texts(tokens, extra))
    declared = tokens.addedTokens(special: special)
    // With the key absent, those of tokenizer.json count as declared; of one id, these.
    if case .tokenizerJSON(let root) = vocabulary {
      let own = try Self.addedTokens(root)
      for role in Role.allCases { takeFlags(of: role, declared + own) }
      let ids = Set(own.map(\.id))
      declared = declared.filter { !ids.contains($0.id) } + own
      try refuseObjects(settings.specialTokensMap)
    }
  }

  /// The token of a role.
  func value(_ role: Role) -> TokenValue? {
    let value = named[role] ?? defaults[role].map(TokenValue.text)
    return value.flatMap { $0.content.isEmpty ? nil : $0 }
  }

  /// All tokens with a role, in the library's order.
  var roles: [TokenValue] { Role.allCases.compactMap(value) + others.map(\.value) }

  /// The tokens without one.
  var list: [TokenValue] { extra ?? additional ?? [] }

  /// `added_tokens` of `tokenizer.json`, with their ids.
  static func addedTokens(_ root: JSONValue) throws(TokenizerCompilerError) -> [DeclaredToken] {
    guard let tokens = root.member("added_tokens"), !tokens.isNull else { return [] }
    var result: [DeclaredToken] = []
    for entry in try root.neededElements("added_tokens") {
      let id = try reading { () throws(ModelCoreError) in
        try entry.required("id").requireInt(in: 0...SectionLayout.maximumPieceCount - 1)
      }
      result.append(
        DeclaredToken(
          id: id, token: try FlaggedToken(entry, allowing: ["id"]), path: entry.path, field: "\(entry.field).id"))
    }
    return result
  }

  /// A role that is given has the flags that are declared for its text (`added_tokens_map`), even where another file has taken
  /// the id away.
  private mutating func takeFlags(of role: Role, _ declared: [DeclaredToken]) {
    guard let content = named[role]??.content else { return }
    if let entry = declared.last(where: { ExactBytes($0.token.content) == ExactBytes(content) }) {
      named[role] = .flagged(entry.token)
    }
  }

  /// The library makes no tokens of objects in this list, and fails when it needs them.
  private func refuseObjects(_ map: JSONValue?) throws(TokenizerCompilerError) {
    guard extra == nil, let list = map?.member("additional_special_tokens"), let count = list.count else { return }
    for index in 0..<count where list.element(index).isObject {
      throw .input(list.element(index).unsupported("a text, as transformers 5.x reads this list"))
    }
  }

  // MARK: Lists

  private mutating func takeLists(_ tokens: TransformersTokens) {
    var byName: [(name: String, value: TokenValue)] = []
    (extra, additional) = Self.configuredLists(tokens, &byName)
    switch tokens.mappedExtra {
    case .absent: break
    case .null: extra = []
    case .list(let list):
      let former = extra ?? []
      extra = former + list.filter { value in !former.contains { $0.isEqual(to: value) } }
    case .byName(let more):
      extra = nil
      byName += more
    }
    switch tokens.mappedAdditional {
    case .list(let list): additional = list
    case .null: additional = []
    default: break
    }
    // A text of the configuration is taken out first, and so comes behind objects and those of special_tokens_map.json.
    func isText(_ value: TokenValue) -> Bool { if case .text = value { true } else { false } }
    let late = tokens.others.filter { isText($0.value) } + byName
    for (name, value) in tokens.others.filter({ !isText($0.value) }) + tokens.mappedOthers + late {
      if let role = Role(rawValue: name) {
        named[role] = value
      } else if let index = others.firstIndex(where: { $0.name == name }) {
        others[index].value = value
      } else {
        others.append((name, value))
      }
    }
  }

  /// `extra_special_tokens` and `additional_special_tokens` of the configuration: the second becomes the first where that is empty.
  private static func configuredLists(
    _ tokens: TransformersTokens, _ byName: inout [(name: String, value: TokenValue)]
  ) -> (extra: [TokenValue]?, additional: [TokenValue]?) {
    var extra: [TokenValue]?
    var isEmpty = true
    switch tokens.extra {
    case .absent: break
    case .null: extra = []
    case .list(let list): (extra, isEmpty) = (list, list.isEmpty)
    case .byName(let more): (byName, isEmpty) = (more, more.isEmpty)
    }
    switch tokens.additional {
    case .absent, .byName: return (extra, nil)
    case .null: return isEmpty ? ([], nil) : (extra, [])
    case .list(let list): return isEmpty ? (list, nil) : (extra, list)
    }
  }

  /// The texts by which tokens of `added_tokens.json` are special: an object of the configuration has none yet.
  private static func texts(_ tokens: TransformersTokens, _ extra: [TokenValue]?) -> [ExactBytes] {
    var result: [ExactBytes] = []
    for case .text(let text) in extra ?? [] { result.append(ExactBytes(text)) }
    if case .list(let mapped) = tokens.mappedExtra { result += mapped.map { ExactBytes($0.content) } }
    return result
  }
}

extension TokenizerSource {
  /// Adds tokens as `TokenizersBackend.__init__` does (tokenization_utils_tokenizers.py).
  mutating func addTokens(_ tokens: TransformersTokens5) throws(TokenizerCompilerError) {
    var list = AddedTokenList(self)
    let special = Set(tokens.roles.map { ExactBytes($0.content) })
    try list.add(tokens.declared, special: special, library: Self.library5)
    // What is declared keeps its flags. Of several others with one text the last flags count, but nothing is added twice.
    let known = Set(list.tokens.map { ExactBytes($0.content) })
    var seen: [ExactBytes: [TokenValue]] = [:]
    for value in tokens.roles + tokens.list where !known.contains(ExactBytes(value.content)) {
      if seen[ExactBytes(value.content)]?.contains(where: { $0.isEqual(to: value) }) == true { continue }
      seen[ExactBytes(value.content), default: []].append(value)
      try list.add(value.added(isSpecial: special.contains(ExactBytes(value.content))))
    }
    addedTokens = list.tokens
    if let padding = tokens.value(.pad)?.content { paddingToken = padding }
  }

  /// The id of a role that the template needs.
  func templateID(
    _ tokens: TransformersTokens5, _ role: TransformersTokens.Role
  ) throws(TokenizerCompilerError) -> Int {
    guard let token = tokens.value(role)?.content, let id = id(of: token) else {
      throw .missingToken(path: path, token: "of \(role.rawValue)", purpose: "template")
    }
    // The library writes a template in which these have a meaning.
    guard !token.contains(where: { $0.isWhitespace || $0 == ":" }), token.first != "$" else {
      throw .unsupported(
        path: path, field: role.rawValue, found: "\"\(token)\"", supported: "texts without white space, \":\" and \"$\""
      )
    }
    return id
  }

  /// The pieces of `tokenizer.json`, as Python reads them: with the nearest binary64 of every score.
  mutating func readUnigramPieces(_ root: JSONValue) throws(TokenizerCompilerError) {
    let model = try root.needed("model")
    if let type = model.member("type"), type.string != "Unigram" { throw type.refused(path: path, "\"Unigram\"") }
    try readPieces(model) { $0.double }
  }

  mutating func setUnknownID(_ id: Int) throws(TokenizerCompilerError) {
    guard id < pieces.count else { throw unknownIDRefused(id) }
    model = .unigram(unknownID: id, hasByteFallback: false)
  }

  /// Gives back the markers that transformers would lose, as `tokenizer.json` has them, or as `config.json` alone says.
  mutating func keepMarkers(
    _ vocabulary: Vocabulary, _ markers: TokenizerCompiler.MarkerIDs, _ unlisted: [NamedToken]
  ) throws(TokenizerCompilerError) {
    var list = AddedTokenList(self)
    guard case .tokenizerJSON(let root) = vocabulary else {
      keptMarkers = try addUnlisted(unlisted, optionalID: markers.example, to: &list)
      addedTokens = list.tokens
      return
    }
    let ids = Set([markers.label, markers.separator, markers.example].compactMap { $0 })
    for entry in try TransformersTokens5.addedTokens(root).sorted(by: { $0.id < $1.id }) where ids.contains(entry.id) {
      let content = entry.token.content
      guard list.id(of: content) == entry.id else {
        throw .invalidVocabulary(
          path: entry.path, field: entry.field,
          expected: "the id \(list.id(of: content)), as \(Self.library5) numbers \"\(content)\"", found: "\(entry.id)")
      }
      guard list.token(content) == nil else { continue }
      try list.add(entry.token.added())
      keptMarkers.append(content)
    }
    addedTokens = list.tokens
  }
}
