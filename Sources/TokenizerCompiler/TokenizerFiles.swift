import Checkpoints
import ModelCore
import Tokenization

/// The tokenizer files of a checkpoint, and the ids that its `config.json` gives to the markers.
public struct TokenizerFiles: Sendable {
  /// The folder, for error messages.
  public var folder: String
  /// `tokenizer.json`: preferred where it is there.
  public var tokenizerJSON: String?
  /// `spm.model` (of T5 `spiece.model`): used alone where there is no `tokenizer.json`.
  public var sentencePieceModel: String?
  /// `tokenizer_config.json`.
  public var tokenizerConfig: String?
  /// `added_tokens.json`.
  public var addedTokens: String?
  /// `special_tokens_map.json`.
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
  /// - Parameter profile: whose reading of the files is meant.
  /// - Throws: ``TokenizerCompilerError``, `noTokenizer` where there is neither of the two sources.
  public func compile(
    profile: TokenizerProfile = .tokenizers
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    try TokenizerCompiler.compile(read(profile: profile), markers: markers)
  }

  /// Reads what is there, for ``TokenizerCompiler`` to compile.
  /// - Parameter profile: whose reading of the files is meant.
  /// - Throws: as ``compile(profile:)``.
  package func read(profile: TokenizerProfile) throws(TokenizerCompilerError) -> TokenizerSource {
    // Under the profile `tokenizers`, tokenizer.json is all that counts.
    let isRebuilt = profile != .tokenizers || tokenizerJSON == nil
    let configuration = try Self.root(tokenizerConfig)
    let settings = TokenizerSettings(
      configuration: configuration, addedTokens: isRebuilt ? try Self.root(addedTokens) : nil,
      specialTokensMap: isRebuilt ? try Self.root(specialTokensMap) : nil)
    if let tokenizerJSON {
      let document = try reading { () throws(ModelCoreError) in try JSONDocument(contentsOf: tokenizerJSON) }
      return try TokenizerCompiler.read(
        tokenizer: document.root, settings: settings, profile: profile, markers: markers, path: tokenizerJSON)
    }
    guard let sentencePieceModel else { throw .noTokenizer(folder: folder) }
    try checkName(of: sentencePieceModel, profile, configuration)
    let model = try reading { () throws(ModelCoreError) in
      let file = try MappedFile(path: sentencePieceModel)
      let bytes = file.withBytes { Array($0) }
      try file.checkIntact()
      return bytes
    }
    return try TokenizerCompiler.read(
      sentencePieceModel: model, addedTokens: markerList, settings: settings, profile: profile, markers: markers,
      path: sentencePieceModel)
  }

  /// Compiles what is there with the tokens `kept` alone, as ``TokenizerSource/selecting(_:)``.
  /// - Throws: ``TokenizerCompilerError``.
  package func compile(
    profile: TokenizerProfile, keeping kept: [Int]
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    func number(_ id: Int?) -> Int? { id.map { id in kept.firstIndex(of: id) ?? id } }
    let selected = try read(profile: profile).selecting(kept)
    let own = TokenizerCompiler.MarkerIDs(
      label: number(markers.label), separator: number(markers.separator), example: number(markers.example))
    return try TokenizerCompiler.compile(selected, markers: own)
  }

  private static func root(_ path: String?) throws(TokenizerCompilerError) -> JSONValue? {
    guard let path else { return nil }
    return try reading { () throws(ModelCoreError) in try JSONDocument(contentsOf: path).root }
  }

  /// Each class of transformers looks for its model under one name (`VOCAB_FILES_NAMES`).
  private func checkName(
    of model: String, _ profile: TokenizerProfile, _ configuration: JSONValue?
  ) throws(TokenizerCompilerError) {
    var isT5 = false
    if profile == .transformers5 { isT5 = try TransformersClass(configuration) == .t5 }
    let expected = isT5 ? "spiece.model" : "spm.model"
    guard model == expected || model.hasSuffix("/\(expected)") else {
      throw .unsupported(
        path: model, field: "profile \(profile.name)", found: "this file without tokenizer.json",
        supported: isT5 ? expected : "\(expected), or T5Tokenizer under \(TokenizerProfile.transformers5.name)")
    }
  }

  /// The markers, by their ids in `config.json`.
  private var markerList: [NamedToken] {
    [("<<LABEL>>", markers.label), ("<<SEP>>", markers.separator), ("<<EXAMPLE>>", markers.example)]
      .compactMap { name, id in id.map { NamedToken(name, id: $0) } }
  }
}
