import ModelCore

/// A LoRA adapter of PEFT, ready to be merged into the weights it was trained on.
///
/// The main path, in run order: the files (``AdapterFiles``), the configuration (``AdapterConfiguration``), the tensors sorted
/// by what they are of (``AdapterTensors``), and the changes to the base's tensors. Nothing is computed before a tensor is read.
public struct Adapter: Sendable {
  /// Where its files are.
  public let files: AdapterFiles
  /// Names of the base's tensors that it changes, sorted.
  public let changed: [String]

  /// Opens the adapter in the folder `path`, and changes `weights` by it.
  /// - Throws: ``CheckpointError``.
  init(_ path: String, mergingInto weights: inout Weights) throws(CheckpointError) {
    files = try AdapterFiles.locate(path)
    let configuration = try AdapterConfiguration(path: files.configuration)
    let file = try WeightFile(path: files.weights, container: files.container)
    try ChecksumPass.check(file)
    let tensors = try AdapterTensors(file)
    let merging = AdapterMerging(file.path, configuration, try Self.root(of: tensors, in: weights, path: file.path))
    var changed: Set<String> = []
    for (module, parts) in tensors.modules {
      changed.formUnion(try merging.merge(module, parts, into: &weights))
    }
    for tensor in tensors.replacements { changed.insert(try merging.replace(tensor, in: &weights)) }
    self.changed = changed.sorted()
  }

  /// What stands before the adapter's names in the base's: nothing where the whole model was wrapped, more where only the inner
  /// model or its encoder was.
  private static func root(
    of tensors: AdapterTensors, in weights: Weights, path: String
  ) throws(CheckpointError) -> String {
    let names = tensors.baseNames
    let roots = ["", "model.", "model.encoder_model."]
    if let root = roots.first(where: { root in names.allSatisfy { weights.index(of: root + $0) != nil } }) {
      return root
    }
    let best = roots.map { root in names.map { root + $0 }.filter { weights.index(of: $0) == nil } }
      .min { $0.count < $1.count }
    throw .adapterWithoutBase(path: path, base: weights.path, names: (best ?? names).sorted())
  }
}
