import ModelCore
import Tokenization

/// A token and its id, as `added_tokens.json` and `config.json` say it.
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
  ///   - markers: the ids in `config.json`. Each must be that of an added token.
  ///   - path: the name of `tokenizer.json`, for error messages.
  /// - Throws: any ``TokenizerCompilerError`` but `invalidModel`.
  public static func compile(
    tokenizer: JSONValue, configuration: JSONValue? = nil, markers: MarkerIDs = MarkerIDs(), path: String
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    var source = try TokenizerSource(tokenizer, path: path)
    try source.apply(configuration)
    return try compile(source, markers)
  }

  /// Compiles `spm.model` alone, by the rules of transformers 4.x for DeBERTa-v2.
  /// - Parameters:
  ///   - model: the bytes of `spm.model`.
  ///   - addedTokens: the tokens behind the pieces: markers (`<<LABEL>>` with `class_token_index`, …) and the
  ///     entries of `added_tokens.json`. The same token may be given twice with the same id.
  ///   - configuration: the root of `tokenizer_config.json`, if there is one.
  ///   - markers: as above.
  ///   - path: the name of `spm.model`, for error messages.
  /// - Throws: ``TokenizerCompilerError``.
  public static func compile(
    sentencePieceModel model: [UInt8], addedTokens: [NamedToken], configuration: JSONValue? = nil,
    markers: MarkerIDs = MarkerIDs(), path: String
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    var source = try TokenizerSource(sentencePiece: model, adding: addedTokens, path: path)
    try source.apply(configuration)
    return try compile(source, markers)
  }

  private static func compile(
    _ source: TokenizerSource, _ markers: MarkerIDs
  ) throws(TokenizerCompilerError) -> CompiledTokenizerSection {
    let writer = try SectionWriter(source, markers)
    let sizes = writer.partSizes
    let bytes = writer.section()
    let tokenizer: CompiledTokenizer
    do throws(TokenizationError) {
      tokenizer = try CompiledTokenizer(copying: bytes, path: source.path)
    } catch {
      throw .unreadable(error)
    }
    let check = try SentencePieceCheck.run(tokenizer, source)
    return CompiledTokenizerSection(bytes: bytes, summary: tokenizer.summary, partSizes: sizes, check: check)
  }
}

extension TokenizerSource {
  /// Takes from `tokenizer_config.json` what matters: settings that would change ids are refused.
  mutating func apply(_ configuration: JSONValue?) throws(TokenizerCompilerError) {
    guard let configuration, !configuration.isNull else { return }
    for key in ["do_lower_case", "split_by_punct"] {
      if let value = configuration.member(key), !value.isNull, value.bool != false {
        throw value.refused(path: path, "false")
      }
    }
    if let value = configuration.member("add_prefix_space"), value.bool == false,
      preTokenizer.contains(.metaspace(TokenizerSource.Metaspace()))
    {
      throw value.refused(path: path, "true")
    }
    // Tokenizers without a limit say 1e30.
    if let length = configuration.member("model_max_length")?.int, length > 0, length < Int(Int32.max) {
      maximumLength = length
    }
  }
}
