/// One text with its labels, as token ids.
public struct EnginePrompt: Sendable, Equatable {
  /// All tokens, special tokens and markers included.
  public var tokens: [Int32]
  /// Where each label's token stands in ``tokens``, in the order of the labels.
  public var labelPositions: [Int]
  /// Labels behind those that have no token, because the input was cut off before them. The Python package gives them a logit all
  /// the same, made of zeros.
  public var lostLabelCount: Int

  /// A prompt.
  public init(tokens: [Int32], labelPositions: [Int], lostLabelCount: Int = 0) {
    self.tokens = tokens
    self.labelPositions = labelPositions
    self.lostLabelCount = lostLabelCount
  }
}

/// What the model says of one prompt.
public struct EngineOutput: Sendable, Equatable {
  /// One a label, calibrated where the model has a calibrator.
  public var logits: [Float]
  /// The logits before the calibrator; `nil` where the model has none.
  public var uncalibratedLogits: [Float]?
  /// The projected text and classes, where they were asked for.
  public var embeddings: EngineEmbeddings?
}

/// The projected features of one prompt, from which the scorer makes logits (`text_embeddings` and `class_embeddings` of
/// `gliclass`).
public struct EngineEmbeddings: Sendable, Equatable {
  /// One row of hidden size; with pooling `pass` one row a token of the text. (The package has rows of projected zeros behind them
  /// where it extracts the text from the input.)
  public var text: [[Float]]
  /// One row of hidden size a label.
  public var classes: [[Float]]
}

/// The outputs of a batch where the head left them, until the next forward pass.
struct BatchOutputs {
  /// One a label of all texts.
  var logits: UnsafeBufferPointer<Float>
  /// These before the calibrator, where the model has one.
  var uncalibratedLogits: UnsafeBufferPointer<Float>?
  /// The projected rows of text, and then those of labels.
  var features: ActivationRows
  var featureSize: Int
  var projectedRows: Int

  /// A copy of what belongs to `text`.
  func output(of text: Batch.Text, embeddings: Bool) -> EngineOutput {
    func rows(_ rows: some Sequence<Int>) -> [[Float]] {
      rows.map { Array(UnsafeBufferPointer(start: features[$0], count: featureSize)) }
    }
    return EngineOutput(
      logits: Array(logits[text.labels]), uncalibratedLogits: uncalibratedLogits.map { Array($0[text.labels]) },
      embeddings: embeddings
        ? EngineEmbeddings(text: rows(text.projectedRows), classes: rows(text.labels.map { projectedRows + $0 })) : nil)
  }
}
