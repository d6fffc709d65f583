// The encoder's members of the `model` object of a `.glc`'s metadata (formats/glc.md).

extension EncoderConfiguration {
  init(metadata model: JSONValue, version: Int) throws(ModelCoreError) {
    let size = 1...65_536
    let hiddenSize = try model.required("hidden_size").requireInt(in: size)
    let heads = try model.required("attention_heads")
    let headCount = try heads.requireInt(in: 1...4096)
    guard hiddenSize % headCount == 0, hiddenSize / headCount % 16 == 0 else {
      throw heads.unexpected("a divisor of hidden_size \(hiddenSize) with heads of a multiple of 16 features")
    }
    let epsilon = try model.required("layer_norm_epsilon").requireDouble()
    guard Float(epsilon) > 0, epsilon < 1 else { throw try model.required("layer_norm_epsilon").unexpected("0 to 1") }
    let limit = ModelConfiguration.maximumRelativeSpan
    let buckets = try model.required("position_buckets").requireInt(in: (version == 1 ? 2 : 0)...limit)
    guard version == 1 ? buckets % 2 == 0 : buckets != 1 else {
      throw try model.required("position_buckets").unexpected(version == 1 ? "an even number" : "0, or 2 and more")
    }
    self.init(
      vocabularySize: try model.required("vocabulary_size").requireInt(in: 1...10_000_000),
      hiddenSize: hiddenSize,
      layerCount: try model.required("layers").requireInt(in: (version == 1 ? 1 : 0)...1000),
      headCount: headCount,
      intermediateSize: try model.required("intermediate_size").requireInt(in: size),
      layerNormEpsilon: Float(epsilon),
      positionBuckets: buckets,
      maximumRelativePosition: try model.required("maximum_relative_position")
        .requireInt(in: (buckets == 0 ? 1 : buckets / 2 + 2)...1_000_000),
      usesContentToPosition: try model.required("content_to_position").requireBool(),
      usesPositionToContent: try model.required("position_to_content").requireBool(),
      normalizesRelativeEmbeddings: true)
    guard version > 1 else {
      let activation = try model.required("activation")
      guard activation.string == Activation.gelu.rawValue else { throw activation.unsupported("\"gelu\"") }
      return
    }
    guard relativeSpan <= limit || !usesRelativePositions else {
      throw try model.required("maximum_relative_position").unexpected("at most \(limit) without position_buckets")
    }
    // What was counted from the two terms is the least that it can be.
    attentionPartCount = try model.required("attention_parts").requireInt(in: attentionPartCount...3)
    embeddingSize = try model.required("embedding_size").requireInt(in: size)
    absolutePositionCount = try model.required("position_embeddings").requireInt(in: 0...1_000_000)
    tokenTypeCount = try model.required("token_type").requireBool() ? 1 : 0
    activation = try model.required("activation").choice(Activation.self)
    let convolution = try model.required("convolution")
    self.convolution = try ConvolutionConfiguration(metadata: convolution, hiddenSize: hiddenSize)
    guard layerCount > 0 || self.convolution == nil else { throw convolution.unexpected("null without layers") }
  }

  /// The members that every version has, without ``activation``.
  var basicMetadata: [(String, JSON)] {
    [
      ("vocabulary_size", .int(vocabularySize)),
      ("hidden_size", .int(hiddenSize)),
      ("layers", .int(layerCount)),
      ("attention_heads", .int(headCount)),
      ("intermediate_size", .int(intermediateSize)),
      ("layer_norm_epsilon", .float(layerNormEpsilon)),
      ("position_buckets", .int(positionBuckets)),
      ("maximum_relative_position", .int(maximumRelativePosition)),
      ("content_to_position", .bool(usesContentToPosition)),
      ("position_to_content", .bool(usesPositionToContent)),
    ]
  }

  /// The members that version 2 adds.
  var furtherMetadata: [(String, JSON)] {
    [
      ("attention_parts", .int(attentionPartCount)),
      ("embedding_size", .int(embeddingSize)),
      ("position_embeddings", .int(absolutePositionCount)),
      ("token_type", .bool(tokenTypeCount > 0)),
      ("convolution", convolution?.metadata ?? .null),
    ]
  }

  /// All of them.
  static let metadataNames = [
    "vocabulary_size", "hidden_size", "layers", "attention_heads", "intermediate_size", "layer_norm_epsilon",
    "position_buckets", "maximum_relative_position", "content_to_position", "position_to_content", "activation",
    "attention_parts", "embedding_size", "position_embeddings", "token_type", "convolution",
  ]

  /// The same without what version 1 cannot say: equal to this encoder where that is nothing.
  var inVersion1: EncoderConfiguration {
    var basic = EncoderConfiguration(
      vocabularySize: vocabularySize, hiddenSize: hiddenSize, layerCount: max(layerCount, 1), headCount: headCount,
      intermediateSize: intermediateSize, layerNormEpsilon: layerNormEpsilon,
      positionBuckets: max(positionBuckets, 2) / 2 * 2, maximumRelativePosition: maximumRelativePosition,
      usesContentToPosition: usesContentToPosition, usesPositionToContent: usesPositionToContent,
      normalizesRelativeEmbeddings: normalizesRelativeEmbeddings)
    // What is decided by the conversion leaves no trace in the file.
    basic.checkpointLayerCount = checkpointLayerCount
    basic.hasOwnRelativeProjections = hasOwnRelativeProjections
    return basic
  }
}

extension ConvolutionConfiguration {
  fileprivate init?(metadata value: JSONValue, hiddenSize: Int) throws(ModelCoreError) {
    guard !value.isNull else { return nil }
    let size = try value.required("kernel_size")
    let kernelSize = try size.requireInt(in: 1...65_536)
    guard kernelSize % 2 == 1, kernelSize * hiddenSize <= 65_536 else {
      throw size.unexpected("an odd size, at most \(65_536 / hiddenSize)")
    }
    self.init(
      kernelSize: kernelSize, groupCount: 1, activation: try value.required("activation").choice(Activation.self))
  }

  static let metadataNames = ["kernel_size", "activation"]

  fileprivate var metadata: JSON {
    .object([("kernel_size", .int(kernelSize)), ("activation", .string(activation.rawValue))])
  }
}
