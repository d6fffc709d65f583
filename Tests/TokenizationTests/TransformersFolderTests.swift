import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// Which tokenizer a folder becomes, held to what transformers 4.57 and 5.24 make of it (Scripts/tokenizer_folders.py).
@Suite struct TransformersFolderTests {
  static let rows = Result { try Fixtures.lines("\(Fixtures.vectors)/folders.jsonl").rest }

  @Test func everyFolderBecomesWhatTheLibraryMakesOfIt() throws {
    let rows = try Self.rows.get()
    #expect(rows.count >= 95)
    var refused = 0
    for document in rows {
      let row = document.root
      let name = try "\(row.required("profile").requireString()): \(row.required("name").requireString())"
      let expected = try row.required("result")
      do {
        let source = try SmallFolder(row.required("files")).source(row.required("profile").requireString())
        #expect(expected.member("error") == nil, "\(name)")
        if expected.member("error") == nil { try compare(source, expected, name) }
      } catch let error as TokenizerCompilerError {
        #expect(expected.member("error") != nil, "\(name): \(error.message)")
        #expect(error.exitStatus == .badData)
        refused += 1
      }
    }
    #expect(refused >= 5)
  }

  private func compare(_ source: TokenizerSource, _ expected: JSONValue, _ name: String) throws {
    guard case .unigram(let unknownID, false) = source.model else {
      Issue.record("\(name): \(source.model)")
      return
    }
    #expect(try unknownID == expected.required("unknown").requireInt(in: 0...1_000), "\(name)")
    let pieces = try expected.required("pieces").elements().map { try Array($0.requireString().utf8) }
    #expect((0..<source.pieces.count).map { Array(source.pieces.bytes($0)) } == pieces, "\(name)")
    for (key, ids) in [("before", source.templateBefore), ("after", source.templateAfter)] {
      #expect(try ids == expected.required(key).elements().map { try $0.requireInt(in: 0...1_000) }, "\(name)")
    }
    #expect(source.normalizer.map(\.form) == expected.strings("normalizer"), "\(name)")
    #expect(source.preTokenizer.map(\.form) == expected.strings("pre_tokenizer"), "\(name)")
    let tokens = source.addedTokens.sorted { $0.id < $1.id }.map { "\($0.id) \(Array($0.content.utf8)) \($0.flags)" }
    let added = try expected.required("added").elements().map {
      let content = try Array($0.element(1).requireString().utf8)
      return try "\($0.element(0).requireInt(in: 0...1_000)) \(content) \($0.element(2).requireString())"
    }
    #expect(tokens == added, "\(name)")
  }
}

/// The files of a folder in a test.
struct SmallFolder {
  var settings = TokenizerSettings()
  var tokenizerJSON: JSONValue?
  var model: [UInt8]?
  private let path: String

  init(_ files: JSONValue) throws {
    path = files.keys.contains("spiece.model") ? "spiece.model" : "spm.model"
    settings.configuration = files.member("tokenizer_config.json")
    settings.addedTokens = files.member("added_tokens.json")
    settings.specialTokensMap = files.member("special_tokens_map.json")
    tokenizerJSON = files.member("tokenizer.json")
    model = try files.member(path).map { try #require(Base64.decode($0.requireString())) }
  }

  func source(
    _ profile: String, markers: TokenizerCompiler.MarkerIDs = .init(), unlisted: [NamedToken] = []
  ) throws -> TokenizerSource {
    if profile == "transformers-4" {
      return try TokenizerSource(
        transformers4: #require(model), settings: settings, unlisted: unlisted, optionalID: markers.example, path: path)
    }
    if let tokenizerJSON {
      return try TokenizerSource(
        transformers5: .tokenizerJSON(tokenizerJSON), settings: settings, markers: markers, path: "tokenizer.json")
    }
    return try TokenizerSource(
      transformers5: .sentencePiece(#require(model)), settings: settings, markers: markers, unlisted: unlisted,
      path: path)
  }
}

extension JSONValue {
  fileprivate func strings(_ key: String) -> [String] {
    let list = member(key)
    return (0..<(list?.count ?? 0)).compactMap { list?.element($0).string }
  }
}

extension TokenizerSource.AddedToken {
  /// The names of the flags that are set.
  fileprivate var flags: String {
    let all = [
      ("single_word", singleWord), ("lstrip", leftStrip), ("rstrip", rightStrip), ("normalized", normalized),
      ("special", special),
    ]
    return all.filter(\.1).map(\.0).joined(separator: " ")
  }
}

extension TokenizerSource.NormalizerStep {
  /// The step as Scripts/tokenizer_folders.py writes it.
  fileprivate var form: String {
    switch self {
    case .strip(let left, let right): "Strip \(left) \(right)"
    case .precompiled: "Precompiled"
    case .collapseSpaces: "Replace  {2,}  "
    case .form(.nfc): "NFC"
    case .lowercase: "Lowercase"
    case .replace(let pattern, let content):
      if case .regularExpression(let text) = pattern.kind { "Replace \(text) \(content)" } else { "\(pattern)" }
    default: "\(self)"
    }
  }
}

extension TokenizerSource.PreTokenizerStep {
  fileprivate var form: String {
    switch self {
    case .metaspace(let metaspace): "Metaspace \(metaspace.scheme) \(metaspace.splits)"
    case TokenizerSource.punctuation(field: "split_by_punct"): "Punctuation Isolated"
    case TokenizerSource.whiteSpaceSplit(field: "pre_tokenizer"): "WhitespaceSplit"
    default: "\(self)"
    }
  }
}
