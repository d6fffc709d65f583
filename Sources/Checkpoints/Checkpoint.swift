import ModelCore

/// A GLiClass checkpoint as Hugging Face tools or `torch.save` keep it: named tensors, a configuration, and where the tokenizer is.
///
/// Nothing is read but headers and pickles: tensors are views into mapped files. This is the module's main path, in run order:
/// locate the files, read `config.json`, open the weights in their container or containers, and put an adapter's changes on
/// them. Thread-safe.
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
  /// The weights, changed by the adapter.
  public let weights: Weights
  /// What was merged into the weights.
  public let adapter: Adapter?

  /// Opens the checkpoint at `path`: a Hugging Face folder, or a file of weights (or the index of several) with the other
  /// files beside it.
  /// - Parameter adapter: the folder of a LoRA adapter to merge into the weights.
  /// - Throws: ``CheckpointError``; for a bad `config.json`, the error of `ModelConfiguration` in
  ///   ``CheckpointError/core(_:)``.
  public static func open(_ path: String, adapter: String? = nil) throws(CheckpointError) -> Checkpoint {
    let files = try CheckpointFiles.locate(path)
    let configuration = try reading { () throws(ModelCoreError) in
      try ModelConfiguration(huggingFace: JSONDocument(contentsOf: files.configuration).root)
    }
    var weights = try Weights(files)
    let merged = try adapter.map { (path) throws(CheckpointError) in try Adapter(path, mergingInto: &weights) }
    return Checkpoint(files: files, configuration: configuration, weights: weights, adapter: merged)
  }

  /// Every tensor, in the order of the files and of their data.
  public var tensors: [TensorView] { weights.tensors }

  /// Everything that is read.
  public var paths: [String] { files.all + (adapter?.files.all ?? []) }

  /// The tensor called `name`, `nil` where there is none.
  public func tensor(_ name: String) -> TensorView? { weights.tensor(name) }
}
