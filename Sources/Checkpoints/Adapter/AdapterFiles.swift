import ModelCore

/// The paths of an adapter's files, as PEFT saves them.
public struct AdapterFiles: Sendable, Equatable {
  /// `adapter_config.json`.
  public let configuration: String
  /// `adapter_model.safetensors` or `adapter_model.bin`.
  public let weights: String
  let container: WeightContainer

  /// Both.
  public var all: [String] { [configuration, weights] }

  static let weightFileNames = ["adapter_model.safetensors", "adapter_model.bin"]

  /// Finds the files of the adapter in the folder `path`.
  /// - Throws: ``CheckpointError/notFound(path:reason:)``, ``CheckpointError/noWeights(folder:lookedFor:)``,
  ///   ``CheckpointError/noConfiguration(path:weights:)``.
  public static func locate(_ path: String) throws(CheckpointError) -> AdapterFiles {
    switch FileKind(of: path) {
    case .missing(let reason): throw .notFound(path: path, reason: reason)
    case .file, .other: throw .notFound(path: path, reason: "expected the folder of an adapter, found no folder")
    case .folder: break
    }
    let folder = FilePath.withoutTrailingSlashes(path)
    let found = weightFileNames.lazy.compactMap { FilePath.existing($0, in: folder) }.first
    guard let weights = found else { throw .noWeights(folder: path, lookedFor: weightFileNames) }
    guard let configuration = FilePath.existing("adapter_config.json", in: folder) else {
      throw .noConfiguration(path: FilePath.join(folder, "adapter_config.json"), weights: weights)
    }
    return AdapterFiles(
      configuration: configuration, weights: weights, container: weights.hasSuffix(".bin") ? .pyTorch : .safetensors)
  }
}
