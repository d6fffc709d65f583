import ModelCore

/// The head's part of a batch's buffers. H is the hidden size, h the projectors' size.
struct HeadBuffers {
  /// Hidden states of several layers [states][tokens][H] that are to be weighted and added up.
  let states: UnsafeMutablePointer<Float>
  /// Rows of text before pooling [rows][H], and what the LSTM makes of them.
  let unpooled: ActivationRows?
  let lstm: LSTMBuffers?
  /// Rows of text, then rows of labels: [rows][H], [rows][h], [rows][H].
  let input: ActivationRows
  let middle: ActivationRows
  let output: ActivationRows
  /// Rows of labels that go through a perceptron, to and fro.
  let near: ActivationRows
  let far: ActivationRows
  /// What a scorer makes of text and labels before that.
  let textFeatures: ActivationRows?
  let labelFeatures: ActivationRows?
  let attention: CrossAttentionBuffers?
  /// One a label, before and after the calibrator, and what a scorer's softmax makes of them.
  let logits: UnsafeMutablePointer<Float>
  let calibrated: UnsafeMutablePointer<Float>
  let weights: UnsafeMutablePointer<Float>

  init(_ shape: BatchShape, _ place: inout Placer) {
    let (hidden, head) = (shape.encoder.hiddenSize, shape.configuration.head)
    states = place.take(Float.self, shape.summedStates * shape.tokens * hidden)
    let keepsRows = head.usesLSTM || head.squeezesLayers
    unpooled = keepsRows ? place.rows(max(shape.unpooledRows, shape.headRows), width: hidden, remainders: true) : nil
    lstm = head.usesLSTM ? LSTMBuffers(shape, &place) : nil
    let rows = shape.textRows + shape.labels
    input = place.rows(rows, width: hidden, remainders: true)
    middle = place.rows(rows, width: head.projectorSize, remainders: true)
    output = place.rows(rows, width: hidden, remainders: true)
    let width = Self.widestRow(shape.configuration)
    // The weights of layers go through a perceptron too, a row a text.
    let perceptronRows = max(shape.labels, head.squeezesLayers ? shape.texts : 0)
    near = place.rows(perceptronRows, width: width, remainders: true)
    far = place.rows(perceptronRows, width: width, remainders: true)
    let features = head.scorer == .weightedDot ? 2 * hidden : hidden
    let hasFeatures = head.scorer != .simple && head.scorer != .mlp
    textFeatures = hasFeatures ? place.rows(shape.textRows, width: features, remainders: true) : nil
    labelFeatures = hasFeatures ? place.rows(shape.labels, width: features, remainders: true) : nil
    attention = head.scorer == .crossAttention ? CrossAttentionBuffers(shape, &place) : nil
    logits = place.take(Float.self, shape.labels)
    calibrated = place.take(Float.self, shape.labels)
    weights = place.take(Float.self, shape.labels)
  }

  /// The widest rows that scorer, calibrator and the weights of layers make or take.
  private static func widestRow(_ configuration: ModelConfiguration) -> Int {
    let (hidden, head) = (configuration.encoder.hiddenSize, configuration.head)
    let scorer =
      switch head.scorer {
      case .simple: 0
      case .weightedDot: 4 * hidden
      case .mlp: max(2 * hidden, 256)
      case .hopfield: max(hidden, 256)
      case .crossAttention: max(2 * hidden, head.scorerHiddenSize)
      }
    let calibrator = head.calibrator.map { max(4 * hidden + CalibratorWeights.logitFeatures, $0.hiddenSize) } ?? 0
    return max(scorer, calibrator, head.squeezesLayers ? max(hidden, configuration.encoder.layerCount + 1) : 0, 16)
  }
}

/// What the LSTM needs.
struct LSTMBuffers {
  /// Gates of all rows and both directions, from the inputs alone [2][rows][2 · H].
  let gates: Pieces<Float>
  /// For each thread: one hidden state (a row each), what it adds to the gates, the cell.
  let hidden: ActivationRows
  let fromHidden: Pieces<Float>
  let cells: Pieces<Float>
  let gateStride: Int

  init(_ shape: BatchShape, _ place: inout Placer) {
    let size = shape.encoder.hiddenSize
    gateStride = (2 * size).roundedUp(toMultipleOf: 64)
    gates = place.take(Float.self, shape.unpooledRows * gateStride, times: 2)
    hidden = place.rows(shape.threads, width: size / 2, remainders: true)
    fromHidden = place.take(Float.self, gateStride, times: shape.threads)
    cells = place.take(Float.self, size / 2, times: shape.threads)
  }
}

/// What attention of labels to the text needs.
struct CrossAttentionBuffers {
  /// Normalized labels and text, to be projected.
  let labels: ActivationRows
  let text: ActivationRows
  /// Queries [labels][H], keys and values [rows of text][H].
  let queries: ActivationRows
  let keys: ActivationRows
  let values: ActivationRows
  /// For each thread: keys of one head as panels, scores, weighted values.
  let panels: Pieces<Float>
  let scores: Pieces<Float>
  let context: Pieces<Float>
  let scoreStride: Int
  let contextStride: Int

  init(_ shape: BatchShape, _ place: inout Placer) {
    let (hidden, head) = (shape.encoder.hiddenSize, shape.configuration.head)
    labels = place.rows(shape.labels, width: hidden, remainders: true)
    text = place.rows(shape.textRows, width: hidden, remainders: true)
    queries = place.rows(shape.labels, width: hidden)
    keys = place.rows(shape.textRows, width: hidden)
    // A block of 16 columns of the last head may reach behind the last row.
    values = place.rows(shape.textRows + 1, width: hidden)
    let size = head.projectorSize / head.scorerHeadCount
    scoreStride = shape.longest.roundedUp(toMultipleOf: 16)
    contextStride = size.roundedUp(toMultipleOf: 16)
    panels = place.take(Float.self, scoreStride * size, times: shape.threads)
    scores = place.take(Float.self, shape.mostLabels * scoreStride, times: shape.threads)
    context = place.take(Float.self, shape.mostLabels * contextStride, times: shape.threads)
  }
}
