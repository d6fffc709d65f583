import ModelCore

/// What can be wrong with a checkpoint.
public enum CheckpointError: Diagnostic, Equatable {
  /// A file cannot be opened or read, is not JSON, or says something in JSON that is not understood.
  case core(ModelCoreError)

  /// There is nothing usable at the path given.
  case notFound(path: String, reason: String)
  /// A folder without weights.
  case noWeights(folder: String, lookedFor: [String])
  /// The folder of an adapter where a checkpoint's should be.
  case adapterAlone(folder: String)
  /// Weights without a `config.json` beside them.
  case noConfiguration(path: String, weights: String)
  /// A pointer of Git LFS where a file of weights should be.
  case pointer(path: String)
  /// What is wrong with a zip archive.
  case zip(path: String, ZipViolation)
  /// What is wrong with a pickle, and the offset in it of the opcode that shows it.
  case pickle(path: String, position: Int, PickleViolation)
  /// Named like a PyTorch file, and a zip archive, but without `data.pkl`.
  case zipWithoutPickle(path: String, entries: Int)
  /// A zip archive with more than one `data.pkl`.
  case severalPickles(path: String, entries: [String])
  /// An archive of TorchScript.
  case torchScript(path: String, entry: String)
  /// A bare pickle, as `torch.save` wrote before PyTorch 1.6.
  case pyTorchPickle(path: String)
  /// A tar archive, as `torch.save` wrote before PyTorch 0.1.10.
  case pyTorchTar(path: String)
  /// Named like a PyTorch file, and nothing that PyTorch ever wrote.
  case notPyTorch(path: String, size: Int)
  /// The record `byteorder` says neither `little` nor `big`.
  case byteOrder(path: String, found: String)
  /// What was saved is no dictionary of tensors, and has none inside that is known.
  case noStateDict(path: String, found: String)
  /// Several dictionaries that could be the state dict.
  case ambiguousStateDict(path: String, keys: [String])
  /// Two tensors whose names are one without the prefixes of wrappers.
  case duplicateTensor(path: String, tensor: String, first: String, second: String)
  /// A tensor in a storage that the archive does not have.
  case noStorage(path: String, tensor: String, storage: String)
  /// A storage whose elements are not the bytes of its entry.
  case storageSize(path: String, tensor: String, entry: String, elements: Int, elementSize: Int, found: Int)
  /// A tensor with elements outside its storage.
  case beyondStorage(
    path: String, tensor: String, storage: String, shape: [Int], strides: [Int], offset: Int, available: Int)
  /// Tensors that show the same bytes so often that reading them is out of proportion to the file.
  case repeatedBytes(path: String, tensor: String, bytes: Int, limit: Int)

  /// A shard that an index names and that is not there.
  case missingShard(path: String, shard: String, tensors: [String])
  /// An index that names something else than a file beside it.
  case shardName(path: String, tensor: String, expected: String, found: String)
  /// An index without tensors.
  case emptyIndex(path: String)
  /// A tensor that two shards hold.
  case tensorInTwoShards(path: String, tensor: String, first: String, second: String)
  /// A tensor of the index that no shard holds.
  case tensorInNoShard(path: String, tensor: String, expected: String)
  /// A tensor that another shard holds than the index says.
  case tensorInOtherShard(path: String, tensor: String, expected: String, found: String)
  /// A tensor of a shard that the index does not know.
  case tensorNotInIndex(path: String, tensor: String, shard: String)

  /// A tensor of an adapter that is not what it should be.
  case adapterTensor(path: String, tensor: String, expected: String)
  /// A state dict of a model with an adapter inside.
  case unmergedAdapter(path: String, tensor: String)
  /// An adapter that changes nothing.
  case emptyAdapter(path: String)
  /// What an adapter changes is not in the base.
  case adapterWithoutBase(path: String, base: String, names: [String])
  /// A regular expression that cannot be used.
  case pattern(path: String, field: String, PatternFailure)

  /// A file that no rule knows.
  case unrecognizedFile(path: String)

  /// Too small for the length of a safetensors header.
  case noHeader(path: String, size: Int)
  /// The header is longer than the format allows.
  case headerTooLong(path: String, length: UInt64, limit: Int)
  /// The header reaches beyond the file.
  case headerBeyondFile(path: String, length: Int, available: Int)
  /// More text about one tensor than any has.
  case rowTooLong(path: String, tensor: String, found: Int, limit: Int)
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
