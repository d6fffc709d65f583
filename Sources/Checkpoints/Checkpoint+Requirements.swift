import ModelCore

/// A tensor that somebody needs: its name, and the shape that the configuration implies.
public struct TensorRequirement: Sendable, Equatable {
  /// As the file spells it.
  public let name: String
  /// Dimensions, outermost first.
  public let shape: [Int]

  /// A need for the tensor `name` of `shape`.
  public init(_ name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }
}

extension Checkpoint {
  /// The tensors asked for, in the order of `requirements`, each of the shape asked for and of a type that can be read.
  /// - Throws: ``CheckpointError/missingTensors(path:names:)`` with every name that is missing (or
  ///   ``CheckpointError/unmergedAdapter(path:tensor:)``, which explains them); then, for the first
  ///   tensor that is not as asked, ``CheckpointError/wrongShape(path:tensor:expected:found:)`` or
  ///   ``CheckpointError/unsupportedElementType(path:tensor:found:)``.
  public func require(_ requirements: [TensorRequirement]) throws(CheckpointError) -> [TensorView] {
    let missing = requirements.map(\.name).filter { tensor($0) == nil }
    guard missing.isEmpty else {
      // The scale of an adapter is in its configuration, which a state dict does not have.
      if let part = tensors.first(where: { $0.name.contains(".lora_A.") }) {
        throw .unmergedAdapter(path: part.path, tensor: part.name)
      }
      throw .missingTensors(path: weights.path, names: missing)
    }
    var found: [TensorView] = []
    found.reserveCapacity(requirements.count)
    for requirement in requirements { found.append(try require(requirement.name, shape: requirement.shape)) }
    return found
  }

  /// The tensor `name`, which must have `shape` and a type that can be read.
  /// - Throws: As ``require(_:)``.
  public func require(_ name: String, shape: [Int]) throws(CheckpointError) -> TensorView {
    guard let tensor = tensor(name) else { throw .missingTensors(path: weights.path, names: [name]) }
    guard tensor.shape == shape else {
      throw .wrongShape(path: tensor.path, tensor: name, expected: shape, found: tensor.shape)
    }
    guard tensor.dtype != nil else {
      throw .unsupportedElementType(path: tensor.path, tensor: name, found: tensor.dtypeName)
    }
    return tensor
  }

  /// The names of tensors in the file that are not in `asked`, sorted.
  public func unusedTensorNames(asked: some Sequence<String>) -> [String] {
    let asked = Set(asked)
    return tensors.map(\.name).filter { !asked.contains($0) }.sorted()
  }
}
