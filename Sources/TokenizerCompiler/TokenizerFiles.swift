import Checkpoints
import ModelCore

/// The tokenizer files of a checkpoint, and the ids that its `config.json` gives to the markers.
public struct TokenizerFiles: Sendable {
  /// The folder, for error messages.
  public var folder: String
  /// `tokenizer.json`: preferred where it is there.
  public var tokenizerJSON: String?
  /// `spm.model`: used alone where there is no `tokenizer.json`.
  public var sentencePieceModel: String?
  /// `tokenizer_config.json`.
  public var tokenizerConfig: String?
  /// `added_tokens.json`, which only `spm.model` needs.
  public var addedTokens: String?
  /// `special_tokens_map.json`, which only `spm.model` needs.
  public var specialTokensMap: String?
  /// The ids of the markers in `config.json`.
  public var markers: TokenizerCompiler.MarkerIDs

  /// The files of `checkpoint`.
  public init(_ checkpoint: Checkpoint) {
    let files = checkpoint.files
    folder = files.folder
    tokenizerJSON = files.tokenizerJSON
    sentencePieceModel = files.sentencePieceModel
    tokenizerConfig = files.tokenizerConfig
    addedTokens = files.addedTokens
    specialTokensMap = files.specialTokensMap
    let prompt = checkpoint.configuration.prompt
    markers = .init(label: prompt.labelTokenID, separator: prompt.separatorTokenID, example: prompt.exampleTokenID)
  }

  /// The file that the vocabulary is read from.
  public var source: String? { tokenizerJSON ?? sentencePieceModel }

  /// Compiles what is there.
  /// - Throws: ``TokenizerCompilerError``, `noTokenizer` where there is neither of the two sources.
  public func compile() throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    let configuration = try reading { () throws(ModelCoreError) in
      try tokenizerConfig.map { (path) throws(ModelCoreError) in try JSONDocument(contentsOf: path) }
    }
    if let tokenizerJSON {
      let document = try reading { () throws(ModelCoreError) in try JSONDocument(contentsOf: tokenizerJSON) }
      return try TokenizerCompiler.compile(
        tokenizer: document.root, configuration: configuration?.root, markers: markers, path: tokenizerJSON)
    }
    guard let sentencePieceModel else { throw .noTokenizer(folder: folder) }
    let model = try reading { () throws(ModelCoreError) in
      let file = try MappedFile(path: sentencePieceModel)
      let bytes = file.withBytes { Array($0) }
      try file.checkIntact()
      return bytes
    }
    return try TokenizerCompiler.compile(
      sentencePieceModel: model, addedTokens: try addedTokenList(), configuration: configuration?.root,
      markers: markers, path: sentencePieceModel)
  }

  /// What stands behind the pieces: the markers by their ids in `config.json`, and `added_tokens.json`.
  private func addedTokenList() throws(TokenizerCompilerError) -> [NamedToken] {
    let names = [("<<LABEL>>", markers.label), ("<<SEP>>", markers.separator), ("<<EXAMPLE>>", markers.example)]
    var tokens = names.compactMap { name, id in id.map { NamedToken(name, id: $0) } }
    if let addedTokens {
      try reading { () throws(ModelCoreError) in
        let root = try JSONDocument(contentsOf: addedTokens).root
        guard root.isObject else { throw root.unexpected("an object of ids by token") }
        for key in root.keys {
          tokens.append(NamedToken(key, id: try root.required(key).requireInt(in: 0...Int(Int32.max))))
        }
      }
    }
    try checkSpecialTokensMap(tokens)
    return tokens
  }

  /// The special tokens of `DebertaV2Tokenizer` are built in: a checkpoint that renames one is refused, and so is one that has a
  /// further one without an id.
  private func checkSpecialTokensMap(_ tokens: [NamedToken]) throws(TokenizerCompilerError) {
    guard let specialTokensMap else { return }
    let further = try reading { () throws(ModelCoreError) in
      let root = try JSONDocument(contentsOf: specialTokensMap).root
      guard root.isObject else { throw root.unexpected("an object of tokens by role") }
      for (role, expected) in Self.specialTokens {
        guard let value = root.member(role), try value.tokenContent() != expected else { continue }
        throw value.unsupported("\"\(expected)\"")
      }
      var further: [String] = []
      for value in try root.member("additional_special_tokens")?.elements() ?? [] {
        further.append(try value.tokenContent())
      }
      return further
    }
    for content in further where !tokens.contains(where: { $0.content == content }) {
      throw .missingToken(path: specialTokensMap, token: content, purpose: "additional_special_tokens")
    }
  }

  private static let specialTokens = [
    ("cls_token", "[CLS]"), ("sep_token", "[SEP]"), ("unk_token", "[UNK]"), ("pad_token", "[PAD]"),
    ("mask_token", "[MASK]"),
  ]
}

extension JSONValue {
  /// A token is its text, or an object with it (`AddedToken`).
  fileprivate func tokenContent() throws(ModelCoreError) -> String {
    try (isObject ? required("content") : self).requireString()
  }
}
