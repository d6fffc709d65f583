import Checkpoints
import GLCFormat
import ModelCore
import TokenizerCompiler

/// What a checkpoint was found to be: what a user checks before believing the output.
public struct ConversionInput: Sendable {
  /// The file of weights, or the index of several.
  public var weights: String
  /// The format of the weights.
  public var container: WeightContainer
  /// How many files the weights are in.
  public var fileCount: Int
  /// Bytes of those files.
  public var size: Int
  /// Other weights in the folder, which are not read.
  public var otherWeights: [String]
  /// The keys that led to a pickled state dict, as in `{"model": …}`.
  public var unwrappedKeys: [String]
  /// Prefixes that were removed from the tensors' names.
  public var removedPrefixes: [String]
  /// Whether `model.` was put before the tensors' names.
  public var addsModelPrefix: Bool
  /// Entries of a pickle that hold no weights.
  public var otherKeys: [String]
  /// Archives that were written without checksums.
  public var withoutChecksums: [String]
  /// The adapter that was merged, and how many tensors it changed.
  public var adapter: (weights: String, changed: Int)?
  /// Element types of the tensors, and how many have each.
  public var types: [(name: String, count: Int)]
  /// Tensors that nothing is made from: name, type and shape.
  public var unread: [(name: String, type: String, shape: [Int])]
  /// What was left out of the vocabulary, if anything was to be.
  public var pruning: PruningReport?
  /// Rows of the embedding table in the output, and how many of them no token of the tokenizer has.
  public var vocabulary: (rows: Int, unused: Int)
  /// The file that the tokenizer was compiled from, by whose rules, its model, and the bytes it became.
  public var tokenizer: (source: String, profile: String, model: String, size: Int)
  /// How the compiled tokenizer did against libsentencepiece.
  public var tokenizerCheck: SentencePieceCheck.Outcome
  /// Markers that the library of the profile would not have as tokens, and that were kept.
  public var keptMarkers: [String]

  /// - Parameter records: the tensors of the output.
  init(_ source: ConversionSource, _ records: [TensorRecord]) {
    let (checkpoint, mapping, tokenizer) = (source.checkpoint, source.mapping, source.tokenizer)
    pruning = source.vocabulary?.report(records)
    weights = checkpoint.files.weights
    container = checkpoint.files.container
    fileCount = checkpoint.files.weightFiles.count
    size = checkpoint.weights.size
    otherWeights = checkpoint.files.otherWeights
    unwrappedKeys = checkpoint.weights.unwrappedKeys
    removedPrefixes = checkpoint.weights.removedPrefixes
    addsModelPrefix = checkpoint.weights.addsModelPrefix
    otherKeys = checkpoint.weights.otherKeys
    withoutChecksums = checkpoint.weights.withoutChecksums
    adapter = checkpoint.adapter.map { ($0.files.weights, $0.changed.count) }
    let counts = Dictionary(checkpoint.tensors.map { ($0.dtypeName, 1) }, uniquingKeysWith: +)
    types = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    unread = mapping.unread.map { ($0.name, $0.dtypeName, $0.shape) }
    let rows = source.configuration.encoder.vocabularySize
    vocabulary = (rows, max(0, rows - tokenizer.vocabularySize))
    let summary = tokenizer.summary
    self.tokenizer = (tokenizer.source, summary.profile.name, summary.model.name, tokenizer.bytes.count)
    keptMarkers = tokenizer.keptMarkers
    tokenizerCheck = tokenizer.check
  }
}

/// What a conversion did.
public struct ConversionSummary: Sendable {
  /// ‖w − ŵ‖ ÷ ‖w‖ of one tensor.
  public struct TensorError: Sendable {
    /// The tensor's name in the `.glc`.
    public var tensor: String
    /// ‖w − ŵ‖ ÷ ‖w‖, Frobenius norms.
    public var relative: Double
  }

  /// The file written.
  public var output: String
  /// What was read.
  public var input: ConversionInput
  /// Tensors in the file.
  public var tensorCount: Int
  /// Bytes of the file written.
  public var outputSize: Int
  /// The quantized tensor with the largest relative error; `nil` where none is quantized.
  public var worst: TensorError?
  /// Quantized linear layers with output channels that are zero, and how many.
  public var zeroChannels: [(tensor: String, count: Int)]
  /// `sha256:` and the digest that identifies the checkpoint whatever its container.
  public var contentDigest: String
}
