import GLCFormat
import ModelCore

/// Everything behind the encoder (formats/numerics.md 6; `gliclass` `model.py`).
struct HeadWeights {
  let text: Perceptron
  let classes: Perceptron
  let layerWeights: LayerWeights?
  /// Forward, backward.
  let lstm: [LSTMDirection]
  let scorer: ScorerWeights
  /// What the logits of normalized features are multiplied by.
  let logitScale: Float?
  let calibrator: CalibratorWeights?

  var projectors: [Perceptron] { [text, classes] }

  init(_ file: GLCFile, _ configuration: ModelConfiguration) throws(EngineError) {
    let head = configuration.head
    let hidden = configuration.encoder.hiddenSize
    func projector(_ name: String) throws(EngineError) -> Perceptron {
      try Perceptron(
        file, ["head.\(name).first", "head.\(name).second"], sizes: [hidden, head.projectorSize, hidden],
        activation: head.projectorActivation, endsSmall: false)
    }
    text = try projector("text")
    classes = try projector("classes")
    layerWeights =
      head.squeezesLayers
      ? try LayerWeights(file, hidden: hidden, stateCount: configuration.encoder.layerCount + 1) : nil
    var lstm: [LSTMDirection] = []
    if head.usesLSTM {
      for name in ["forward", "backward"] { lstm.append(try LSTMDirection(file, "head.lstm.\(name)", size: hidden)) }
    }
    self.lstm = lstm
    scorer = try ScorerWeights(file, head)
    logitScale = head.normalizesFeatures ? try file.vector("head.logit_scale", count: 1)[0] : nil
    calibrator = try head.calibrator.map { (own) throws(EngineError) in
      try CalibratorWeights(file, own, hidden: hidden)
    }
  }
}

/// Linear layers with an activation function between them.
struct Perceptron {
  let layers: [Linear]
  let activation: Activation

  /// - Parameters:
  ///   - sizes: features before the first layer, and behind each.
  ///   - isSmall: whether all weights are f32 in every file.
  ///   - endsSmall: whether those of the last layer are.
  init(
    _ file: GLCFile, _ names: [String], sizes: [Int], activation: Activation, isSmall: Bool = false,
    endsSmall: Bool = true
  ) throws(EngineError) {
    var layers: [Linear] = []
    for (index, name) in names.enumerated() {
      let isLast = index == names.count - 1
      layers.append(
        try Linear(
          file, name, inputs: sizes[index], outputs: sizes[index + 1], isSmall: isSmall || isLast && endsSmall))
    }
    self.layers = layers
    self.activation = activation
  }
}

/// Weights of the states of several layers, from their contents (`LayerwiseAttention` of `layers.py`).
struct LayerWeights {
  /// The states that are weighted, K: the last ones.
  let count: Int
  let squeeze: Linear
  let excitation: Perceptron
  let output: Linear

  init(_ file: GLCFile, hidden: Int, stateCount: Int) throws(EngineError) {
    let name = "head.layers.first.weight"
    let record = try file.tensor(name)
    count = record.shape.last ?? 0
    guard (1...stateCount).contains(count) else {
      throw .format(
        .unexpectedTensor(
          path: file.path, tensor: name, expected: "weights of 1 to \(stateCount) states", found: record.summary))
    }
    squeeze = try Linear(file, "head.layers.squeeze", inputs: hidden, outputs: 1, isSmall: true)
    excitation = try Perceptron(
      file, ["head.layers.first", "head.layers.second"], sizes: [count, max(1, count / 2), count], activation: .relu,
      isSmall: true)
    output = try Linear(file, "head.layers.output", inputs: hidden, outputs: hidden)
  }
}

/// One direction of an LSTM with half the features (`torch.nn.LSTM`): gates i, f, g, o, one after another.
struct LSTMDirection {
  let input: Linear
  let hidden: Linear

  init(_ file: GLCFile, _ name: String, size: Int) throws(EngineError) {
    input = try Linear(file, "\(name).input", inputs: size, outputs: 2 * size)
    hidden = try Linear(file, "\(name).hidden", inputs: size / 2, outputs: 2 * size)
  }
}

/// What makes logits of projected text and classes (`scorers.py`).
enum ScorerWeights {
  case simple
  case weightedDot(text: Linear, label: Linear, mlp: Perceptron)
  case mlp(Perceptron)
  case hopfield(query: Linear, key: Linear, value: Linear, mlp: Perceptron)
  case crossAttention(CrossAttentionWeights)

  init(_ file: GLCFile, _ head: HeadConfiguration) throws(EngineError) {
    let (name, size) = ("head.scorer", head.projectorSize)
    switch head.scorer {
    case .simple: self = .simple
    case .weightedDot:
      self = .weightedDot(
        text: try Linear(file, "\(name).proj_text", inputs: size, outputs: 2 * size),
        label: try Linear(file, "\(name).proj_label", inputs: size, outputs: 2 * size),
        mlp: try Perceptron(
          file, ["\(name).out_mlp.0", "\(name).out_mlp.3"], sizes: [3 * size, 4 * size, 1], activation: .relu))
    case .mlp: self = .mlp(try Self.mlp(file, "\(name).mlp", [2 * size, 256, 128, 1], .relu))
    case .hopfield:
      func projection(_ part: String) throws(EngineError) -> Linear {
        try Linear(file, "\(name).\(part)_proj", inputs: size, outputs: size, hasBias: false)
      }
      self = .hopfield(
        query: try projection("q"), key: try projection("k"), value: try projection("v"),
        mlp: try Self.mlp(file, "\(name).mlp", [size, 256, 128, 1], .relu))
    case .crossAttention: self = .crossAttention(try CrossAttentionWeights(file, name, head))
    }
  }

  /// Three linear layers, numbered as in the checkpoint, where activation functions count too.
  static func mlp(
    _ file: GLCFile, _ name: String, _ sizes: [Int], _ activation: Activation
  ) throws(EngineError) -> Perceptron {
    try Perceptron(file, [0, 2, 4].map { "\(name).\($0)" }, sizes: sizes, activation: activation)
  }
}

/// Attention of labels to the tokens of the text.
struct CrossAttentionWeights {
  let queryNorm: LayerNormWeights
  let keyNorm: LayerNormWeights
  let query: Linear
  let key: Linear
  let value: Linear
  let output: Linear
  let norm: LayerNormWeights
  let mlp: Perceptron

  init(_ file: GLCFile, _ name: String, _ head: HeadConfiguration) throws(EngineError) {
    let size = head.projectorSize
    func square(_ part: String) throws(EngineError) -> Linear {
      try Linear(file, "\(name).\(part)", inputs: size, outputs: size)
    }
    queryNorm = try LayerNormWeights(file, "\(name).q_norm", size: size)
    keyNorm = try LayerNormWeights(file, "\(name).kv_norm", size: size)
    query = try square("q")
    key = try square("k")
    value = try square("v")
    output = try square("out")
    norm = try LayerNormWeights(file, "\(name).norm", size: size)
    let middle = head.scorerHiddenSize
    mlp = try ScorerWeights.mlp(file, "\(name).score_mlp", [2 * size, middle, middle / 2, 1], .gelu)
  }
}

/// What corrects logits (`calibration.py`, `GLiClassCalibrator`).
struct CalibratorWeights {
  let textNorm: LayerNormWeights
  let labelNorm: LayerNormWeights
  let mlp: Perceptron
  let configuration: CalibratorConfiguration

  /// Features made of the logits themselves, behind the four of text and label.
  static let logitFeatures = 6

  init(_ file: GLCFile, _ configuration: CalibratorConfiguration, hidden: Int) throws(EngineError) {
    let name = "head.calibrator"
    self.configuration = configuration
    textNorm = try LayerNormWeights(file, "\(name).text_norm", size: hidden)
    labelNorm = try LayerNormWeights(file, "\(name).label_norm", size: hidden)
    let size = configuration.hiddenSize
    mlp = try Perceptron(
      file, [0, 3, 6].map { "\(name).mlp.\($0)" },
      sizes: [4 * hidden + Self.logitFeatures, size, size, configuration.hasBias ? 2 : 1], activation: .gelu)
  }
}
