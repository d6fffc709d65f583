import CKernels
import Checkpoints
import Dispatch
import ModelCore
import Synchronization
import Tokenization
import TokenizerCompiler

/// The metadata of a `.glc` (formats/glc.md, "Metadata"): nothing in it depends on time, host or path.
struct ConversionMetadata {
  let configuration: ModelConfiguration
  let recipe: ResolvedRecipe
  /// What is left of the vocabulary, or null.
  let vocabulary: JSON
  let tokenizer: CompiledSource
  let files: SourceFiles
  /// What a search measured.
  let drift: JSON

  var json: JSON {
    .object([
      ("model", configuration.modelMetadata),
      ("prompt", configuration.promptMetadata),
      (
        "numerics",
        .object([
          ("revision", .int(Int(GLCK_NUMERICS_REVISION))),
          ("attention", .string(recipe.attention.rawValue)),
          ("head_activations", .string(recipe.quantizesHead ? "int8x2" : "f32")),
        ])
      ),
      ("recipe", recipe.recipe.json(attention: recipe.attention, vocabulary: vocabulary)),
      ("tokenizer", tokenizer.metadata),
      ("source", files.json),
      ("converter", .object([("name", .string("gliclass-convert")), ("version", .string(Converter.version))])),
      ("drift", drift),
    ])
  }
}

/// The compiled tokenizer of a checkpoint, and what it was compiled from.
struct CompiledSource {
  let bytes: [UInt8]
  /// The name of the file it was compiled from.
  let source: String
  /// How it did against libsentencepiece.
  let check: SentencePieceCheck.Outcome
  /// What the section's header says.
  let summary: TokenizerSummary
  /// Markers that the profile's library would not know.
  let keptMarkers: [String]

  init(_ section: CompiledTokenizerSection, _ files: TokenizerFiles) {
    bytes = section.bytes
    source = SourceFiles.name(files.source ?? "")
    check = section.check
    summary = section.summary
    keptMarkers = section.keptMarkers
  }

  /// The largest id of a token, plus one.
  var vocabularySize: Int { summary.vocabularySize }

  var metadata: JSON {
    .object([
      ("profile", .string(summary.profile.name)),
      ("tokenizers_version", .string(summary.libraryVersion)),
      ("source", .string(source)),
      ("pieces", .int(summary.pieceCount)),
    ])
  }
}

/// Name, size and SHA-256 of every file the `.glc` was made from.
struct SourceFiles {
  private let rows: [(name: String, bytes: Int, sha256: String)]
  let contentDigest: String

  /// - Parameter weights: the digests of the weights, computed while they were converted.
  init(_ checkpoint: Checkpoint, weights: SourceDigest) throws(ConversionError) {
    contentDigest = "sha256:\(SourceDigest.hexadecimal(weights.content))"
    var digests = weights.files
    for path in Self.others(checkpoint) {
      digests.append(
        try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in try SourceDigest.file(path) })
    }
    rows = digests.map { (Self.name($0.path), $0.size, SourceDigest.hexadecimal($0.sha256)) }
  }

  /// Without digests, to tell how long the metadata will be.
  init(sizesOf checkpoint: Checkpoint) throws(ConversionError) {
    let digest = SourceDigest.hexadecimal(Array(repeating: 0, count: 32))
    contentDigest = "sha256:\(digest)"
    let weights = [checkpoint.files.index?.path].compactMap { $0 } + checkpoint.files.weightFiles
    var rows: [(name: String, bytes: Int, sha256: String)] = []
    for path in weights + (checkpoint.adapter?.files.all ?? []) + Self.others(checkpoint) {
      let size = try lifting(ConversionError.core) { () throws(ModelCoreError) in try MappedFile(path: path).size }
      rows.append((Self.name(path), size, digest))
    }
    self.rows = rows
  }

  /// What is read beside the weights.
  private static func others(_ checkpoint: Checkpoint) -> [String] {
    let files = checkpoint.files
    return [
      files.configuration, files.tokenizerJSON ?? files.sentencePieceModel, files.tokenizerConfig, files.addedTokens,
      files.specialTokensMap,
    ].compactMap { $0 }
  }

  var json: JSON {
    .object([
      (
        "files",
        .array(
          rows.map {
            .object([("name", .string($0.name)), ("bytes", .int($0.bytes)), ("sha256", .string($0.sha256))])
          })
      ),
      ("content_digest", .string(contentDigest)),
    ])
  }

  static func name(_ path: String) -> String {
    String(path.split(separator: "/").last ?? Substring(path))
  }
}

/// The digests of the weights, computed on another thread.
final class PendingDigest: Sendable {
  private let group = DispatchGroup()
  private let outcome = Mutex<Result<SourceDigest, CheckpointError>?>(nil)

  init(_ checkpoint: Checkpoint) {
    DispatchQueue.global().async(group: group) { [self] in
      let digest: Result<SourceDigest, CheckpointError>
      do throws(CheckpointError) {
        digest = .success(try SourceDigest.compute(checkpoint))
      } catch {
        digest = .failure(error)
      }
      outcome.withLock { $0 = digest }
    }
  }

  /// Waits for the digests.
  func wait() throws(ConversionError) -> SourceDigest {
    try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in try result().get() }
  }

  /// Waits for the digests, or for what went wrong.
  func result() -> Result<SourceDigest, CheckpointError> {
    group.wait()
    guard let result = outcome.withLock({ $0 }) else { preconditionFailure("the group has been left") }
    return result
  }
}
