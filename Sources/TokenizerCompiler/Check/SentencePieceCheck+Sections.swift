import ModelCore
import Tokenization

/// Checking any section, not only one that has just been compiled.
extension SentencePieceCheck {
  /// Compares a section with the library on the pieces of `tokenizer.json`.
  /// - Throws: as compiling does, and `unreadable` where the section is none.
  package static func run(
    section: [UInt8], tokenizer: JSONValue, path: String
  ) throws(TokenizerCompilerError) -> Outcome {
    try run(section, TokenizerSource(tokenizer, path: path))
  }

  /// Compares a section with the library on the pieces of `spm.model`.
  /// - Throws: as compiling does, and `unreadable` where the section is none.
  package static func run(
    section: [UInt8], sentencePieceModel model: [UInt8], addedTokens: [NamedToken], path: String
  ) throws(TokenizerCompilerError) -> Outcome {
    try run(
      section,
      TokenizerSource(transformers4: model, settings: TokenizerSettings(), unlisted: addedTokens, path: path))
  }

  private static func run(
    _ section: [UInt8], _ source: TokenizerSource
  ) throws(TokenizerCompilerError) -> Outcome {
    try run(CompiledTokenizer(written: section, path: source.path), source)
  }
}
