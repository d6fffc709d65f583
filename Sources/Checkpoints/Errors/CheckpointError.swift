import ModelCore

/// What can be wrong with a checkpoint.
public enum CheckpointError: Diagnostic, Equatable {
  /// A file cannot be opened or read, is not JSON, or says something in JSON that is not understood.
  case core(ModelCoreError)

  /// There is nothing usable at the path given.
  case notFound(path: String, reason: String)
  /// A folder without weights.
  case noWeights(folder: String, lookedFor: [String])
  /// Weights without a `config.json` beside them.
  case noConfiguration(path: String, weights: String)
  /// A zip archive of `torch.save`.
  case pyTorchArchive(path: String, entries: Int)
  /// Named like a PyTorch file, and a zip archive, but without `data.pkl`.
  case zipWithoutPickle(path: String, entries: Int)
  /// Named like a PyTorch file, and not a zip archive.
  case pyTorchPickle(path: String)
  /// The index of a checkpoint in several files.
  case shardedCheckpoint(path: String)
  /// A file that no rule knows.
  case unrecognizedFile(path: String)

  /// Too small for the length of a safetensors header.
  case noHeader(path: String, size: Int)
  /// The header is longer than the format allows.
  case headerTooLong(path: String, length: UInt64, limit: Int)
  /// The header reaches beyond the file.
  case headerBeyondFile(path: String, length: Int, available: Int)
  /// The header does not start with `{`.
  case headerNotObject(path: String, found: UInt8?)
  /// A field of a tensor that the format does not have.
  case unknownTensorField(path: String, tensor: String, field: String)
  /// A dtype that the format does not have.
  case unknownElementType(path: String, tensor: String, found: String)
  /// A dimension that is not a whole number ≥ 0.
  case invalidDimension(path: String, tensor: String, found: String)
  /// The elements or bytes of a shape cannot be counted in 64 bits, or are not whole bytes.
  case shapeTooLarge(path: String, tensor: String, shape: [Int], elementType: String)
  /// `data_offsets` is not a pair of whole numbers ≥ 0.
  case invalidOffsets(path: String, tensor: String, found: String)
  /// A tensor that ends before it begins.
  case reversedOffsets(path: String, tensor: String, begin: Int, end: Int)
  /// A tensor that reaches beyond the data.
  case offsetsBeyondData(path: String, tensor: String, end: Int, available: Int)
  /// The bytes of a tensor are not those of its shape.
  case wrongByteCount(path: String, tensor: String, shape: [Int], elementType: String, expected: Int, found: Int)
  /// A tensor begins before the one before it ends.
  case overlap(path: String, tensor: String, previous: String, expected: Int, found: Int)
  /// Bytes before a tensor that belong to none.
  case hole(path: String, tensor: String, expected: Int, found: Int)
  /// Bytes after the last tensor that belong to none.
  case trailingBytes(path: String, expected: Int, found: Int)

  /// Tensors that the model needs are not there.
  case missingTensors(path: String, names: [String])
  /// A tensor has another shape than the configuration implies.
  case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
  /// A tensor that is needed has a dtype that nothing here computes with.
  case unsupportedElementType(path: String, tensor: String, found: String)
}
