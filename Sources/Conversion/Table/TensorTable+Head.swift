import ModelCore

/// The rows of a head: the projectors, which every head has, and those of scorers and options (`gliclass` 0.1.21, `layers.py`,
/// `scorers.py`, `model.py`).
extension TensorTable {
  static func head(_ configuration: ModelConfiguration, shape: (String) -> [Int]?) -> [TensorRow] {
    let hidden = configuration.encoder.hiddenSize
    let head = configuration.head
    let size = head.projectorSize
    var rows: [TensorRow] = []
    for (name, source) in [("text", "text_projector"), ("classes", "classes_projector")] {
      rows += linear("head.\(name).first", "model.\(source).linear_1", size, hidden)
      rows += linear("head.\(name).second", "model.\(source).linear_2", hidden, size)
    }
    rows += scorer(head)
    if head.usesSegmentEmbeddings {
      rows.append(TensorRow("embeddings.segments", "model.segment_embeddings.weight", .vector, [3, hidden]))
    }
    if head.squeezesLayers {
      // As many states as the tensor says: the released code makes one weight a layer and has one state more.
      let count = shape("\(layerWiseAttention).W1.weight")?.last ?? 0
      rows += layerWiseAttention(hidden, layers: count > 0 ? count : configuration.encoder.layerCount)
    }
    if head.usesLSTM { rows += lstm(size) }
    if head.normalizesFeatures {
      rows.append(TensorRow("head.logit_scale", logitScale, .vector, [1], sourceShape: []))
    }
    if let own = head.calibrator { rows += calibrator(hidden, own) }
    return rows
  }

  static let logitScale = "model.logit_scale"
  static let layerWiseAttention = "model.layer_wise_attention"

  private static func scorer(_ head: HeadConfiguration) -> [TensorRow] {
    let size = head.projectorSize
    func row(_ part: String, _ outputs: Int, _ inputs: Int) -> [TensorRow] {
      linear("head.scorer.\(part)", "model.scorer.\(part)", outputs, inputs, outputs == 1 ? .smallLinear : .linear)
    }
    func perceptron(_ part: String, _ sizes: [Int]) -> [TensorRow] {
      zip(sizes, sizes.dropFirst()).enumerated().flatMap { row("\(part).\(2 * $0.offset)", $0.element.1, $0.element.0) }
    }
    switch head.scorer {
    case .simple: return []
    case .weightedDot:
      return row("proj_text", 2 * size, size) + row("proj_label", 2 * size, size) + row("out_mlp.0", 4 * size, 3 * size)
        + row("out_mlp.3", 1, 4 * size)
    case .mlp: return perceptron("mlp", [2 * size, 256, 128, 1])
    case .hopfield:
      // Its projections have no bias.
      return ["q_proj", "k_proj", "v_proj"].flatMap { row($0, size, size).prefix(1) }
        + perceptron("mlp", [size, 256, 128, 1])
    case .crossAttention:
      let middle = head.scorerHiddenSize
      return ["q_norm", "kv_norm", "norm"].flatMap { norm("head.scorer.\($0)", "model.scorer.\($0)", size) }
        + ["q", "k", "v", "out"].flatMap { row($0, size, size) }
        + perceptron("score_mlp", [2 * size, middle, middle / 2, 1])
    }
  }

  private static func layerWiseAttention(_ hidden: Int, layers: Int) -> [TensorRow] {
    let source = layerWiseAttention
    let middle = max(1, layers / 2)
    return linear("head.layers.squeeze", "\(source).squeeze", 1, hidden, .smallLinear)
      + linear("head.layers.first", "\(source).W1", middle, layers, .smallLinear)
      + linear("head.layers.second", "\(source).W2", layers, middle, .smallLinear)
      + linear("head.layers.output", "\(source).output_projection", hidden, hidden)
  }

  /// `torch.nn.LSTM`, one layer in two directions, half the features each.
  private static func lstm(_ size: Int) -> [TensorRow] {
    let half = size / 2
    return [("forward", ""), ("backward", "_reverse")].flatMap { name, suffix in
      [("input", "ih", size), ("hidden", "hh", half)].flatMap { role, part, inputs in
        [
          TensorRow(
            "head.lstm.\(name).\(role).weight", "model.lstm.lstm.weight_\(part)_l0\(suffix)", .linear,
            [4 * half, inputs]),
          TensorRow("head.lstm.\(name).\(role).bias", "model.lstm.lstm.bias_\(part)_l0\(suffix)", .vector, [4 * half]),
        ]
      }
    }
  }

  private static func calibrator(_ hidden: Int, _ own: CalibratorConfiguration) -> [TensorRow] {
    let middle = own.hiddenSize
    return ["text_norm", "label_norm"].flatMap { norm("head.calibrator.\($0)", "calibrator.\($0)", hidden) }
      + linear("head.calibrator.mlp.0", "calibrator.mlp.0", middle, 4 * hidden + 6)
      + linear("head.calibrator.mlp.3", "calibrator.mlp.3", middle, middle)
      + linear("head.calibrator.mlp.6", "calibrator.mlp.6", own.hasBias ? 2 : 1, middle, .smallLinear)
  }
}
