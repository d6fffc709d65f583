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

  /// - Parameter originals: the ids that are kept, where that is not all.
  /// - Throws: ``VerificationError`` for files that cannot be compiled, and ids that cannot be all that is kept.
  init(
    _ checkpoint: Checkpoint, _ profile: TokenizerProfile, keeping originals: [UInt32]? = nil
  ) throws(VerificationError) {
    let files = TokenizerFiles(checkpoint)
    let section = try lifting { () throws(TokenizerCompilerError) in
      guard let originals else { return try files.compile(profile: profile) }
      return try files.compile(profile: profile, keeping: originals.map(Int.init))
    }
    self.profile = profile
    bytes = section.bytes
    tokenizer = try lifting { () throws(TokenizationError) in
      try CompiledTokenizer(copying: section.bytes, path: files.source ?? files.folder)
    }
  }
}
