import Checkpoints
import ModelCore
import TokenizerCompiler

/// A checkpoint, opened and held against the table, and all that is made of it whatever the recipe.
package final class ConversionSource {
  package let checkpoint: Checkpoint
  package let mapping: TensorMapping
  let tokenizer: CompiledSource
  /// What is left of the vocabulary; `nil` where that is all.
  let vocabulary: PrunedVocabulary?
  /// Relative embeddings, normalized, where there are any.
  let relative: RelativeProjection?
  private let pendingDigest: PendingDigest?

  /// Opens what `options` name; recipe and output have no part in it.
  /// - Parameters:
  ///   - hashing: whether something is going to be written.
  ///   - progress: called with the part that is done of what takes long here: reading the texts of a vocabulary.
  package init(
    _ options: ConversionOptions, hashing: Bool = true, progress: @escaping (Double) -> Void = { _ in }
  ) throws(ConversionError) {
    let checkpoint = try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      try Checkpoint.open(options.input, adapter: options.adapter)
    }
    self.checkpoint = checkpoint
    let mapping = try TensorMapping(checkpoint)
    self.mapping = mapping
    // Hashing takes as long as quantizing: it has a thread of its own, and reads the files by itself.
    pendingDigest = hashing ? PendingDigest(checkpoint) : nil
    let files = TokenizerFiles(checkpoint)
    let source = try lifting(ConversionError.tokenizer) { () throws(TokenizerCompilerError) in
      try files.read(profile: options.tokenizerProfile)
    }
    vocabulary =
      options.vocabulary.isEmpty
      ? nil : try PrunedVocabulary(options.vocabulary, source, checkpoint.configuration, progress: progress)
    if let vocabulary {
      tokenizer = CompiledSource(vocabulary.section, files)
    } else {
      let section = try lifting(ConversionError.tokenizer) { () throws(TokenizerCompilerError) in
        try TokenizerCompiler.compile(source, markers: files.markers)
      }
      tokenizer = CompiledSource(section, files)
    }
    relative = try mapping.table.relativeEmbeddings.map { (embeddings) throws(ConversionError) in
      try RelativeProjection(checkpoint, embeddings, norm: mapping.table.relativeNorm)
    }
  }

  /// What the file says of the model: the checkpoint's, with what is left of the vocabulary.
  var configuration: ModelConfiguration { vocabulary?.configuration ?? checkpoint.configuration }

  /// The digests of the files, as soon as somebody waits for them.
  var digest: PendingDigest {
    guard let pendingDigest else { preconditionFailure("nothing was to be written") }
    return pendingDigest
  }

  private var knownMoments: EncoderMoments?

  /// What is known of the inputs of linear layers without data; found once.
  func moments() throws(ConversionError) -> EncoderMoments {
    if let knownMoments { return knownMoments }
    let moments = try EncoderMoments(self)
    knownMoments = moments
    return moments
  }
}
