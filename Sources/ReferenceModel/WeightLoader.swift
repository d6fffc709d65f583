import Checkpoints
import ModelCore

/// Loads the weights of modules by name, from tensors whose presence and shapes were checked all at once.
struct WeightLoader {
  private let tensors: [String: TensorView]
  private let path: String

  /// - Throws: ``ReferenceModelError/checkpoint(_:)`` as `Checkpoint.require(_:)`, and
  ///   ``ReferenceModelError/tooManyLayerWeights(path:tensor:found:states:)``.
  init(_ checkpoint: Checkpoint) throws(ReferenceModelError) {
    path = checkpoint.weights.path
    let requirements = try ReferenceTensors.all(checkpoint)
    do {
      let found = try checkpoint.require(requirements)
      tensors = Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
    } catch {
      throw .checkpoint(error)
    }
  }

  /// The names of all tensors that the model reads, sorted.
  var names: [String] { tensors.keys.sorted() }

  /// `torch.nn.Linear`.
  func linear(_ name: String, hasBias: Bool = true) throws(ReferenceModelError) -> ReferenceLinear {
    let weight = try matrix("\(name).weight")
    let bias = hasBias ? try floats("\(name).bias") : Array(repeating: 0, count: weight.rows)
    return ReferenceLinear(weight: weight, bias: bias)
  }

  /// `torch.nn.Sequential` whose linear layers have these indices in it.
  func perceptron(
    _ name: String, _ indices: [Int], _ activation: Activation
  ) throws(ReferenceModelError) -> ReferencePerceptron {
    var layers: [ReferenceLinear] = []
    for index in indices { layers.append(try linear("\(name).\(index)")) }
    return ReferencePerceptron(layers: layers, activation: activation)
  }

  /// `FeaturesProjector` of `layers.py`.
  func projector(_ name: String, _ activation: Activation) throws(ReferenceModelError) -> ReferencePerceptron {
    ReferencePerceptron(
      layers: [try linear("\(name).linear_1"), try linear("\(name).linear_2")], activation: activation)
  }

  /// `torch.nn.LayerNorm`.
  func norm(_ name: String, epsilon: Float) throws(ReferenceModelError) -> ReferenceLayerNorm {
    ReferenceLayerNorm(weight: try floats("\(name).weight"), bias: try floats("\(name).bias"), epsilon: epsilon)
  }

  /// `torch.nn.Embedding`, which is read later.
  func table(_ name: String) throws(ReferenceModelError) -> ReferenceTable { ReferenceTable(try view(name)) }

  /// A tensor of two dimensions.
  func matrix(_ name: String) throws(ReferenceModelError) -> ReferenceMatrix {
    let view = try view(name)
    precondition(view.shape.count == 2, "\(name) is listed as another shape")
    return ReferenceMatrix(rows: view.shape[0], columns: view.shape[1], values: try floats(name))
  }

  /// A tensor without dimensions.
  func scalar(_ name: String) throws(ReferenceModelError) -> Float {
    let values = try floats(name)
    precondition(values.count == 1, "\(name) is listed as another shape")
    return values[0]
  }

  /// All elements of a tensor of any shape.
  func floats(_ name: String) throws(ReferenceModelError) -> [Float] {
    let view = try view(name)
    do {
      let values = try view.floats()
      view.discard(elements: 0..<view.elementCount)
      return values
    } catch {
      throw .checkpoint(error)
    }
  }

  private func view(_ name: String) throws(ReferenceModelError) -> TensorView {
    guard let view = tensors[name] else { throw .checkpoint(.missingTensors(path: path, names: [name])) }
    return view
  }
}
