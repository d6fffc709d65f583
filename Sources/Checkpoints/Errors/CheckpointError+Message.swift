import ModelCore

extension CheckpointError {
  /// One line that names the file, what was expected and what was found.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .core(let error): error.message
    case .notFound(let path, let reason): "\(path): cannot open: \(reason)"
    case .noWeights(let folder, let names):
      "\(folder): no weights: expected one of \(names.joined(separator: ", ")), found none"
    case .noConfiguration(let path, let weights):
      "\(path): expected the configuration of \(weights), found no such file"
    case .pyTorchArchive(let path, let entries):
      "\(path): a PyTorch zip archive of \(entries) entries is not yet supported; supported: model.safetensors"
    case .zipWithoutPickle(let path, let entries):
      "\(path): expected a PyTorch archive, found a zip archive of \(entries) entries without data.pkl"
    case .pyTorchPickle(let path):
      "\(path): a PyTorch file that is not a zip archive is not supported; supported: model.safetensors"
    case .shardedCheckpoint(let path):
      "\(path): a checkpoint in several files is not yet supported; supported: one model.safetensors"
    case .unrecognizedFile(let path):
      "\(path): unrecognized file; supported: a Hugging Face folder, or a file that ends in .safetensors"
    case .noHeader(let path, let size):
      "\(path): safetensors header: expected at least 8 bytes, found \(size)"
    case .headerTooLong(let path, let length, let limit):
      "\(path): safetensors header: expected at most \(limit) bytes, found a length of \(length)"
    case .headerBeyondFile(let path, let length, let available):
      "\(path): safetensors header: expected \(length) bytes, found \(available)"
    case .headerNotObject(let path, let found):
      "\(path): safetensors header: expected '{', found \(found.map { "byte \($0)" } ?? "nothing")"
    case .missingTensors(let path, let names):
      "\(path): missing \(names.count == 1 ? "tensor" : "\(names.count) tensors"): "
        + names.prefix(100).joined(separator: ", ") + (names.count > 100 ? " and \(names.count - 100) more" : "")
    case .trailingBytes(let path, let expected, let found):
      "\(path): data: expected \(expected) bytes, as many as the tensors cover, found \(found)"
    default: tensorMessage
    }
  }

  /// The messages of cases about one tensor.
  private var tensorMessage: String {
    switch self {
    case .unknownTensorField(let path, let tensor, let field):
      "\(path): \(tensor): expected dtype, shape and data_offsets, found field \(field)"
    case .unknownElementType(let path, let tensor, let found):
      "\(path): \(tensor): expected a dtype of the safetensors format, found \(found)"
    case .invalidDimension(let path, let tensor, let found):
      "\(path): \(tensor): shape: expected whole numbers from 0, found \(found)"
    case .shapeTooLarge(let path, let tensor, let shape, let type):
      "\(path): \(tensor): expected a shape whose bytes can be counted, found \(Self.text(shape)) of \(type)"
    case .invalidOffsets(let path, let tensor, let found):
      "\(path): \(tensor): data_offsets: expected two whole numbers from 0, found \(found)"
    case .reversedOffsets(let path, let tensor, let begin, let end):
      "\(path): \(tensor): data_offsets: expected an end from \(begin), found \(end)"
    case .offsetsBeyondData(let path, let tensor, let end, let available):
      "\(path): \(tensor): data_offsets: expected an end up to \(available), the bytes of data, found \(end)"
    case .wrongByteCount(let path, let tensor, let shape, let type, let expected, let found):
      "\(path): \(tensor): expected \(expected) bytes for \(Self.text(shape)) of \(type), found \(found)"
    case .overlap(let path, let tensor, let previous, let expected, let found):
      "\(path): \(tensor): expected data from offset \(expected), where \(previous) ends, found \(found): they overlap"
    case .hole(let path, let tensor, let expected, let found):
      "\(path): \(tensor): expected data from offset \(expected), found \(found): bytes between belong to no tensor"
    case .wrongShape(let path, let tensor, let expected, let found):
      "\(path): \(tensor): expected shape \(Self.text(expected)), found \(Self.text(found))"
    case .unsupportedElementType(let path, let tensor, let found):
      "\(path): \(tensor): unsupported dtype \(found); supported: \(Self.supportedTypes)"
    default: "internal error: a message is missing"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .core(let error): error.hint
    case .pyTorchArchive, .pyTorchPickle, .shardedCheckpoint:
      "save the model as one model.safetensors: safetensors.torch.save_file(state_dict, \"model.safetensors\")"
    case .noConfiguration: "copy config.json and the tokenizer files beside the weights"
    default: nil
    }
  }

  /// The status of a program that ends because of this error.
  public var exitStatus: ExitStatus {
    switch self {
    case .core(let error): error.exitStatus
    case .notFound, .noWeights, .noConfiguration: .missingInput
    default: .badData
    }
  }

  private static func text(_ shape: [Int]) -> String {
    "[\(shape.map(String.init).joined(separator: ", "))]"
  }

  private static var supportedTypes: String { DType.allCases.map(\.rawValue).joined(separator: ", ") }
}
