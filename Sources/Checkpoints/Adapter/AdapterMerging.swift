import ModelCore

/// Changes the tensors of a base by an adapter's, after checking that they fit.
struct AdapterMerging {
  private let path: String
  private let configuration: AdapterConfiguration
  private let root: String

  init(_ path: String, _ configuration: AdapterConfiguration, _ root: String) {
    self.path = path
    self.configuration = configuration
    self.root = root
  }

  /// - Returns: the names of the tensors changed.
  func merge(
    _ module: String, _ parts: AdapterTensors.Module, into weights: inout Weights
  ) throws(CheckpointError) -> [String] {
    guard let a = parts.a, let b = parts.b else {
      let missing = ["A", "B"].filter { $0 == "A" ? parts.a == nil : parts.b == nil }
      throw .missingTensors(
        path: path, names: missing.map { "\(module).lora_\(parts.isEmbedding ? "embedding_" : "")\($0)" })
    }
    guard try configuration.targets(module) else {
      throw .adapterTensor(
        path: path, tensor: a.name, expected: "a module that target_modules covers, and no other field leaves out")
    }
    let index = try baseIndex("\(module).weight", in: weights)
    let rank = try configuration.rank(module)
    let shape = weights.tensors[index].shape
    guard shape.count == 2 else {
      throw .adapterTensor(path: path, tensor: a.name, expected: "a base tensor of two dimensions")
    }
    let (inputs, outputs) = parts.isEmbedding ? (shape[0], shape[1]) : (shape[1], shape[0])
    let scale = try configuration.scale(module)
    weights.tensors[index].update = AdapterUpdate(
      rule: try rule(module, parts, outputs: outputs), rank: rank, scale: scale,
      a: try values(a, shape: [rank, inputs]), b: try values(b, shape: [outputs, rank]))
    var changed = [weights.tensors[index].name]
    if let bias = parts.biasOfB {
      let index = try baseIndex("\(module).bias", in: weights)
      guard weights.tensors[index].shape == [outputs] else {
        throw .wrongShape(
          path: weights.tensors[index].path, tensor: weights.tensors[index].name, expected: [outputs],
          found: weights.tensors[index].shape)
      }
      weights.tensors[index].update = AdapterUpdate(
        rule: .bias, rank: 0, scale: scale, a: [], b: try values(bias, shape: [outputs]))
      changed.append(weights.tensors[index].name)
    }
    return changed
  }

  /// Puts `tensor` in the place of the base's of its name.
  func replace(_ tensor: TensorView, in weights: inout Weights) throws(CheckpointError) -> String {
    let index = try baseIndex(tensor.name, in: weights)
    let base = weights.tensors[index]
    guard tensor.shape == base.shape else {
      throw .wrongShape(path: path, tensor: tensor.name, expected: base.shape, found: tensor.shape)
    }
    var replacement = tensor
    replacement.name = base.name
    replacement.update = base.update
    weights.tensors[index] = replacement
    return base.name
  }

  private func rule(
    _ module: String, _ parts: AdapterTensors.Module, outputs: Int
  ) throws(CheckpointError) -> AdapterUpdate.Rule {
    guard configuration.usesWeightDecomposition || parts.magnitude != nil else {
      return parts.isEmbedding ? .embedding : .linear
    }
    guard configuration.usesWeightDecomposition, !parts.isEmbedding else {
      throw .adapterTensor(
        path: path, tensor: "\(module).lora_magnitude_vector", expected: "use_dora, and only on linear layers")
    }
    guard let magnitude = parts.magnitude else {
      throw .missingTensors(path: path, names: ["\(module).lora_magnitude_vector"])
    }
    return .weightDecomposed(magnitude: try values(magnitude, shape: [outputs]))
  }

  private func baseIndex(_ name: String, in weights: Weights) throws(CheckpointError) -> Int {
    guard let index = weights.index(of: root + name) else {
      throw .adapterWithoutBase(path: path, base: weights.path, names: [root + name])
    }
    return index
  }

  private func values(_ tensor: TensorView, shape: [Int]) throws(CheckpointError) -> [Float] {
    // Magnitudes of older versions of PEFT have a second dimension of one.
    guard tensor.shape == shape || tensor.shape.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) && shape.count == 1
    else {
      throw .wrongShape(path: path, tensor: tensor.name, expected: shape, found: tensor.shape)
    }
    return try tensor.floats()
  }
}
