import CKernels
import Checkpoints
import ModelCore

extension FuzzTarget {
  /// A safetensors file: its header, and every tensor in it.
  static func safetensors(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let scratch = try ScratchFile(bytes)
    return FuzzInput(scratch.path) {
      let file = try SafetensorsFile(path: scratch.path)
      try read(file.tensors)
      let covered = file.tensors.reduce(0) { $0 + $1.byteCount }
      precondition(file.dataOffset + covered == bytes.count, "the tensors do not cover the data")
    }
  }

  /// A pickle, and the state dict in it.
  static func pickle(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let path = "fuzz.pt"
    return FuzzInput(path) { _ = try StateDictionary(pickle: bytes, path: path) }
  }

  /// A file of `torch.save`: the archive, the pickle in it, and every tensor. Where a checksum stops the input, it is mended:
  /// the fuzzer would never come past one.
  static func pyTorch(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let scratch = try ScratchFile(bytes)
    let outcome = FuzzInput(scratch.path) { try read(PyTorchFile(path: scratch.path).tensors) }
    guard case .refused(let message, _) = outcome.outcome, message.contains("expected CRC-32") else { return outcome }
    var mended = Array(bytes)
    ZipSeal.mend(&mended)
    return try mended.withUnsafeBytes { bytes in
      let scratch = try ScratchFile(bytes)
      return FuzzInput(scratch.path) { try read(PyTorchFile(path: scratch.path).tensors) }
    }
  }

  /// The index of a checkpoint in several files, of which those that it may name are there.
  static func shards(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let folder = try ScratchFolder()
    let container: WeightContainer = bytes.first == UInt8(ascii: "{") ? .safetensors : .pyTorch
    let name = "index.json"
    try folder.write(name, bytes)
    for shard in ["a.safetensors", "b.safetensors", "a.bin"] { try folder.write(shard, .init(start: nil, count: 0)) }
    return FuzzInput(folder.path) { _ = try ShardIndex(path: "\(folder.path)/\(name)", container: container) }
  }

  /// `config.json`.
  static func configuration(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let path = "config.json"
    return FuzzInput(path) {
      let configuration = try ModelConfiguration(huggingFace: JSONDocument(bytes, path: path).root)
      // What a conversion writes of it, an engine must read again.
      let metadata = JSON.object([("model", configuration.modelMetadata), ("prompt", configuration.promptMetadata)])
      _ = try ModelConfiguration(
        metadata: JSONDocument(metadata.text(), path: path).root, version: configuration.formatVersion)
    }
  }

  /// Three files in one: an adapter's configuration and weights, and the weights that it changes.
  static func adapter(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let parts = bytes.parts(3, separator: separator)
    let folder = try ScratchFolder()
    let names = ["adapter_config.json", "adapter_model.safetensors", "model.safetensors"]
    for (name, part) in zip(names, parts) { try folder.write(name, part) }
    try baseConfiguration.withUnsafeBytes { try folder.write("config.json", $0) }
    return FuzzInput(folder.path) {
      try read(Checkpoint.open(folder.path, adapter: folder.path).tensors)
    }
  }

  /// Stands between the parts of an input that is several files; no part holds it by chance.
  static let separator: [UInt8] = Array("\n--8<--\n".utf8)

  /// The least that a configuration must say.
  private static let baseConfiguration = Array(
    """
    {"architecture_type": "uni-encoder", "class_token_index": 0, "text_token_index": 1, "encoder_config": { \
    "hidden_size": 32, "num_attention_heads": 2, "position_buckets": 8, "relative_attention": true, \
    "position_biased_input": false, "share_att_key": true}}
    """.utf8)

  /// Reads every element that there is, in every way there is.
  private static func read(_ tensors: [TensorView]) throws {
    for tensor in tensors {
      try tensor.withStoredBytes(elements: 0..<tensor.elementCount) { _ in }
      guard tensor.dtype != nil else { continue }
      let all = try tensor.floats()
      precondition(all.count == tensor.elementCount)
      let middle = tensor.elementCount / 2
      _ = try tensor.floats(elements: middle..<tensor.elementCount)
      tensor.discard(elements: 0..<middle)
    }
  }
}
