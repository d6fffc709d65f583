import ModelCore

extension CheckpointError {
  /// One line that names the file, what was expected and what was found.
  public var message: String { text.onOneLine }

  private var text: String {
    folderMessage ?? safetensorsMessage ?? pyTorchMessage ?? shardMessage ?? adapterMessage ?? tensorMessage
      ?? "internal error: a message is missing"
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .core(let error): error.hint
    case .pyTorchPickle, .pyTorchTar, .torchScript:
      "load it in Python and save its state dict: torch.save(model.state_dict(), \"pytorch_model.bin\")"
    case .pickle(_, _, .refusedGlobal), .pickle(_, _, .refusedOpcode), .pickle(_, _, .refusedState), .noStateDict:
      "save the state dict alone: torch.save(model.state_dict(), \"pytorch_model.bin\")"
    case .zip(_, .noEndRecord): "the file may be incomplete: copy or download it again"
    case .noConfiguration(let path, _):
      path.hasSuffix("adapter_config.json")
        ? "give the folder that PEFT's save_pretrained wrote"
        : "copy config.json and the tokenizer files beside the weights"
    case .adapterAlone(let folder): "give the checkpoint it was trained on, and --adapter \(folder)"
    case .pointer: "fetch the file it points to: git lfs pull"
    case .missingShard: "copy all shards beside the index"
    case .unmergedAdapter:
      "merge it in Python (model.merge_and_unload()), or give the base checkpoint and the adapter's folder with --adapter"
    case .adapterWithoutBase: "give the checkpoint that the adapter was trained on"
    default: nil
    }
  }

  /// The status of a program that ends because of this error.
  public var exitStatus: ExitStatus {
    switch self {
    case .core(let error): error.exitStatus
    case .notFound, .noWeights, .noConfiguration, .missingShard: .missingInput
    default: .badData
    }
  }

  /// Cases about finding files, and those of other modules.
  private var folderMessage: String? {
    switch self {
    case .core(let error): error.message
    case .notFound(let path, let reason): "\(path): cannot open: \(reason)"
    case .noWeights(let folder, let names):
      "\(folder): no weights: expected one of \(names.joined(separator: ", ")), found none"
    case .adapterAlone(let folder): "\(folder): expected a checkpoint, found a LoRA adapter alone"
    case .noConfiguration(let path, let weights):
      "\(path): expected the configuration of \(weights), found no such file"
    case .pointer(let path): "\(path): expected weights, found a pointer of Git LFS"
    case .unrecognizedFile(let path):
      "\(path): unrecognized file; supported: a Hugging Face folder, or a file that ends in .safetensors, .bin, .pt, .pth, "
        + ".safetensors.index.json or .bin.index.json"
    default: nil
    }
  }

  /// Cases about one tensor, whatever its container.
  private var tensorMessage: String? {
    switch self {
    case .missingTensors(let path, let names):
      "\(path): missing \(names.count == 1 ? "tensor" : "\(names.count) tensors"): \(Self.list(names))"
    case .wrongShape(let path, let tensor, let expected, let found):
      "\(path): \(tensor): expected shape \(Self.text(expected)), found \(Self.text(found))"
    case .unsupportedElementType(let path, let tensor, let found):
      "\(path): \(tensor): unsupported dtype \(found) for weights; supported: \(Self.supportedTypes)"
    case .duplicateTensor(let path, let tensor, let first, let second):
      "\(path): \(tensor): expected one tensor of this name, found both \(first) and \(second)"
    default: nil
    }
  }

  /// At most a hundred names, and how many more there are.
  static func list(_ names: [String]) -> String {
    names.prefix(100).joined(separator: ", ") + (names.count > 100 ? " and \(names.count - 100) more" : "")
  }

  static func text(_ shape: [Int]) -> String { "[\(shape.map(String.init).joined(separator: ", "))]" }

  private static var supportedTypes: String { DType.allCases.map(\.rawValue).joined(separator: ", ") }
}
