/// Everything the forward pass and the prompt need to know about a GLiClass uni-encoder.
///
/// Read from a checkpoint's `config.json` by ``init(huggingFace:)``, and from a `.glc`'s metadata by ``init(metadata:)``.
public struct ModelConfiguration: Sendable, Equatable {
  /// The transformer that encodes label prompt and text in one pass.
  public var encoder: EncoderConfiguration
  /// What turns hidden states into one logit a label.
  public var head: HeadConfiguration
  /// How labels and text become token ids.
  public var prompt: PromptConfiguration
}

/// A DeBERTa-v2/v3 encoder with disentangled attention (arXiv 2006.03654, 2111.09543; `transformers` `DebertaV2Config`).
public struct EncoderConfiguration: Sendable, Equatable {
  /// Rows of the embedding table; may exceed what the tokenizer knows.
  public var vocabularySize: Int
  /// Features of a hidden state, H.
  public var hiddenSize: Int
  /// Transformer layers.
  public var layerCount: Int
  /// Attention heads; they divide ``hiddenSize``.
  public var headCount: Int
  /// Features between the two products of the feed-forward network.
  public var intermediateSize: Int
  /// Added to the variance in every LayerNorm.
  public var layerNormEpsilon: Float
  /// `position_buckets`: half the rows of the relative embedding table, also called span.
  public var positionBuckets: Int
  /// `max_relative_positions`, or `max_position_embeddings` where that is not positive: where the log buckets end.
  public var maximumRelativePosition: Int
  /// Whether scores have a content-to-position part.
  public var usesContentToPosition: Bool
  /// Whether scores have a position-to-content part.
  public var usesPositionToContent: Bool
  /// Whether relative embeddings pass through `encoder.LayerNorm` (`norm_rel_ebd` contains `layer_norm`).
  public var normalizesRelativeEmbeddings: Bool

  /// Features of one attention head, d.
  public var headSize: Int { hiddenSize / headCount }
  /// Rows of the relative embedding table: 2 · span.
  public var relativeRowCount: Int { 2 * positionBuckets }
}

/// Projectors and scorer on top of the encoder. What has a default value is implemented with that value alone so far; the
/// others tell which tensors such a checkpoint holds.
public struct HeadConfiguration: Sendable, Equatable {
  /// Features between the two products of a projector, h (`config.hidden_size`).
  public var projectorSize: Int
  /// What makes logits of text and classes.
  public var scorer = Scorer.simple
  /// Features of the first layer behind the attention of ``Scorer/crossAttention``.
  public var scorerHiddenSize = 1024
  /// Whether embeddings say which part of the prompt a token is in.
  public var usesSegmentEmbeddings = false
  /// Whether the hidden states of all layers are weighted and added up (`squeeze_layers`).
  public var squeezesLayers = false
  /// Whether a bidirectional LSTM runs over the text.
  public var usesLSTM = false
  /// Logits are calibrated by a network with this many hidden features; `nil` without one.
  public var calibratorSize: Int?
  /// Whether the calibrator adds to a logit, beside scaling it.
  public var calibratorHasBias = false

  /// A head with projectors of `projectorSize`, and nothing else.
  public init(projectorSize: Int) { self.projectorSize = projectorSize }
}

/// The scorers of `gliclass` (`scorers.py`).
public enum Scorer: String, Sendable {
  case simple
  case weightedDot = "weighted-dot"
  case mlp, hopfield
  case crossAttention = "cross-attn"
}

/// The prompt rules of the GLiClass pipeline.
public struct PromptConfiguration: Sendable, Equatable {
  /// Id of `<<LABEL>>`.
  public var labelTokenID: Int
  /// Id of `<<SEP>>`.
  public var separatorTokenID: Int
  /// Id of `<<EXAMPLE>>`. May lie outside the vocabulary where examples are unused.
  public var exampleTokenID: Int
  /// Whether labels come before the text.
  public var promptFirst: Bool
  /// Tokens of a whole input, `[CLS]` and `[SEP]` included; longer ones are truncated on the right.
  public var maximumLength: Int
}
