import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// Where things are, and the demo tokenizer compiled in both ways.
enum Fixtures {
  static let root: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/")
  }()
  static let demo = "\(root)/Tests/Fixtures/debian-tags-f16"
  static let vectors = "\(root)/Tests/Fixtures/tokenizer"
  static let sharedReference = "\(root)/../shared/models/debian-tags/reference.jsonl"

  static let labelID: Int32 = 8001
  static let separatorID: Int32 = 8002
  static let exampleID: Int32 = 8003

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path: path)
    return file.withBytes { Array($0) }
  }

  /// The lines of a JSONL file, the first one apart.
  static func lines(_ path: String) throws -> (first: JSONDocument, rest: [JSONDocument]) {
    let lines = try bytes(path).split(separator: UInt8(ascii: "\n"))
    let documents = try lines.map { try JSONDocument(copying: Array($0), path: path) }
    let first = try #require(documents.first)
    return (first, Array(documents.dropFirst()))
  }

  /// The demo's `tokenizer.json`, read anew: one document is for one thread.
  static func jsonDocument() throws -> JSONDocument {
    try JSONDocument(copying: bytes("\(demo)/tokenizer.json"), path: "tokenizer.json")
  }
  static let jsonSection = Result {
    try TokenizerCompiler.compile(tokenizer: jsonDocument().root, path: "tokenizer.json")
  }
  static let modelSection = Result {
    let markers = [
      NamedToken("<<LABEL>>", id: 8001), NamedToken("<<SEP>>", id: 8002), NamedToken("<<EXAMPLE>>", id: 8003),
    ]
    return try TokenizerCompiler.compile(
      sentencePieceModel: bytes("\(demo)/spm.model"), addedTokens: markers, path: "spm.model")
  }
  static let jsonTokenizer = Result { try CompiledTokenizer(copying: jsonSection.get().bytes, path: "tokenizer.json") }
  static let modelTokenizer = Result { try CompiledTokenizer(copying: modelSection.get().bytes, path: "spm.model") }

  static func tokenizer(_ source: Source) throws -> CompiledTokenizer {
    switch source {
    case .tokenizerJSON: try jsonTokenizer.get()
    case .sentencePiece: try modelTokenizer.get()
    }
  }

  static func rules(
    promptFirst: Bool = true, maximumLength: Int = 1024, overflow: PromptRules.LabelOverflow = .refuse
  ) -> PromptRules {
    PromptRules(
      labelTokenID: labelID, separatorTokenID: separatorID, exampleTokenID: exampleID, promptFirst: promptFirst,
      maximumLength: maximumLength, labelOverflow: overflow)
  }
}

/// The two files a tokenizer is compiled from.
enum Source: String, CaseIterable, Sendable {
  case tokenizerJSON, sentencePiece
}

/// A small `tokenizer.json`, with parts replaced by the test.
struct SmallTokenizer {
  var normalizer = "null"
  var preTokenizer = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"#
  var postProcessor = "null"
  var addedTokens = "[]"
  var pieces = #"["[UNK]",0],["▁",-1],["a",-2],["b",-2.5],["ab",-3],["▁a",-2.5]"#
  var model = #""type":"Unigram","unk_id":0"#
  var extra = ""

  var json: String {
    """
    {"version":"1.0","truncation":null,"padding":null,"added_tokens":\(addedTokens),"normalizer":\(normalizer),
    "pre_tokenizer":\(preTokenizer),"post_processor":\(postProcessor),"decoder":null,
    "model":{\(model),"vocab":[\(pieces)]}\(extra)}
    """
  }

  func compile(configuration: String? = nil, markers: TokenizerCompiler.MarkerIDs = .init()) throws -> [UInt8] {
    let document = try JSONDocument(json, path: "small.json")
    let settings = try configuration.map { try JSONDocument($0, path: "tokenizer_config.json") }
    return try TokenizerCompiler.compile(
      tokenizer: document.root, configuration: settings?.root, markers: markers, path: "small.json"
    ).bytes
  }

  func tokenizer() throws -> CompiledTokenizer { try CompiledTokenizer(copying: compile(), path: "small.json") }

  static func addedToken(_ id: Int, _ content: String, _ flags: String = "") -> String {
    let all = ["single_word", "lstrip", "rstrip", "normalized", "special"]
    let members = all.map { "\"\($0)\":\(flags.contains($0))" }.joined(separator: ",")
    return "{\"id\":\(id),\"content\":\"\(content)\",\(members)}"
  }
}

/// A generator that gives the same numbers everywhere (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
