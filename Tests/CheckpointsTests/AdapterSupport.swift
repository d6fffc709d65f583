import Checkpoints
import Foundation
import ModelCore
import Testing

/// A tensor of a safetensors file that a test writes.
struct StoredTensor {
  var name: String
  var type: String
  var shape: [Int]
  var bytes: [UInt8]

  init(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
    (self.name, self.type, self.shape, self.bytes) = (name, type, shape, bytes)
  }

  init(_ name: String, _ shape: [Int], _ floats: [Float]) {
    self.init(name, "F32", shape, floats.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 255) } })
  }

  /// A tensor that is `value` everywhere.
  init(_ name: String, _ shape: [Int], all value: Float = 1) {
    self.init(name, shape, Array(repeating: value, count: shape.reduce(1, *)))
  }

  /// A tensor as it is in a checkpoint, under another name where one is given.
  init(_ tensor: TensorView, as name: String? = nil) throws {
    let bytes = try storedBytes(tensor, count: tensor.byteCount)
    self.init(name ?? tensor.name, tensor.dtypeName, tensor.shape, bytes)
  }
}

/// The bytes of a safetensors file with these tensors.
func safetensors(_ tensors: [StoredTensor]) -> [UInt8] {
  var offset = 0
  var rows: [String] = []
  for tensor in tensors {
    let end = offset + tensor.bytes.count
    rows.append(SafetensorsErrorTests.tensor(tensor.name, tensor.type, "\(tensor.shape)", "[\(offset),\(end)]"))
    offset = end
  }
  return safetensors("{\(rows.joined(separator: ","))}", data: tensors.flatMap(\.bytes))
}

extension TemporaryFolder {
  static let adapterWeights = "adapter_model.safetensors"
  static let adapterConfiguration = "adapter_config.json"

  /// A copy of the adapter `name` of the fixtures.
  convenience init(adapter name: String) throws {
    try self.init()
    try copyFiles(of: Fixtures.adapter(name))
    try remove("expected.safetensors")
  }

  /// Changes the tensors in an adapter's file.
  func editTensors(_ edit: (inout [StoredTensor]) throws -> Void) throws {
    var tensors = try SafetensorsFile(path: "\(path)/\(Self.adapterWeights)").tensors.map { try StoredTensor($0) }
    try edit(&tensors)
    _ = try write(Self.adapterWeights, safetensors(tensors))
  }

  /// Sets a field of an adapter's configuration to a value that JSON spells so; `nil` takes it out.
  func set(_ field: String, _ value: String?) throws {
    let mark = "the value"
    try editJSON(Self.adapterConfiguration) { $0[field] = value == nil ? nil : mark }
    let text = try read(Self.adapterConfiguration).replacing("\"\(mark)\"", with: value ?? "", maxReplacements: 1)
    _ = try write(Self.adapterConfiguration, text)
  }
}

/// A base of a few tensors of two by two zeros, and an adapter for some of its modules whose A and B are ones.
struct SmallAdapter {
  /// Members of the configuration beside `peft_type`, as JSON spells them.
  var configuration = "\"r\":1,\"lora_alpha\":1"
  /// Modules and their ranks.
  var modules: [(name: String, rank: Int)]

  init(_ configuration: String, _ modules: String...) {
    self.configuration = configuration
    self.modules = modules.map { ($0, 1) }
  }

  init(_ configuration: String, ranks modules: [(name: String, rank: Int)]) {
    (self.configuration, self.modules) = (configuration, modules)
  }

  /// Opens the base with the adapter in `folder`.
  func open(_ folder: TemporaryFolder) throws -> Result<Checkpoint, CheckpointError> {
    let base = try folder.checkpoint(
      weights: safetensors(modules.map { StoredTensor("\($0.name).weight", [2, 2], all: 0) }))
    _ = try folder.write("adapter_config.json", "{\"peft_type\":\"LORA\",\(configuration)}")
    let factors = modules.flatMap { module in
      [
        StoredTensor("base_model.model.\(module.name).lora_A.weight", [module.rank, 2]),
        StoredTensor("base_model.model.\(module.name).lora_B.weight", [2, module.rank]),
      ]
    }
    _ = try folder.write("adapter_model.safetensors", safetensors(factors))
    do throws(CheckpointError) { return .success(try Checkpoint.open(base, adapter: base)) } catch {
      return .failure(error)
    }
  }
}
