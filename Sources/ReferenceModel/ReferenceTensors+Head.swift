import Checkpoints
import ModelCore

extension ReferenceTensors {
  static let segments = "model.segment_embeddings.weight"
  static let layerWeights = "model.layer_wise_attention"
  static let lstm = "model.lstm.lstm"
  static let textProjector = "model.text_projector"
  static let classesProjector = "model.classes_projector"
  static let scorer = "model.scorer"
  static let logitScale = "model.logit_scale"
  static let calibrator = "calibrator"

  static func head(_ configuration: ModelConfiguration) -> [TensorRequirement] {
    let (size, head) = (configuration.encoder.hiddenSize, configuration.head)
    var tensors = [textProjector, classesProjector].flatMap { projector in
      linear("\(projector).linear_1", from: size, to: head.projectorSize)
        + linear("\(projector).linear_2", from: head.projectorSize, to: size)
    }
    tensors += scorer(head)
    // The package has three segments: labels, text, examples.
    if head.usesSegmentEmbeddings { tensors.append(TensorRequirement(segments, shape: [3, size])) }
    if head.usesLSTM { tensors += lstm(head.projectorSize) }
    if head.normalizesFeatures { tensors.append(TensorRequirement(logitScale, shape: [])) }
    if let own = head.calibrator { tensors += calibrator(own, size) }
    return tensors
  }

  /// The linear layers of a `torch.nn.Sequential`, by their indices in it and the features between them.
  private static func perceptron(_ name: String, _ indices: [Int], _ sizes: [Int]) -> [TensorRequirement] {
    zip(indices, zip(sizes, sizes.dropFirst())).flatMap { linear("\(name).\($0)", from: $1.0, to: $1.1) }
  }

  private static func scorer(_ head: HeadConfiguration) -> [TensorRequirement] {
    let size = head.projectorSize
    switch head.scorer {
    case .simple: return []
    case .weightedDot:
      return ["proj_text", "proj_label"].flatMap { linear("\(scorer).\($0)", from: size, to: 2 * size) }
        + perceptron("\(scorer).out_mlp", [0, 3], [3 * size, 4 * size, 1])
    // 256 whatever the configuration says: nobody passes `mlp_hidden_size`.
    case .mlp: return perceptron("\(scorer).mlp", [0, 2, 4], [2 * size, 256, 128, 1])
    case .hopfield:
      return ["q_proj", "k_proj", "v_proj"].flatMap {
        linear("\(scorer).\($0)", from: size, to: size, hasBias: false)
      } + perceptron("\(scorer).mlp", [0, 2, 4], [size, 256, 128, 1])
    case .crossAttention:
      let middle = head.scorerHiddenSize
      return ["q_norm", "kv_norm", "norm"].flatMap { norm("\(scorer).\($0)", size) }
        + ["q", "k", "v", "out"].flatMap { linear("\(scorer).\($0)", from: size, to: size) }
        + perceptron("\(scorer).score_mlp", [0, 2, 4], [2 * size, middle, middle / 2, 1])
    }
  }

  private static func lstm(_ size: Int) -> [TensorRequirement] {
    let half = size / 2
    return ["", "_reverse"].flatMap { suffix in
      [
        TensorRequirement("\(lstm).weight_ih_l0\(suffix)", shape: [4 * half, size]),
        TensorRequirement("\(lstm).weight_hh_l0\(suffix)", shape: [4 * half, half]),
        TensorRequirement("\(lstm).bias_ih_l0\(suffix)", shape: [4 * half]),
        TensorRequirement("\(lstm).bias_hh_l0\(suffix)", shape: [4 * half]),
      ]
    }
  }

  private static func calibrator(_ own: CalibratorConfiguration, _ size: Int) -> [TensorRequirement] {
    norm("\(calibrator).text_norm", size) + norm("\(calibrator).label_norm", size)
      + perceptron(
        "\(calibrator).mlp", [0, 3, 6], [4 * size + 6, own.hiddenSize, own.hiddenSize, own.hasBias ? 2 : 1])
  }

  /// For how many hidden states there are weights, which no configuration says.
  static func layerWeightCount(_ checkpoint: Checkpoint) throws(ReferenceModelError) -> Int {
    let name = "\(layerWeights).W1.weight"
    let layers = checkpoint.configuration.encoder.layerCount
    // Without a usable shape, what the package makes: the requirement then says what is wrong.
    guard let tensor = checkpoint.tensor(name), let count = tensor.shape.last, tensor.shape.count == 2, count > 0 else {
      return layers
    }
    guard count <= layers + 1 else {
      throw .tooManyLayerWeights(path: tensor.path, tensor: name, found: count, states: layers + 1)
    }
    return count
  }

  static func layerWeights(_ encoder: EncoderConfiguration, count: Int) -> [TensorRequirement] {
    let middle = max(1, count / 2)
    return linear("\(layerWeights).squeeze", from: encoder.hiddenSize, to: 1)
      + linear("\(layerWeights).W1", from: count, to: middle)
      + linear("\(layerWeights).W2", from: middle, to: count)
      + linear("\(layerWeights).output_projection", from: encoder.hiddenSize, to: encoder.hiddenSize)
  }
}
