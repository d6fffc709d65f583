extension CheckpointError {
  /// Cases about safetensors files.
  var safetensorsMessage: String? {
    switch self {
    case .noHeader(let path, let size):
      "\(path): safetensors header: expected at least 8 bytes, found \(size)"
    case .headerTooLong(let path, let length, let limit):
      "\(path): safetensors header: expected at most \(limit) bytes, found a length of \(length)"
    case .headerBeyondFile(let path, let length, let available):
      "\(path): safetensors header: expected \(length) bytes, found \(available)"
    case .rowTooLong(let path, let tensor, let found, let limit):
      "\(path): \(tensor): expected at most \(limit) bytes of dtype, shape and data_offsets, found \(found)"
    case .headerNotObject(let path, let found):
      "\(path): safetensors header: expected '{', found \(found.map { "byte \($0)" } ?? "nothing")"
    case .trailingBytes(let path, let expected, let found):
      "\(path): data: expected \(expected) bytes, as many as the tensors cover, found \(found)"
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
    default: nil
    }
  }

  /// Cases about files of `torch.save`.
  var pyTorchMessage: String? {
    switch self {
    case .zip(let path, let violation): "\(path): \(violation.message)"
    case .pickle(let path, let position, let violation):
      "\(path): data.pkl: at byte \(position): \(violation.message)"
    case .zipWithoutPickle(let path, let entries):
      "\(path): expected a PyTorch archive, found a zip archive of \(entries) entries without data.pkl"
    case .severalPickles(let path, let entries):
      "\(path): expected one data.pkl, found \(Self.list(entries))"
    case .torchScript(let path, let entry):
      "\(path): expected an archive of torch.save, found one of TorchScript, with \(entry)"
    case .pyTorchPickle(let path):
      "\(path): expected a zip archive, found a bare pickle, as torch.save wrote before PyTorch 1.6: not supported"
    case .pyTorchTar(let path):
      "\(path): expected a zip archive, found a tar archive, as torch.save wrote before PyTorch 0.1.10: not supported"
    case .notPyTorch(let path, let size):
      "\(path): expected a zip archive of torch.save, found \(size == 0 ? "an empty file" : "something else")"
    case .byteOrder(let path, let found): "\(path): byteorder: expected \"little\" or \"big\", found \(found)"
    case .noStateDict(let path, let found): "\(path): expected a dictionary of tensors by name, found \(found)"
    case .ambiguousStateDict(let path, let keys):
      "\(path): expected one dictionary of tensors, found \(keys.joined(separator: " and "))"
    case .noStorage(let path, let tensor, let storage):
      "\(path): \(tensor): expected the entry data/\(storage), found none"
    case .storageSize(let path, let tensor, let entry, let elements, let size, let found):
      "\(path): \(tensor): expected \(elements) elements of \(size) \(size == 1 ? "byte" : "bytes") in \(entry), found \(found) bytes"
    case .beyondStorage(let path, let tensor, let storage, let shape, let strides, let offset, let available):
      "\(path): \(tensor): expected at most the \(available) elements of data/\(storage), found shape \(Self.text(shape)) with "
        + "strides \(Self.text(strides)) from element \(offset)"
    case .repeatedBytes(let path, let tensor, let bytes, let limit):
      "\(path): \(tensor): expected at most \(limit) bytes of tensors in a file of this size, found \(bytes): too many share storages"
    default: nil
    }
  }

  /// Cases about checkpoints in several files.
  var shardMessage: String? {
    switch self {
    case .missingShard(let path, let shard, let tensors):
      "\(path): expected the shard \(shard), of \(tensors.count) \(tensors.count == 1 ? "tensor" : "tensors"), found no such file"
    case .shardName(let path, let tensor, let expected, let found):
      "\(path): weight_map.\(tensor): expected \(expected), found \"\(found)\""
    case .emptyIndex(let path): "\(path): weight_map: expected tensors, found none"
    case .tensorInTwoShards(let path, let tensor, let first, let second):
      "\(path): \(tensor): expected one shard with it, found it in \(first) and in \(second)"
    case .tensorInNoShard(let path, let tensor, let expected):
      "\(path): \(tensor): expected in \(expected), found in no shard"
    case .tensorInOtherShard(let path, let tensor, let expected, let found):
      "\(path): \(tensor): expected in \(expected), found in \(found)"
    case .tensorNotInIndex(let path, let tensor, let shard):
      "\(path): \(tensor): expected every tensor of \(shard) in the index, found this one missing there"
    default: nil
    }
  }

  /// Cases about adapters.
  var adapterMessage: String? {
    switch self {
    case .adapterTensor(let path, let tensor, let expected): "\(path): \(tensor): expected \(expected)"
    case .unmergedAdapter(let path, let tensor):
      "\(path): expected merged weights, found a LoRA adapter inside, without its scale: \(tensor)"
    case .emptyAdapter(let path): "\(path): expected tensors of an adapter, found none"
    case .adapterWithoutBase(let path, let base, let names):
      "\(path): expected \(names.count == 1 ? "a tensor" : "\(names.count) tensors") in \(base) that \(names.count == 1 ? "is" : "are") "
        + "not there: \(Self.list(names))"
    case .pattern(let path, let field, .invalid(let reason, let offset)):
      "\(path): \(field): expected a regular expression, found at character \(offset): \(reason)"
    case .pattern(let path, let field, .tooHard):
      "\(path): \(field): expected a regular expression that is matched in few steps, found one that takes too many"
    default: nil
    }
  }
}
