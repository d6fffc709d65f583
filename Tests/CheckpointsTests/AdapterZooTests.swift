import Checkpoints
import Foundation
import ModelCore
import Testing

/// Every way the files of an adapter can be wrong, or not those of the base.
@Suite struct AdapterZooTests {
  static let layer = "model.encoder_model.encoder.layer"
  static let query = "\(layer).0.attention.self.query_proj"
  static let prefix = "base_model.model."
  static let queryA = "\(prefix)\(query).lora_A.weight"
  static let queryB = "\(prefix)\(query).lora_B.weight"
  static let normA = "\(prefix)\(layer).0.output.LayerNorm.lora_A.weight"
  static let normB = "\(prefix)\(layer).0.output.LayerNorm.lora_B.weight"
  static let weights = TemporaryFolder.adapterWeights

  struct BadAdapter: Sendable, CustomTestStringConvertible {
    let name: String
    let source: String
    let change: @Sendable (TemporaryFolder) throws -> Void
    let error: @Sendable (String) -> CheckpointError
    var testDescription: String { name }

    /// - Parameters:
    ///   - source: A fixture.
    ///   - change: Makes it wrong.
    ///   - error: What must be said, of a file at the path given.
    init(
      _ name: String, of source: String = "plain", _ change: @escaping @Sendable (TemporaryFolder) throws -> Void,
      _ error: @escaping @Sendable (String) -> CheckpointError
    ) {
      (self.name, self.source, self.change, self.error) = (name, source, change, error)
    }

    /// A fixture of which tensors are changed.
    init(
      _ name: String, of source: String = "plain", tensors: @escaping @Sendable (inout [StoredTensor]) throws -> Void,
      _ error: @escaping @Sendable (String) -> CheckpointError
    ) {
      self.init(name, of: source) {
        try $0.editTensors(tensors)
      } _: {
        error("\($0)/\(weights)")
      }
    }

    /// The adapter `plain` with the tensor `name` called `other`.
    init(rename name: String, _ other: String, _ error: @escaping @Sendable (String) -> CheckpointError) {
      self.init("\(name) is called \(other)") {
        let index = try #require($0.firstIndex { $0.name == name })
        $0[index].name = other
      } _: {
        error($0)
      }
    }
  }

  static func remove(_ name: String, _ tensors: inout [StoredTensor]) throws {
    try #require(tensors.contains { $0.name == name })
    tensors.removeAll { $0.name == name }
  }

  /// Puts another tensor of the name in the place of one.
  static func put(_ tensor: StoredTensor, _ tensors: inout [StoredTensor]) throws {
    tensors[try #require(tensors.firstIndex { $0.name == tensor.name })] = tensor
  }

  static let parts: [BadAdapter] = [
    BadAdapter("A without B") {
      try remove(queryB, &$0)
    } _: {
      .missingTensors(path: $0, names: ["\(query).lora_B"])
    },
    BadAdapter("B without A") {
      try remove(queryA, &$0)
    } _: {
      .missingTensors(path: $0, names: ["\(query).lora_A"])
    },
    BadAdapter("A of rows without B", of: "embedding") {
      try remove("\(prefix)model.encoder_model.embeddings.word_embeddings.lora_embedding_B", &$0)
    } _: {
      .missingTensors(
        path: $0, names: ["model.encoder_model.embeddings.word_embeddings.lora_embedding_B"])
    },
    BadAdapter("magnitude alone", of: "dora") {
      try remove(queryA, &$0)
      try remove(queryB, &$0)
    } _: {
      .missingTensors(path: $0, names: ["\(query).lora_A", "\(query).lora_B"])
    },
    BadAdapter("no magnitude", of: "dora") {
      try remove("\(prefix)\(query).lora_magnitude_vector", &$0)
    } _: {
      .missingTensors(path: $0, names: ["\(query).lora_magnitude_vector"])
    },
    BadAdapter("magnitude without use_dora") {
      $0.append(StoredTensor("\(prefix)\(query).lora_magnitude_vector", [64]))
    } _: {
      .adapterTensor(
        path: $0, tensor: "\(query).lora_magnitude_vector", expected: "use_dora, and only on linear layers")
    },
    BadAdapter(rename: queryA, "\(query).lora_A.weight") {
      .adapterTensor(path: $0, tensor: "\(query).lora_A.weight", expected: "a name that begins with \(prefix)")
    },
    BadAdapter(rename: queryA, "base_model.encoder_model.query_proj.lora_A.weight") {
      .adapterTensor(
        path: $0, tensor: "base_model.encoder_model.query_proj.lora_A.weight",
        expected: "a name that begins with \(prefix)")
    },
    BadAdapter(rename: queryA, "\(prefix)\(query).lora_C.weight") { unknownPart($0, "\(query).lora_C.weight") },
    BadAdapter(rename: queryA, "\(prefix)\(query).lora_unknown") { unknownPart($0, "\(query).lora_unknown") },
    BadAdapter(rename: queryA, "\(prefix)\(query).lora_a.weight") { unknownPart($0, "\(query).lora_a.weight") },
    BadAdapter(rename: queryA, "\(prefix)\(query).lora_A.bias") {
      .adapterTensor(
        path: $0, tensor: "\(prefix)\(query).lora_A.bias", expected: "weights of A and B, or the bias of B")
    },
    BadAdapter("A twice") {
      $0.append(StoredTensor("\(prefix)\(query).lora_A.default.weight", [4, 64]))
    } _: {
      .duplicateTensor(
        path: $0, tensor: "lora_A", first: queryA, second: "\(prefix)\(query).lora_A.default.weight")
    },
    BadAdapter("A of rows beside B") {
      let index = try #require($0.firstIndex { $0.name == queryA })
      $0[index].name = "\(prefix)\(query).lora_embedding_A"
    } _: {
      .adapterTensor(path: $0, tensor: queryB, expected: "parts of a linear layer or of an embedding, not both")
    },
  ]

  static func unknownPart(_ path: String, _ name: String) -> CheckpointError {
    .adapterTensor(
      path: path, tensor: name,
      expected:
        "a part of LoRA that is known: lora_A, lora_B, lora_embedding_A, lora_embedding_B, lora_magnitude_vector")
  }

  static let shapes: [BadAdapter] = [
    BadAdapter("rank of another configuration") {
      try $0.set("r", "8")
    } _: {
      .wrongShape(path: "\($0)/\(weights)", tensor: queryA, expected: [8, 64], found: [4, 64])
    },
    BadAdapter("rank of another pattern") {
      try $0.set("rank_pattern", "{\"query_proj\":3}")
    } _: {
      .wrongShape(path: "\($0)/\(weights)", tensor: queryA, expected: [3, 64], found: [4, 64])
    },
    BadAdapter("A of other inputs") {
      try put(StoredTensor(queryA, [4, 63]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryA, expected: [4, 64], found: [4, 63])
    },
    BadAdapter("A transposed") {
      try put(StoredTensor(queryA, [64, 4]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryA, expected: [4, 64], found: [64, 4])
    },
    BadAdapter("A of one dimension") {
      try put(StoredTensor(queryA, [256]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryA, expected: [4, 64], found: [256])
    },
    BadAdapter("A of a convolution") {
      try put(StoredTensor(queryA, [4, 64, 1, 1]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryA, expected: [4, 64], found: [4, 64, 1, 1])
    },
    // As DeepSpeed's third stage saves what it has not gathered.
    BadAdapter("A without elements") {
      try put(StoredTensor(queryA, [0]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryA, expected: [4, 64], found: [0])
    },
    BadAdapter("B of other outputs") {
      try put(StoredTensor(queryB, [65, 4]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryB, expected: [64, 4], found: [65, 4])
    },
    BadAdapter("B of another rank") {
      try put(StoredTensor(queryB, [64, 2]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: queryB, expected: [64, 4], found: [64, 2])
    },
    BadAdapter("magnitude of inputs", of: "dora") {
      try put(StoredTensor("\(prefix)\(layer).0.output.dense.lora_magnitude_vector", [128]), &$0)
    } _: {
      .wrongShape(
        path: $0, tensor: "\(prefix)\(layer).0.output.dense.lora_magnitude_vector", expected: [64], found: [128])
    },
    BadAdapter("bias of B of inputs", of: "lora_bias") {
      try put(StoredTensor("\(prefix)\(layer).0.attention.self.value_proj.lora_B.bias", [32]), &$0)
    } _: {
      .wrongShape(
        path: $0, tensor: "\(prefix)\(layer).0.attention.self.value_proj.lora_B.bias", expected: [64], found: [32])
    },
    BadAdapter("saved module of another size", of: "patterns") {
      try put(StoredTensor("\(prefix)model.text_projector.linear_1.weight", [32, 64]), &$0)
    } _: {
      .wrongShape(path: $0, tensor: "model.text_projector.linear_1.weight", expected: [64, 64], found: [32, 64])
    },
    BadAdapter("whole numbers") {
      try put(StoredTensor(queryA, "I32", [4, 64], Array(repeating: 1, count: 1024)), &$0)
    } _: {
      .unsupportedElementType(path: $0, tensor: queryA, found: "I32")
    },
    BadAdapter("module beside target_modules") {
      try $0.set("target_modules", "[\"query_proj\"]")
    } _: {
      .adapterTensor(
        path: "\($0)/\(weights)", tensor: "\(prefix)\(layer).0.attention.self.value_proj.lora_A.weight",
        expected: "a module that target_modules covers, and no other field leaves out")
    },
    BadAdapter("vector") {
      try $0.set("target_modules", "[\"LayerNorm\"]")
      try $0.editTensors { $0 = [StoredTensor(normA, [4, 64]), StoredTensor(normB, [64, 4])] }
    } _: {
      .adapterTensor(path: "\($0)/\(weights)", tensor: normA, expected: "a base tensor of two dimensions")
    },
    BadAdapter("DoRA of an embedding", of: "embedding") {
      try $0.set("use_dora", "true")
    } _: {
      .adapterTensor(
        path: "\($0)/\(weights)", tensor: "model.encoder_model.embeddings.word_embeddings.lora_magnitude_vector",
        expected: "use_dora, and only on linear layers")
    },
  ]

  @Test(arguments: parts + shapes)
  func isRefused(_ bad: BadAdapter) throws {
    let folder = try TemporaryFolder(adapter: bad.source)
    try bad.change(folder)
    let error = checkpointError { () throws(CheckpointError) in
      try Checkpoint.open(Fixtures.randomTiny, adapter: folder.path)
    }
    #expect(error == bad.error(folder.path))
    #expect(error?.exitStatus == .badData)
    #expect(error?.message.hasPrefix(folder.path) == true)
    #expect(error?.message.contains("internal error") == false)
  }
}
