/// Everything between hidden states and logits (`gliclass` 0.1.21, `model.py`). What has a default value is the choice of
/// `GLiClassModelConfig`.
public struct HeadConfiguration: Sendable, Equatable {
  /// Features between the two products of a projector, h (`config.hidden_size`).
  public var projectorSize: Int
  /// Between the two products of a projector.
  public var projectorActivation = Activation.gelu
  /// What makes logits of text and classes.
  public var scorer = Scorer.simple
  /// Attention heads of ``Scorer/crossAttention``, the only one that has some.
  public var scorerHeadCount = 16
  /// Features of the first layer behind the attention of ``Scorer/crossAttention``.
  public var scorerHiddenSize = 1024
  /// What makes one row of the rows of a text.
  public var pooling = Pooling.first
  /// What makes one row of the tokens of a label.
  public var classPooling = ClassPooling.first
  /// Whether the `<<LABEL>>` token counts among the tokens of its label.
  public var embedsClassToken = true
  /// Whether the text begins at the first `<<SEP>>`, instead of being the whole input (`extract_text_features`).
  public var extractsText = false
  /// Whether projected features are brought to length 1, and logits scaled (`normalize_features`).
  public var normalizesFeatures = false
  /// Whether embeddings say which part of the prompt a token is in.
  public var usesSegmentEmbeddings = false
  /// Whether the hidden states of all layers are weighted and added up (`squeeze_layers`).
  public var squeezesLayers = false
  /// Whether a bidirectional LSTM runs over the text.
  public var usesLSTM = false
  /// What corrects the logits; `nil` without it.
  public var calibrator: CalibratorConfiguration?

  /// A head with projectors of `projectorSize`, and nothing else.
  public init(projectorSize: Int) { self.projectorSize = projectorSize }

  /// Whether the head reads the states of one token for the text and of one for each label, and no others.
  public var readsSingleTokens: Bool {
    (pooling == .first || pooling == .last) && classPooling == .first && !usesLSTM && !squeezesLayers
  }
}

/// The scorers of `gliclass` (`scorers.py`).
public enum Scorer: String, Sendable, CaseIterable {
  case simple
  case weightedDot = "weighted-dot"
  case mlp, hopfield
  case crossAttention = "cross-attn"
}

/// How the rows of a text become one, feature by feature (`poolings.py`); `pass` leaves them as they are.
public enum Pooling: String, Sendable, CaseIterable {
  case first, last, max, sum, rms, pass
  case average = "avg"
  case absoluteMax = "abs_max"
  case absoluteAverage = "abs_avg"
}

/// Which tokens stand for a label: its first one, or the average of all (`class_token_pooling`).
public enum ClassPooling: String, Sendable, CaseIterable {
  case first, average
}

/// The network that scales a logit, and may add to it (`calibration.py`, `GLiClassCalibrator`).
public struct CalibratorConfiguration: Sendable, Equatable {
  /// Hidden features.
  public var hiddenSize: Int
  /// What a logit is scaled by is below this (`calibrator_beta_max`).
  public var maximumScale: Float
  /// Whether it also adds to a logit.
  public var hasBias: Bool
}
