import ModelCore

extension TensorOrigin {
  /// The tensor whose shape says how many states are weighted: its last dimension.
  static let weightedStates = (name: "head.layers.first.weight", source: "model.layer_wise_attention.W1.weight")

  static func head(_ configuration: ModelConfiguration, weightedStates: Int?) -> [TensorOrigin] {
    let (hidden, head) = (configuration.encoder.hiddenSize, configuration.head)
    let size = head.projectorSize
    var all = ["text", "classes"].flatMap {
      linear("head.\($0).first", "model.\($0)_projector.linear_1", size, hidden)
        + linear("head.\($0).second", "model.\($0)_projector.linear_2", hidden, size)
    }
    if head.squeezesLayers {
      all += layerWeights(hidden, states: weightedStates ?? configuration.encoder.layerCount)
    }
    if head.usesLSTM { all += lstm(size) }
    all += scorer(head)
    if head.normalizesFeatures { all.append(TensorOrigin("head.logit_scale", [1], .whole("model.logit_scale"))) }
    if let own = head.calibrator {
      all += ["text_norm", "label_norm"].flatMap { norm("head.calibrator.\($0)", "calibrator.\($0)", hidden) }
      let middle = own.hiddenSize
      all += perceptron(
        "calibrator.mlp", "calibrator.mlp", [0, 3, 6], [4 * hidden + 6, middle, middle, own.hasBias ? 2 : 1])
    }
    return all
  }

  private static func layerWeights(_ hidden: Int, states: Int) -> [TensorOrigin] {
    let (source, middle) = ("model.layer_wise_attention", max(1, states / 2))
    return linear("head.layers.squeeze", "\(source).squeeze", 1, hidden)
      + linear("head.layers.first", "\(source).W1", middle, states)
      + linear("head.layers.second", "\(source).W2", states, middle)
      + linear("head.layers.output", "\(source).output_projection", hidden, hidden)
  }

  private static func lstm(_ size: Int) -> [TensorOrigin] {
    [("forward", ""), ("backward", "_reverse")].flatMap { name, suffix in
      [("input", "ih", size), ("hidden", "hh", size / 2)].flatMap { role, part, inputs in
        [
          TensorOrigin(
            "head.lstm.\(name).\(role).weight", [2 * size, inputs],
            .whole("model.lstm.lstm.weight_\(part)_l0\(suffix)")),
          TensorOrigin(
            "head.lstm.\(name).\(role).bias", [2 * size], .whole("model.lstm.lstm.bias_\(part)_l0\(suffix)")),
        ]
      }
    }
  }

  /// Parts keep their names.
  private static func scorer(_ head: HeadConfiguration) -> [TensorOrigin] {
    let size = head.projectorSize
    func part(_ name: String, _ outputs: Int, _ inputs: Int, hasBias: Bool = true) -> [TensorOrigin] {
      linear("head.scorer.\(name)", "model.scorer.\(name)", outputs, inputs, hasBias: hasBias)
    }
    func perceptron(_ name: String, _ indices: [Int], _ sizes: [Int]) -> [TensorOrigin] {
      Self.perceptron("scorer.\(name)", "model.scorer.\(name)", indices, sizes)
    }
    switch head.scorer {
    case .simple: return []
    case .weightedDot:
      return part("proj_text", 2 * size, size) + part("proj_label", 2 * size, size)
        + perceptron("out_mlp", [0, 3], [3 * size, 4 * size, 1])
    case .mlp: return perceptron("mlp", [0, 2, 4], [2 * size, 256, 128, 1])
    case .hopfield:
      return ["q_proj", "k_proj", "v_proj"].flatMap { part($0, size, size, hasBias: false) }
        + perceptron("mlp", [0, 2, 4], [size, 256, 128, 1])
    case .crossAttention:
      let middle = head.scorerHiddenSize
      return ["q_norm", "kv_norm", "norm"].flatMap { norm("head.scorer.\($0)", "model.scorer.\($0)", size) }
        + ["q", "k", "v", "out"].flatMap { part($0, size, size) }
        + perceptron("score_mlp", [0, 2, 4], [2 * size, middle, middle / 2, 1])
    }
  }

  /// Linear layers by their indices in a `torch.nn.Sequential`.
  private static func perceptron(_ name: String, _ source: String, _ indices: [Int], _ sizes: [Int]) -> [TensorOrigin] {
    indices.enumerated().flatMap { place, index in
      linear("head.\(name).\(index)", "\(source).\(index)", sizes[place + 1], sizes[place])
    }
  }
}
