import ModelCore

/// The index of a checkpoint in several files: `model.safetensors.index.json` or `pytorch_model.bin.index.json`
/// (`huggingface_hub` `split_torch_state_dict_into_shards`), an object with `weight_map`, names of tensors to names of files.
public struct ShardIndex: Sendable, Equatable {
  /// The index file.
  public let path: String
  /// The files, sorted by name.
  public let shards: [String]
  /// The container of all of them.
  public let container: WeightContainer
  /// Which file each tensor is in, as an index into ``shards``.
  let shardByTensor: [(name: String, shard: Int)]

  /// Reads the index at `path`, whose shards are beside it.
  /// - Throws: ``CheckpointError``, for shards that are missing, names that lead elsewhere, and what is no index.
  package init(path: String, container: WeightContainer) throws(CheckpointError) {
    let root = try reading { () throws(ModelCoreError) in try JSONDocument(contentsOf: path).root }
    let map = try reading { () throws(ModelCoreError) in
      let map = try root.required("weight_map")
      guard map.isObject else { throw map.unexpected("an object of file names by tensor") }
      return map
    }
    var files: [(tensor: String, file: String)] = []
    for name in map.keys {
      guard let value = map.member(name) else { continue }
      let file = try reading { () throws(ModelCoreError) in try value.requireString() }
      // A name of the folder, and nothing that leads out of it.
      guard !file.isEmpty, !file.contains("/"), !file.utf8.contains(0), file.hasSuffix(container.suffix) else {
        throw .shardName(
          path: path, tensor: name, expected: "a file name that ends in \(container.suffix)", found: file)
      }
      files.append((name, file))
    }
    guard !files.isEmpty else { throw .emptyIndex(path: path) }
    let names = Set(files.map(\.file)).sorted()
    let folder = FilePath.folder(path)
    shards = names.map { FilePath.join(folder, $0) }
    for (name, shard) in zip(names, shards) where FilePath.existing(name, in: folder) == nil {
      throw .missingShard(path: path, shard: shard, tensors: files.filter { $0.file == name }.map(\.tensor))
    }
    let position = Dictionary(zip(names, names.indices)) { first, _ in first }
    shardByTensor = files.map { ($0.tensor, position[$0.file] ?? 0) }
    self.path = path
    self.container = container
  }

  /// Whether both are of one index and name the same files.
  public static func == (left: Self, right: Self) -> Bool {
    left.path == right.path && left.shards == right.shards
  }

  /// Every tensor of the index must be in the shard that the index names, and no shard may hold another.
  func check(_ files: [WeightFile]) throws(CheckpointError) {
    var holders: [ExactBytes: Int] = [:]
    for (shard, file) in files.enumerated() {
      for tensor in file.tensors {
        if let other = holders.updateValue(shard, forKey: ExactBytes(tensor.name)) {
          throw .tensorInTwoShards(path: path, tensor: tensor.name, first: shards[other], second: shards[shard])
        }
      }
    }
    for (name, shard) in shardByTensor {
      guard let holder = holders.removeValue(forKey: ExactBytes(name)) else {
        throw .tensorInNoShard(path: path, tensor: name, expected: shards[shard])
      }
      guard holder == shard else {
        throw .tensorInOtherShard(path: path, tensor: name, expected: shards[shard], found: shards[holder])
      }
    }
    if let (name, shard) = holders.min(by: { $0.key.string < $1.key.string }) {
      throw .tensorNotInIndex(path: path, tensor: name.string, shard: shards[shard])
    }
  }
}

extension WeightContainer {
  /// What file names of this container end in.
  var suffix: String {
    switch self {
    case .safetensors: ".safetensors"
    case .pyTorch: ".bin"
    }
  }
}
