import Checkpoints
import Tokenization
import TokenizerCompiler

/// What a checkpoint's tokenizer files compile to.
struct CheckpointTokenizer: Sendable {
  /// Whose reading of the files it is.
  let profile: TokenizerProfile
  /// The section, as a `.glc` of this checkpoint has it.
  let bytes: [UInt8]
  let tokenizer: CompiledTokenizer

  /// - Throws: ``VerificationError`` for files that cannot be compiled.
  init(_ checkpoint: Checkpoint, _ profile: TokenizerProfile) throws(VerificationError) {
    let files = TokenizerFiles(checkpoint)
    let section = try lifting { () throws(TokenizerCompilerError) in try files.compile(profile: profile) }
    self.profile = profile
    bytes = section.bytes
    tokenizer = try lifting { () throws(TokenizationError) in
      try CompiledTokenizer(copying: section.bytes, path: files.source ?? files.folder)
    }
  }
}
