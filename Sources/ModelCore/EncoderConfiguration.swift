/// A DeBERTa-v2/v3 encoder with disentangled attention (arXiv 2006.03654, 2111.09543; `transformers` `DebertaV2Config`).
///
/// What has a default value is what every DeBERTa-v3 has.
public struct EncoderConfiguration: Sendable, Equatable {
  /// Rows of the embedding table; may exceed what the tokenizer knows.
  public var vocabularySize: Int
  /// Features of a hidden state, H.
  public var hiddenSize: Int
  /// Transformer layers that are run. The head may read an earlier state than the last (`encoder_layer_id`): layers beyond it
  /// are neither stored nor run.
  public var layerCount: Int
  /// Attention heads; they divide ``hiddenSize``.
  public var headCount: Int
  /// Features between the two products of the feed-forward network.
  public var intermediateSize: Int
  /// Added to the variance in every LayerNorm.
  public var layerNormEpsilon: Float
  /// `position_buckets`: half the rows of the relative embedding table where distances fall into log buckets; 0 where every
  /// distance has a row of its own.
  public var positionBuckets: Int
  /// `max_relative_positions`, or `max_position_embeddings` where that is not positive: where the log buckets end.
  public var maximumRelativePosition: Int
  /// Whether scores have a content-to-position part.
  public var usesContentToPosition: Bool
  /// Whether scores have a position-to-content part.
  public var usesPositionToContent: Bool
  /// Whether relative embeddings pass through `encoder.LayerNorm` (`norm_rel_ebd` contains `layer_norm`).
  public var normalizesRelativeEmbeddings: Bool
  /// Layers that the checkpoint has (`num_hidden_layers`), of which ``layerCount`` are run.
  public var checkpointLayerCount: Int
  /// What scores are divided by the root of, times the head size: 1 and one for each name in `pos_att_type`, which counts even
  /// without relative attention.
  public var attentionPartCount: Int

  /// Features of an embedding, E, which are projected to H where they differ (`embedding_size`).
  public var embeddingSize: Int
  /// Rows of the table of absolute positions (`position_biased_input`), and so the most tokens of an input; 0 without one.
  public var absolutePositionCount = 0
  /// Rows of the table of token types (`type_vocab_size`), of which row 0 is added to every token; 0 without one.
  public var tokenTypeCount = 0
  /// Whether relative embeddings pass through projections of their own instead of those of keys and queries
  /// (`share_att_key` is false).
  public var hasOwnRelativeProjections = false
  /// Behind the first product of the feed-forward network.
  public var activation = Activation.gelu
  /// The convolution beside the first layer; `nil` without one of either.
  public var convolution: ConvolutionConfiguration?

  /// An encoder whose embeddings have hidden size, and all of whose layers are run.
  public init(
    vocabularySize: Int, hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int,
    layerNormEpsilon: Float, positionBuckets: Int, maximumRelativePosition: Int, usesContentToPosition: Bool,
    usesPositionToContent: Bool, normalizesRelativeEmbeddings: Bool
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.intermediateSize = intermediateSize
    self.layerNormEpsilon = layerNormEpsilon
    self.positionBuckets = positionBuckets
    self.maximumRelativePosition = maximumRelativePosition
    self.usesContentToPosition = usesContentToPosition
    self.usesPositionToContent = usesPositionToContent
    self.normalizesRelativeEmbeddings = normalizesRelativeEmbeddings
    checkpointLayerCount = layerCount
    attentionPartCount = 1 + (usesContentToPosition ? 1 : 0) + (usesPositionToContent ? 1 : 0)
    embeddingSize = hiddenSize
  }

  /// Features of one attention head, d.
  public var headSize: Int { hiddenSize / headCount }
  /// Half the rows of the relative embedding table, which is also what a bucket is shifted by.
  public var relativeSpan: Int { positionBuckets > 0 ? positionBuckets : maximumRelativePosition }
  /// Rows of the relative embedding table: 2 · span.
  public var relativeRowCount: Int { 2 * relativeSpan }
  /// Whether scores depend on the distance of tokens.
  public var usesRelativePositions: Bool { usesContentToPosition || usesPositionToContent }
}

/// The convolution over the embeddings whose result is added to the first layer's (`ConvLayer` of `modeling_deberta_v2.py`).
public struct ConvolutionConfiguration: Sendable, Equatable {
  /// Tokens that it looks at, an odd number: those around its own.
  public var kernelSize: Int
  /// Groups of features that see only each other in the checkpoint; a `.glc` holds the weights without groups.
  public var groupCount: Int
  /// Behind it.
  public var activation: Activation
}
