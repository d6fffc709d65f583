import ModelCore

/// A GLiClass checkpoint as Hugging Face tools save it: named tensors, a configuration, and where the tokenizer is.
///
/// Nothing is read but headers: tensors are views into a mapped file. This is the module's main path, in run order:
/// locate the files, read `config.json`, read the tensor directory of `model.safetensors`. Thread-safe.
///
/// ```swift
/// let checkpoint = try Checkpoint.open("gliclass-small-v1.0")
/// let weight = try checkpoint.require("model.text_projector.linear_1.weight", shape: [768, 768])
/// ```
public struct Checkpoint: Sendable {
  /// Where the files of this checkpoint are.
  public let files: CheckpointFiles
  /// What `config.json` says of the model.
  public let configuration: ModelConfiguration
  /// The weights.
  public let weights: SafetensorsFile

  /// Opens the checkpoint at `path`: a Hugging Face folder, or a `model.safetensors` with the other files beside it.
  /// - Throws: ``CheckpointError``; for a bad `config.json`, the error of `ModelConfiguration` in
  ///   ``CheckpointError/core(_:)``.
  public static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
    let files = try CheckpointFiles.locate(path)
    let configuration = try readConfiguration(files.configuration)
    let weights = try SafetensorsFile(path: files.weights)
    return Checkpoint(files: files, configuration: configuration, weights: weights)
  }

  /// Every tensor of the file, in the order of its data.
  public var tensors: [TensorView] { weights.tensors }

  /// The tensor called `name`, `nil` where there is none.
  public func tensor(_ name: String) -> TensorView? { weights.tensor(name) }

  private static func readConfiguration(_ path: String) throws(CheckpointError) -> ModelConfiguration {
    do throws(ModelCoreError) {
      return try ModelConfiguration(huggingFace: JSONDocument(contentsOf: path).root)
    } catch {
      throw .core(error)
    }
  }
}
