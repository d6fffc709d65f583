import Checkpoints
import Foundation
import ModelCore
import Testing

/// LoRA adapters of real PEFT, merged as its `merge_and_unload` merges them (`Scripts/adapter_fixtures.py`).
@Suite struct AdapterTests {
  static let cases = [
    "all_linear", "bias_all_saved_modules", "bias_lora_only", "bin", "dora", "embedding", "encoder_only",
    "layers_to_transform", "lora_bias", "patterns", "plain", "rslora_regex_bias_all",
  ]

  @Test func everyFixtureIsTested() throws {
    let root = URL(fileURLWithPath: Fixtures.adapter("plain")).deletingLastPathComponent().path
    #expect(try FileManager.default.contentsOfDirectory(atPath: root).sorted() == Self.cases)
  }

  static func merged(_ name: String) throws -> Checkpoint {
    try Checkpoint.open(Fixtures.randomTiny, adapter: Fixtures.adapter(name))
  }

  /// What PEFT changes is changed, to within the rounding of float32, and nothing else is.
  @Test(arguments: cases)
  func mergesAsPEFT(_ name: String) throws {
    let base = try Checkpoint.open(Fixtures.randomTiny)
    let merged = try Self.merged(name)
    let expected = try SafetensorsFile(path: Fixtures.adapter(name) + "/expected.safetensors")
    let changed = try #require(merged.adapter).changed
    #expect(changed == expected.tensors.map(\.name).sorted())
    #expect(merged.tensors.map(\.name) == base.tensors.map(\.name))
    var worst = 0.0
    for tensor in merged.tensors {
      let original = try #require(base.tensor(tensor.name))
      #expect(tensor.shape == original.shape && tensor.dtypeName == "F32")
      let values = try tensor.floats()
      guard changed.contains(tensor.name) else {
        #expect(!tensor.isMerged)
        #expect(try values.map(\.bitPattern) == original.floats().map(\.bitPattern), "\(tensor.name)")
        continue
      }
      let peft = try #require(expected.tensor(tensor.name))
      #expect(peft.shape == tensor.shape)
      for (found, wanted) in zip(values, try peft.floats()) {
        worst = max(worst, Double(abs(found - wanted)) / max(1, Double(abs(wanted))))
      }
      #expect(try values != original.floats())
    }
    #expect(worst <= 2e-7, "\(name): \(worst)")
  }

  /// A part of a tensor is the same whatever is read with it.
  @Test(arguments: cases)
  func oddPiecesAreTheWhole(_ name: String) throws {
    let merged = try Self.merged(name)
    for name in try #require(merged.adapter).changed {
      let tensor = try #require(merged.tensor(name))
      let whole = try tensor.floats().map(\.bitPattern)
      var sizes = [1, 7, 61, 64, 65, 130, 1, 999].makeIterator()
      var pieces: [UInt32] = []
      while pieces.count < whole.count {
        let end = min(pieces.count + (sizes.next() ?? 4099), whole.count)
        pieces += try tensor.floats(elements: pieces.count..<end).map(\.bitPattern)
      }
      #expect(pieces == whole, "\(name)")
      #expect(try tensor.floats(elements: whole.count - 1..<whole.count).map(\.bitPattern) == whole.suffix(1))
      #expect(try tensor.floats(elements: 0..<0).isEmpty)
      tensor.discard(elements: 0..<tensor.elementCount)
      #expect(try tensor.floats().map(\.bitPattern) == whole)
    }
  }

  /// The content is that of a checkpoint in which the merged tensors are stored; the files are base and adapter.
  @Test(arguments: cases)
  func digestIsOfTheMergedTensors(_ name: String) throws {
    let base = try Checkpoint.open(Fixtures.randomTiny)
    let merged = try Self.merged(name)
    let digest = try SourceDigest.compute(merged)
    #expect(try SourceDigest.compute(Self.merged(name)) == digest)
    #expect(try SourceDigest.compute(base).content != digest.content)
    let adapter = Fixtures.adapter(name)
    let weights = "\(adapter)/adapter_model.\(name == "bin" ? "bin" : "safetensors")"
    #expect(digest.files.map(\.path) == [base.weights.path, adapter + "/adapter_config.json", weights])
    let file = try SourceDigest.file(weights)
    #expect(digest.files[2] == file)
    #expect(merged.paths == base.paths + [adapter + "/adapter_config.json", weights])
    let folder = try TemporaryFolder()
    let stored = try merged.tensors.map { StoredTensor($0.name, $0.shape, try $0.floats()) }
    let twin = try Checkpoint.open(folder.checkpoint(weights: safetensors(stored)))
    #expect(try SourceDigest.compute(twin).content == digest.content)
  }

  /// The adapter that `torch.save` wrote, written as safetensors, is the same adapter.
  @Test func binIsTheSameAsSafetensors() throws {
    let folder = try TemporaryFolder()
    try folder.copy(Fixtures.adapter("bin") + "/adapter_model.bin", as: "adapter_model.bin")
    try folder.copy(Fixtures.randomTiny + "/config.json", as: "config.json")
    let file = try Checkpoint.open(folder.path + "/adapter_model.bin")
    #expect(file.weights.removedPrefixes == ["base_model.model."])
    let tensors = try file.tensors.map { try StoredTensor($0, as: "base_model.model.\($0.name)") }
    #expect(tensors.count == 2)
    let twin = try TemporaryFolder()
    try twin.copy(Fixtures.adapter("bin") + "/adapter_config.json", as: "adapter_config.json")
    _ = try twin.write("adapter_model.safetensors", safetensors(tensors))
    // Where both are there, the safetensors file counts, as in PEFT.
    _ = try twin.write("adapter_model.bin", "no archive")
    let merged = try Checkpoint.open(Fixtures.randomTiny, adapter: twin.path + "/")
    #expect(merged.adapter?.files.weights == twin.path + "/adapter_model.safetensors")
    let bin = try Self.merged("bin")
    #expect(merged.adapter?.changed == bin.adapter?.changed)
    #expect(try SourceDigest.compute(merged).content == SourceDigest.compute(bin).content)
  }

  /// A base in float16 becomes float32 where the adapter changes it: the sum is rounded once.
  @Test func baseOfSixteenBits() throws {
    let name = "model.text_projector.linear_1"
    let base = try Checkpoint.open(Fixtures.debianTags)
    let original = try #require(base.tensor(name + ".weight"))
    #expect(original.dtypeName == "F16" && original.shape == [192, 192])
    let a = (0..<384).map { Float($0 % 17) / 64 - 0.1 }
    let b = (0..<384).map { Float($0 % 23) / 128 - 0.07 }
    let folder = try TemporaryFolder()
    _ = try folder.write("adapter_config.json", "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":3}")
    _ = try folder.write(
      "adapter_model.safetensors",
      safetensors([
        StoredTensor("base_model.model.\(name).lora_A.weight", [2, 192], a),
        StoredTensor("base_model.model.\(name).lora_B.weight", [192, 2], b),
      ]))
    let merged = try Checkpoint.open(Fixtures.debianTags, adapter: folder.path)
    let tensor = try #require(merged.tensor(name + ".weight"))
    #expect(tensor.dtypeName == "F32" && tensor.dtype == .f32)
    #expect(merged.tensors.filter { $0.dtypeName == "F32" }.count == 1)
    let wanted = try original.floats().enumerated().map { index, value in
      let (row, column) = index.quotientAndRemainder(dividingBy: 192)
      let sum = Double(b[row * 2]) * Double(a[column]) + Double(b[row * 2 + 1]) * Double(a[192 + column])
      return Float(Double(value) + 1.5 * sum).bitPattern
    }
    #expect(try tensor.floats().map(\.bitPattern) == wanted)
  }
}
