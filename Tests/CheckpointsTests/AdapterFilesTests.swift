import Checkpoints
import Foundation
import ModelCore
import Testing

/// Where an adapter's files are, and which tensors of the base they are for.
@Suite struct AdapterFilesTests {
  typealias Zoo = AdapterZooTests

  static func error(_ adapter: String, base: String = Fixtures.randomTiny) -> CheckpointError? {
    checkpointError { () throws(CheckpointError) in try Checkpoint.open(base, adapter: adapter) }
  }

  @Test func missingPathsAre66() throws {
    let folder = try TemporaryFolder(adapter: "plain")
    let none = folder.path + "/none"
    let file = folder.path + "/adapter_model.safetensors"
    #expect(Self.error(none) == .notFound(path: none, reason: "No such file or directory"))
    #expect(Self.error(file) == .notFound(path: file, reason: "expected the folder of an adapter, found no folder"))
    #expect(Self.error("/dev/null")?.exitStatus == .missingInput)
    #expect(Self.error("")?.exitStatus == .missingInput)
    let empty = try TemporaryFolder()
    let names = ["adapter_model.safetensors", "adapter_model.bin"]
    #expect(Self.error(empty.path) == .noWeights(folder: empty.path, lookedFor: names))
    // The base itself is no adapter.
    #expect(Self.error(Fixtures.randomTiny) == .noWeights(folder: Fixtures.randomTiny, lookedFor: names))
    for path in [none, file, empty.path] { #expect(Self.error(path)?.exitStatus == .missingInput) }
  }

  /// An adapter where a checkpoint should be, alone or inside one.
  @Test func adapterIsNoCheckpoint() throws {
    let folder = Fixtures.adapter("plain")
    let alone = try #require(checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder) })
    #expect(alone == .adapterAlone(folder: folder))
    #expect(alone.exitStatus == .badData)
    #expect(alone.message == "\(folder): expected a checkpoint, found a LoRA adapter alone")
    #expect(alone.hint == "give the checkpoint it was trained on, and --adapter \(folder)")
    let inside = try TemporaryFolder()
    let weights = [StoredTensor("a.base_layer.weight", [2, 2]), StoredTensor("a.lora_A.default.weight", [1, 2])]
    let checkpoint = try Checkpoint.open(inside.checkpoint(weights: safetensors(weights)))
    let error = checkpointError { () throws(CheckpointError) in
      try checkpoint.require([TensorRequirement("a.weight", shape: [2, 2])])
    }
    #expect(error == .unmergedAdapter(path: checkpoint.weights.path, tensor: "a.lora_A.default.weight"))
    #expect(error?.exitStatus == .badData)
    #expect(error?.hint?.contains("merge_and_unload") == true)
  }

  @Test func bothFilesMustBeThere() throws {
    let folder = try TemporaryFolder(adapter: "plain")
    let weights = folder.path + "/adapter_model.safetensors"
    try folder.remove("adapter_config.json")
    let expected = CheckpointError.noConfiguration(path: folder.path + "/adapter_config.json", weights: weights)
    #expect(Self.error(folder.path + "//") == expected)
    #expect(expected.exitStatus == .missingInput)
    #expect(expected.hint == "give the folder that PEFT's save_pretrained wrote")
    let other = try TemporaryFolder(adapter: "plain")
    try other.remove("adapter_model.safetensors")
    let error = try #require(Self.error(other.path))
    #expect(error.message.contains("adapter_model.safetensors, adapter_model.bin"))
    try FileManager.default.createSymbolicLink(
      atPath: other.path + "/adapter_model.safetensors", withDestinationPath: "none")
    #expect(Self.error(other.path) == error)
  }

  /// Weights that are none.
  @Test func badWeights() throws {
    let folder = try TemporaryFolder(adapter: "plain")
    let path = folder.path + "/adapter_model.safetensors"
    let whole = try contents(path)
    _ = try folder.write("adapter_model.safetensors", "")
    #expect(Self.error(folder.path) == .noHeader(path: path, size: 0))
    _ = try folder.write("adapter_model.safetensors", "version https://git-lfs.github.com/spec/v1\n")
    #expect(Self.error(folder.path) == .pointer(path: path))
    _ = try folder.write("adapter_model.safetensors", whole.dropLast())
    #expect(Self.error(folder.path)?.message.hasPrefix(path) == true)
    _ = try folder.write("adapter_model.safetensors", whole + [0])
    #expect(Self.error(folder.path)?.exitStatus == .badData)
    // As training scripts leave it that save before the shards of parameters are gathered.
    _ = try folder.write("adapter_model.safetensors", safetensors("{}"))
    #expect(Self.error(folder.path) == .emptyAdapter(path: path))
    #expect(Self.error(folder.path)?.message == "\(path): expected tensors of an adapter, found none")
    try folder.editTensors { $0 = [StoredTensor("\(Zoo.prefix)a.original_module.weight", [1])] }
    #expect(Self.error(folder.path) == .emptyAdapter(path: path))
    try folder.remove("adapter_model.safetensors")
    let bin = try folder.write("adapter_model.bin", "no archive")
    #expect(Self.error(folder.path) == .notPyTorch(path: bin, size: 10))
    #expect(Self.error(folder.path)?.exitStatus == .badData)
  }

  /// A byte of an archive that changed is seen when it is opened, for nothing else reads the whole of it.
  @Test func damagedArchive() throws {
    let folder = try TemporaryFolder(adapter: "bin")
    try folder.copy(Fixtures.randomTiny + "/config.json", as: "config.json")
    var bytes = Data(try contents(folder.path + "/adapter_model.bin"))
    let tensor = try #require(Checkpoint.open(folder.path + "/adapter_model.bin").tensors.first)
    let elements = try Data(storedBytes(tensor, count: tensor.byteCount))
    bytes[try #require(bytes.range(of: elements)).lowerBound + 5] ^= 1
    let path = try folder.write("adapter_model.bin", Array(bytes))
    let error = try #require(Self.error(folder.path))
    guard case .zip(path, _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(error.message.contains("CRC-32"))
  }

  /// What the base does not have is named, all of it.
  @Test func otherBase() throws {
    let folder = try TemporaryFolder(adapter: "plain")
    let weights = folder.path + "/adapter_model.safetensors"
    try folder.editTensors { tensors in
      for index in tensors.indices { tensors[index].name.replace("layer.1.", with: "layer.7.") }
    }
    let names = ["query_proj", "value_proj"].map { "\(Zoo.layer).7.attention.self.\($0).weight" }
    let error = try #require(Self.error(folder.path))
    let base = Fixtures.randomTiny + "/model.safetensors"
    #expect(error == .adapterWithoutBase(path: weights, base: base, names: names))
    #expect(error.message.contains("expected 2 tensors in \(base) that are not there: \(names[0]), \(names[1])"))
    #expect(error.hint == "give the checkpoint that the adapter was trained on")
    #expect(error.exitStatus == .badData)
    // A base of another size has other shapes.
    let other = Self.error(Fixtures.adapter("plain"), base: Fixtures.debianTags)
    #expect(
      other
        == .wrongShape(
          path: Fixtures.adapter("plain") + "/adapter_model.safetensors", tensor: Zoo.queryA, expected: [4, 192],
          found: [4, 64]))
  }

  /// The bias of an embedding, which has none.
  @Test func biasThatTheBaseHasNot() throws {
    let folder = try TemporaryFolder(adapter: "lora_bias")
    let module = "model.encoder_model.embeddings.word_embeddings"
    try folder.editTensors {
      for index in $0.indices { $0[index].name.replace("\(Zoo.layer).0.attention.self.value_proj", with: module) }
    }
    guard case .adapterWithoutBase(_, _, ["\(module).bias"]) = Self.error(folder.path) else {
      Issue.record("\(Self.error(folder.path)?.message ?? "no error")")
      return
    }
  }

  /// Names count from one place in the base: the whole model, or its encoder.
  @Test func namesOfTwoPlaces() throws {
    let folder = try TemporaryFolder(adapter: "encoder_only")
    let merged = try Checkpoint.open(Fixtures.randomTiny, adapter: folder.path)
    #expect(merged.adapter?.changed.allSatisfy { $0.hasPrefix("model.encoder_model.encoder.layer") } == true)
    try folder.editTensors { $0.append(StoredTensor("\(Zoo.prefix)model.text_projector.linear_1.bias", [64])) }
    guard case .adapterWithoutBase(_, _, let names) = Self.error(folder.path) else {
      Issue.record("\(Self.error(folder.path)?.message ?? "no error")")
      return
    }
    #expect(names == ["model.encoder_model.model.text_projector.linear_1.bias"])
  }

  /// A layer that has an adapter and is saved as well: the saved one is the base of the change.
  @Test func savedAndAdapted() throws {
    let folder = try TemporaryFolder(adapter: "plain")
    let name = Zoo.query + ".weight"
    let saved = (0..<4096).map { Float($0) / 4096 }
    try folder.editTensors { $0.append(StoredTensor("\(Zoo.prefix)\(Zoo.query).base_layer.weight", [64, 64], saved)) }
    let base = try #require(Checkpoint.open(Fixtures.randomTiny).tensor(name)).floats()
    let plain = try #require(AdapterTests.merged("plain").tensor(name)).floats()
    let merged = try Checkpoint.open(Fixtures.randomTiny, adapter: folder.path)
    let values = try #require(merged.tensor(name)).floats()
    for index in 0..<4096 { #expect(abs(values[index] - saved[index] - (plain[index] - base[index])) < 1e-6) }
    let plainlyChanged = try AdapterTests.merged("plain").adapter?.changed
    #expect(merged.adapter?.changed == plainlyChanged)
    // Two tensors for one place.
    try folder.editTensors { $0.append(StoredTensor("\(Zoo.prefix)\(name)", [64, 64], saved)) }
    #expect(
      Self.error(folder.path)
        == .duplicateTensor(
          path: folder.path + "/adapter_model.safetensors", tensor: name,
          first: "\(Zoo.prefix)\(Zoo.query).base_layer.weight", second: "\(Zoo.prefix)\(name)"))
  }
}
