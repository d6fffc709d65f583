import ModelCore

/// The paths of a checkpoint's files.
public struct CheckpointFiles: Sendable, Equatable {
  /// The folder that everything is in.
  public let folder: String
  /// The file of weights, or the index of several.
  public let weights: String
  /// How the weights are kept.
  public let container: WeightContainer
  /// Of weights in several files.
  public let index: ShardIndex?
  /// `config.json`.
  public let configuration: String
  /// `tokenizer.json`, `nil` where there is none.
  public let tokenizerJSON: String?
  /// `spm.model`, or otherwise `spiece.model`, as T5 calls it; `nil` where there is neither.
  public let sentencePieceModel: String?
  /// `tokenizer_config.json`, `nil` where there is none.
  public let tokenizerConfig: String?
  /// `added_tokens.json`, `nil` where there is none.
  public let addedTokens: String?
  /// `special_tokens_map.json`, `nil` where there is none.
  public let specialTokensMap: String?
  /// Other weights in the folder, which are not read.
  public let otherWeights: [String]

  /// The files that hold weights.
  public var weightFiles: [String] { index?.shards ?? [weights] }

  /// All that are there and belong to the checkpoint.
  public var all: [String] {
    (index.map { [$0.path] } ?? []) + weightFiles + [configuration]
      + [tokenizerJSON, sentencePieceModel, tokenizerConfig, addedTokens, specialTokensMap].compactMap { $0 }
  }

  /// What a folder is searched for; the first that is there wins, as in `transformers` (`modeling_utils.py`).
  static let weightFileNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]

  /// Finds the files of the checkpoint at `path`, a folder, a file of weights, or an index of several.
  /// - Throws: ``CheckpointError/notFound(path:reason:)``, ``CheckpointError/noWeights(folder:lookedFor:)``, ``CheckpointError/adapterAlone(folder:)``,
  ///   ``CheckpointError/noConfiguration(path:weights:)``, ``CheckpointError/unrecognizedFile(path:)``, and those of a bad index.
  public static func locate(_ path: String) throws(CheckpointError) -> CheckpointFiles {
    switch FileKind(of: path) {
    case .missing(let reason): throw .notFound(path: path, reason: reason)
    case .other: throw .notFound(path: path, reason: "expected a folder or a file, found neither")
    case .folder: return try inFolder(path)
    case .file: return try CheckpointFiles(weights: path)
    }
  }

  private static func inFolder(_ path: String) throws(CheckpointError) -> CheckpointFiles {
    let folder = FilePath.withoutTrailingSlashes(path)
    for name in weightFileNames {
      guard let candidate = FilePath.existing(name, in: folder) else { continue }
      return try CheckpointFiles(weights: candidate)
    }
    if FilePath.existing("adapter_config.json", in: folder) != nil { throw .adapterAlone(folder: path) }
    throw .noWeights(folder: path, lookedFor: weightFileNames)
  }

  /// The files beside `weights`.
  private init(weights: String) throws(CheckpointError) {
    let folder = FilePath.folder(weights)
    func beside(_ name: String) -> String? { FilePath.existing(name, in: folder) }
    (container, index) = try Self.container(of: weights)
    guard let configuration = beside("config.json") else {
      throw .noConfiguration(path: FilePath.join(folder, "config.json"), weights: weights)
    }
    self.folder = folder
    self.weights = weights
    self.configuration = configuration
    tokenizerJSON = beside("tokenizer.json")
    sentencePieceModel = beside("spm.model") ?? beside("spiece.model")
    tokenizerConfig = beside("tokenizer_config.json")
    addedTokens = beside("added_tokens.json")
    specialTokensMap = beside("special_tokens_map.json")
    otherWeights = Self.weightFileNames.compactMap(beside).filter { $0 != weights }
  }

  private static func container(of path: String) throws(CheckpointError) -> (WeightContainer, ShardIndex?) {
    if path.hasSuffix(".safetensors.index.json") {
      return (.safetensors, try ShardIndex(path: path, container: .safetensors))
    }
    if path.hasSuffix(".bin.index.json") { return (.pyTorch, try ShardIndex(path: path, container: .pyTorch)) }
    if path.hasSuffix(".safetensors") { return (.safetensors, nil) }
    guard [".bin", ".pt", ".pth"].contains(where: path.hasSuffix) else { throw .unrecognizedFile(path: path) }
    return (.pyTorch, nil)
  }
}
