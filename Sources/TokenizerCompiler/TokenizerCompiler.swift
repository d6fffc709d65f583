import ModelCore
import Tokenization

/// A token and its id, as `config.json` says it.
public struct NamedToken: Sendable, Equatable {
  /// The token's text.
  public let content: String
  /// Its id.
  public let id: Int

  /// A token.
  public init(_ content: String, id: Int) {
    self.content = content
    self.id = id
  }
}

/// A compiled tokenizer and what it holds.
public struct CompiledTokenizerSection: Sendable {
  /// The section of formats/tokenizer.md.
  public let bytes: [UInt8]
  /// What its header says.
  public let summary: TokenizerSummary
  /// The size of each part in bytes, by name, in the order of the file; parts that are absent are left out.
  public let partSizes: [(name: String, bytes: Int)]
  /// How it did against libsentencepiece.
  public let check: SentencePieceCheck.Outcome
  /// Markers of `config.json` that transformers 5.x would not have as tokens, and that were kept; in no other profile are there any.
  public let keptMarkers: [String]
}

/// Turns a tokenizer's files into the section that the runtime maps.
///
/// Whatever would change ids and is not implemented is refused by name. The result depends on the input alone.
public enum TokenizerCompiler {
  /// The version of the `tokenizers` library whose behaviour is compiled.
  public static let libraryVersion = "0.23.3"

  /// The ids in `config.json` that the prompt is built with. They are recorded in the header; an example token
  /// outside the vocabulary is unused, and recorded as none.
  public struct MarkerIDs: Sendable, Equatable {
    /// `class_token_index`, of `<<LABEL>>`.
    public var label: Int?
    /// `text_token_index`, of `<<SEP>>`.
    public var separator: Int?
    /// `example_token_index`, of `<<EXAMPLE>>`.
    public var example: Int?

    /// Ids of markers; those that are left out are found by their text.
    public init(label: Int? = nil, separator: Int? = nil, example: Int? = nil) {
      self.label = label
      self.separator = separator
      self.example = example
    }
  }

  /// Compiles `tokenizer.json`.
  /// - Parameters:
  ///   - tokenizer: the root of `tokenizer.json`.
  ///   - configuration: the root of `tokenizer_config.json`, if there is one.
  ///   - addedTokensFile: the root of `added_tokens.json`. This and the next matter under ``TokenizerProfile/transformers5`` only.
  ///   - specialTokensMap: the root of `special_tokens_map.json`.
  ///   - profile: whose reading of the files is meant.
  ///   - markers: the ids in `config.json`. Each must be that of an added token.
  ///   - path: the name of `tokenizer.json`, for error messages.
  /// - Throws: any ``TokenizerCompilerError`` but `invalidModel`.
  public static func compile(
    tokenizer: JSONValue, configuration: JSONValue? = nil, addedTokensFile: JSONValue? = nil,
    specialTokensMap: JSONValue? = nil, profile: TokenizerProfile = .tokenizers, markers: MarkerIDs = MarkerIDs(),
    path: String
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    let settings = TokenizerSettings(
      configuration: configuration, addedTokens: addedTokensFile, specialTokensMap: specialTokensMap)
    return try compile(
      read(tokenizer: tokenizer, settings: settings, profile: profile, markers: markers, path: path), markers: markers)
  }

  /// As ``compile(tokenizer:configuration:addedTokensFile:specialTokensMap:profile:markers:path:)`` up to what the files say.
  static func read(
    tokenizer: JSONValue, settings: TokenizerSettings, profile: TokenizerProfile, markers: MarkerIDs, path: String
  ) throws(TokenizerCompilerError) -> TokenizerSource {
    let source: TokenizerSource
    switch profile {
    case .tokenizers: source = try TokenizerSource(tokenizer, path: path)
    case .transformers5:
      source = try TokenizerSource(
        transformers5: .tokenizerJSON(tokenizer), settings: settings, markers: markers, path: path)
    }
    return try settings.applied(to: source)
  }

  /// Compiles a SentencePiece model alone: by the rules of transformers 4.x for DeBERTa-v2, or those of 5.x for DeBERTa-v2 or T5.
  /// - Parameters:
  ///   - model: the bytes of `spm.model`.
  ///   - addedTokens: tokens that no file lists, with their ids: markers (`<<LABEL>>` with `class_token_index`, …). One that is
  ///     listed after all must have the same id there.
  ///   - configuration: the root of `tokenizer_config.json`, if there is one.
  ///   - addedTokensFile: the root of `added_tokens.json`, if there is one.
  ///   - specialTokensMap: the root of `special_tokens_map.json`, if there is one.
  ///   - profile: as above.
  ///   - markers: as above.
  ///   - path: the name of `spm.model`, for error messages.
  /// - Throws: ``TokenizerCompilerError``.
  public static func compile(
    sentencePieceModel model: [UInt8], addedTokens: [NamedToken], configuration: JSONValue? = nil,
    addedTokensFile: JSONValue? = nil, specialTokensMap: JSONValue? = nil, profile: TokenizerProfile = .tokenizers,
    markers: MarkerIDs = MarkerIDs(), path: String
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    let settings = TokenizerSettings(
      configuration: configuration, addedTokens: addedTokensFile, specialTokensMap: specialTokensMap)
    return try compile(
      read(
        sentencePieceModel: model, addedTokens: addedTokens, settings: settings, profile: profile, markers: markers,
        path: path), markers: markers)
  }

  /// As the other `compile` up to what the files say.
  static func read(
    sentencePieceModel model: [UInt8], addedTokens: [NamedToken], settings: TokenizerSettings,
    profile: TokenizerProfile, markers: MarkerIDs, path: String
  ) throws(TokenizerCompilerError) -> TokenizerSource {
    let source: TokenizerSource
    switch profile {
    case .tokenizers:
      source = try TokenizerSource(
        transformers4: model, settings: settings, unlisted: addedTokens, optionalID: markers.example, path: path)
    case .transformers5:
      source = try TokenizerSource(
        transformers5: .sentencePiece(model), settings: settings, markers: markers, unlisted: addedTokens, path: path)
    }
    return try settings.applied(to: source)
  }

  /// Compiles what files said, or what was made of it.
  /// - Throws: ``TokenizerCompilerError``.
  package static func compile(
    _ source: TokenizerSource, markers: MarkerIDs
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    let writer = try SectionWriter(source, markers)
    let sizes = writer.partSizes
    let bytes = writer.section()
    let tokenizer = try CompiledTokenizer(written: bytes, path: source.path)
    let check = try SentencePieceCheck.run(tokenizer, source)
    return CompiledTokenizerSection(
      bytes: bytes, summary: tokenizer.summary, partSizes: sizes, check: check, keptMarkers: source.keptMarkers)
  }

  /// Compiles `source` to be run at once, and does not hold the result against libsentencepiece.
  /// - Throws: ``TokenizerCompilerError``.
  package static func tokenizer(
    _ source: TokenizerSource, markers: MarkerIDs
  ) throws(TokenizerCompilerError) -> CompiledTokenizer {
    try CompiledTokenizer(written: SectionWriter(source, markers).section(), path: source.path)
  }
}
