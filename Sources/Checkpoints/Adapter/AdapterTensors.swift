/// The tensors of an adapter's file, by module.
struct AdapterTensors {
  /// What a file holds of one module.
  struct Module {
    var a: TensorView?
    var b: TensorView?
    var isEmbedding = false
    var magnitude: TensorView?
    /// The bias of B (`lora_bias`).
    var biasOfB: TensorView?
  }

  /// Modules with an adapter, sorted by name.
  private(set) var modules: [(name: String, parts: Module)] = []
  /// Tensors that take the place of the base's, under its names.
  private(set) var replacements: [TensorView] = []

  private static let parts = ["lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B", "lora_magnitude_vector"]
  private static let prefix = "base_model.model."

  /// - Throws: ``CheckpointError/adapterTensor(path:tensor:expected:)`` for a tensor that no rule knows,
  ///   ``CheckpointError/duplicateTensor(path:tensor:first:second:)``, ``CheckpointError/emptyAdapter(path:)``.
  init(_ file: WeightFile) throws(CheckpointError) {
    var found: [String: Module] = [:]
    var replaced: [String: String] = [:]
    for var tensor in file.tensors {
      guard tensor.name.hasPrefix(Self.prefix) else {
        throw .adapterTensor(path: file.path, tensor: tensor.name, expected: "a name that begins with \(Self.prefix)")
      }
      let components = tensor.name.dropFirst(Self.prefix.count).split(separator: ".").map(String.init)
      // Copies that PEFT writes beside the tensor that counts.
      if components.contains(where: { $0 == "original_module" || $0 == "modules_to_save" }) { continue }
      guard let position = components.firstIndex(where: Self.parts.contains) else {
        // A bias that was trained, or a module that was saved whole. A wrapped module keeps its own one level below.
        tensor.name = components.filter { $0 != "base_layer" }.joined(separator: ".")
        try Self.requireNoPart(tensor.name, path: file.path)
        let name = Self.prefix + components.joined(separator: ".")
        if let other = replaced.updateValue(name, forKey: tensor.name) {
          throw .duplicateTensor(path: file.path, tensor: tensor.name, first: other, second: name)
        }
        replacements.append(tensor)
        continue
      }
      let module = components[..<position].joined(separator: ".")
      // Behind the part: nothing, `weight`, `bias`, and the adapter's name before them where it was kept.
      let isBias = components.last == "bias"
      try Self.place(tensor, components[position], isBias: isBias, in: &found[module, default: Module()], file.path)
    }
    modules = found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    guard !modules.isEmpty || !replacements.isEmpty else { throw .emptyAdapter(path: file.path) }
  }

  /// The names in the base of everything that is changed.
  var baseNames: [String] {
    modules.flatMap { name, parts in ["\(name).weight"] + (parts.biasOfB == nil ? [] : ["\(name).bias"]) }
      + replacements.map(\.name)
  }

  private static func place(
    _ tensor: TensorView, _ part: String, isBias: Bool, in module: inout Module, _ path: String
  ) throws(CheckpointError) {
    let slot: WritableKeyPath<Module, TensorView?>
    switch (part, isBias) {
    case ("lora_A", false), ("lora_embedding_A", false): slot = \.a
    case ("lora_B", false), ("lora_embedding_B", false): slot = \.b
    case ("lora_B", true): slot = \.biasOfB
    case ("lora_magnitude_vector", false): slot = \.magnitude
    default: throw .adapterTensor(path: path, tensor: tensor.name, expected: "weights of A and B, or the bias of B")
    }
    if let other = module[keyPath: slot] {
      throw .duplicateTensor(path: path, tensor: part, first: other.name, second: tensor.name)
    }
    let isEmbedding = part.hasPrefix("lora_embedding")
    guard module.isEmbedding == isEmbedding || module.a == nil && module.b == nil else {
      throw .adapterTensor(
        path: path, tensor: tensor.name, expected: "parts of a linear layer or of an embedding, not both")
    }
    module[keyPath: slot] = tensor
    if isEmbedding { module.isEmbedding = true }
  }

  private static func requireNoPart(_ name: String, path: String) throws(CheckpointError) {
    guard !name.split(separator: ".").contains(where: { $0.hasPrefix("lora_") }) else {
      throw .adapterTensor(
        path: path, tensor: name, expected: "a part of LoRA that is known: \(parts.joined(separator: ", "))")
    }
  }
}
