import Checkpoints
import ModelCore

/// Loads the weights of modules by name, from tensors whose presence and shapes were checked all at once.
struct WeightLoader {
  private let tensors: [String: TensorView]
  private let path: String

  /// - Throws: ``ReferenceModelError/checkpoint(_:)`` as `Checkpoint.require(_:)`.
  init(_ checkpoint: Checkpoint) throws(ReferenceModelError) {
    path = checkpoint.weights.path
    do {
      let found = try checkpoint.require(ReferenceTensors.all(checkpoint.configuration))
      tensors = Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
    } catch {
      throw .checkpoint(error)
    }
  }

  /// The names of all tensors that the model reads, sorted.
  var names: [String] { tensors.keys.sorted() }

  /// `torch.nn.Linear`.
  func linear(_ name: String) throws(ReferenceModelError) -> ReferenceLinear {
    ReferenceLinear(weight: try matrix("\(name).weight"), bias: try vector("\(name).bias"))
  }

  /// `torch.nn.LayerNorm`.
  func norm(_ name: String, epsilon: Float) throws(ReferenceModelError) -> ReferenceLayerNorm {
    ReferenceLayerNorm(weight: try vector("\(name).weight"), bias: try vector("\(name).bias"), epsilon: epsilon)
  }

  /// A tensor of two dimensions.
  func matrix(_ name: String) throws(ReferenceModelError) -> ReferenceMatrix {
    let view = try view(name)
    precondition(view.shape.count == 2, "\(name) is listed as another shape")
    return ReferenceMatrix(rows: view.shape[0], columns: view.shape[1], values: try vector(name))
  }

  /// A tensor that is read later.
  func view(_ name: String) throws(ReferenceModelError) -> TensorView {
    guard let view = tensors[name] else { throw .checkpoint(.missingTensors(path: path, names: [name])) }
    return view
  }

  private func vector(_ name: String) throws(ReferenceModelError) -> [Float] {
    let view = try view(name)
    do {
      let values = try view.floats()
      view.discard(elements: 0..<view.elementCount)
      return values
    } catch {
      throw .checkpoint(error)
    }
  }
}
