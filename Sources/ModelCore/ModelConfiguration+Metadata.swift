// The form that a `.glc`'s metadata holds (formats/glc.md, "model" and "prompt").

extension ModelConfiguration {
  /// Reads the `model` and `prompt` objects of a `.glc`'s metadata.
  /// - Throws: ``ModelCoreError``, naming the field.
  public init(metadata: JSONValue) throws(ModelCoreError) {
    let model = try metadata.required("model")
    let architecture = try model.required("architecture")
    guard architecture.string == "deberta-v2" else { throw architecture.unsupported("\"deberta-v2\"") }
    for (field, value) in Self.fixedHead where try model.required(field).string != value {
      throw try model.required(field).unsupported("\"\(value)\"")
    }
    let size = 1...65_536
    let hiddenSize = try model.required("hidden_size").requireInt(in: size)
    let heads = try model.required("attention_heads")
    let headCount = try heads.requireInt(in: 1...4096)
    guard hiddenSize % headCount == 0, hiddenSize / headCount % 16 == 0 else {
      throw heads.unexpected("a divisor of hidden_size \(hiddenSize) with heads of a multiple of 16 features")
    }
    let epsilon = try model.required("layer_norm_epsilon").requireDouble()
    guard Float(epsilon) > 0, epsilon < 1 else { throw try model.required("layer_norm_epsilon").unexpected("0 to 1") }
    let vocabularySize = try model.required("vocabulary_size").requireInt(in: 1...10_000_000)
    let buckets = try model.required("position_buckets").requireInt(in: 2...ModelConfiguration.maximumPositionBuckets)
    guard buckets % 2 == 0 else { throw try model.required("position_buckets").unexpected("an even number") }
    encoder = EncoderConfiguration(
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      layerCount: try model.required("layers").requireInt(in: 1...1000),
      headCount: headCount,
      intermediateSize: try model.required("intermediate_size").requireInt(in: size),
      layerNormEpsilon: Float(epsilon),
      positionBuckets: buckets,
      maximumRelativePosition: try model.required("maximum_relative_position")
        .requireInt(in: buckets / 2 + 2...1_000_000),
      usesContentToPosition: try model.required("content_to_position").requireBool(),
      usesPositionToContent: try model.required("position_to_content").requireBool(),
      normalizesRelativeEmbeddings: true)
    head = HeadConfiguration(projectorSize: try model.required("projector_size").requireInt(in: size))
    let prompt = try metadata.required("prompt")
    self.prompt = PromptConfiguration(
      labelTokenID: try prompt.required("label_token").requireInt(in: 0...vocabularySize - 1),
      separatorTokenID: try prompt.required("separator_token").requireInt(in: 0...vocabularySize - 1),
      exampleTokenID: try prompt.required("example_token").requireInt(in: 0...Int(Int32.max)),
      promptFirst: try prompt.required("prompt_first").requireBool(),
      maximumLength: try prompt.required("maximum_length").requireInt(in: 8...65_536))
  }

  /// The choices of which this version implements one each.
  private static let fixedHead = [
    ("scorer", "simple"), ("pooling", "first"), ("class_token_pooling", "first"), ("activation", "gelu"),
  ]

  /// The `model` object of the metadata. Whether relative embeddings were normalized is not in it: the file holds them
  /// projected.
  public var modelMetadata: JSON {
    .object(
      [
        ("architecture", .string("deberta-v2")),
        ("vocabulary_size", .int(encoder.vocabularySize)),
        ("hidden_size", .int(encoder.hiddenSize)),
        ("layers", .int(encoder.layerCount)),
        ("attention_heads", .int(encoder.headCount)),
        ("intermediate_size", .int(encoder.intermediateSize)),
        ("layer_norm_epsilon", .float(encoder.layerNormEpsilon)),
        ("position_buckets", .int(encoder.positionBuckets)),
        ("maximum_relative_position", .int(encoder.maximumRelativePosition)),
        ("content_to_position", .bool(encoder.usesContentToPosition)),
        ("position_to_content", .bool(encoder.usesPositionToContent)),
        ("projector_size", .int(head.projectorSize)),
      ] + Self.fixedHead.map { ($0, .string($1)) })
  }

  /// The `prompt` object of the metadata.
  public var promptMetadata: JSON {
    .object([
      ("label_token", .int(prompt.labelTokenID)),
      ("separator_token", .int(prompt.separatorTokenID)),
      ("example_token", .int(prompt.exampleTokenID)),
      ("prompt_first", .bool(prompt.promptFirst)),
      ("maximum_length", .int(prompt.maximumLength)),
    ])
  }
}
