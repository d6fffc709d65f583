extension ModelConfiguration {
  /// The pipeline's default for `max_length` (`gliclass.ZeroShotClassificationPipeline`).
  public static let defaultMaximumLength = 1024

  /// More log buckets than any checkpoint has (DeBERTa-v3: 256). Attention takes memory in proportion to tokens times buckets, so
  /// a file may not ask for any number.
  static let maximumPositionBuckets = 4096

  /// Reads a GLiClass `config.json`. A field that is absent has its default in `gliclass` or `transformers`; a field that
  /// is not known, or whose value is not implemented, is refused by name. `null` is as good as absence where those libraries
  /// take it.
  /// - Throws: ``ModelCoreError/unexpectedJSON(path:field:expected:found:)``,
  ///   ``ModelCoreError/unsupported(path:field:found:supported:)``.
  public init(huggingFace config: JSONValue) throws(ModelCoreError) {
    let (configuration, notImplemented) = try Self.survey(huggingFace: config)
    if let error = notImplemented.first { throw error }
    self = configuration
  }

  /// Reads a GLiClass `config.json` as far as its values are known, whether or not they are implemented.
  /// - Returns: what it says, and the errors of values that are known and not implemented.
  public static func survey(
    huggingFace config: JSONValue
  ) throws(ModelCoreError) -> (configuration: ModelConfiguration, notImplemented: [ModelCoreError]) {
    // Decided first, because every other complaint about such a file would mislead.
    _ = try ConfigurationField.check(config, against: ConfigurationField.identity, unknownIsRefused: false)
    let encoder = try config.required("encoder_config")
    _ = try ConfigurationField.check(encoder, against: ConfigurationField.encoderIdentity, unknownIsRefused: false)
    let notImplemented =
      try ConfigurationField.check(config, against: ConfigurationField.identity + ConfigurationField.gliclass)
      + ConfigurationField.check(encoder, against: ConfigurationField.encoderIdentity + ConfigurationField.debertaV2)
    return (try ModelConfiguration(checked: config, encoder: encoder), notImplemented)
  }

  private init(checked config: JSONValue, encoder: JSONValue) throws(ModelCoreError) {
    let ownVocabulary = try config.integer("vocab_size", in: 1...10_000_000)
    let encoderVocabulary = try encoder.member("vocab_size")?.requireInt(in: 1...10_000_000)
    let vocabulary = ownVocabulary ?? encoderVocabulary ?? 128_100
    let encoderConfiguration = try EncoderConfiguration(huggingFace: encoder, vocabularySize: vocabulary)
    func token(_ field: String, default offset: Int, limit: Int) throws(ModelCoreError) -> Int {
      let id = try config.integer(field, in: -1...limit) ?? -1
      return id == -1 ? vocabulary + offset : id
    }
    self.init(
      encoder: encoderConfiguration,
      head: try HeadConfiguration(huggingFace: config, hiddenSize: encoderConfiguration.hiddenSize),
      prompt: PromptConfiguration(
        labelTokenID: try token("class_token_index", default: 0, limit: vocabulary - 1),
        separatorTokenID: try token("text_token_index", default: 1, limit: vocabulary - 1),
        exampleTokenID: try token("example_token_index", default: 2, limit: Int(Int32.max)),
        promptFirst: try config.boolean("prompt_first") ?? false,
        maximumLength: Self.defaultMaximumLength))
    let markers = [("class_token_index", prompt.labelTokenID), ("text_token_index", prompt.separatorTokenID)]
    for (field, id) in markers where id >= vocabulary {
      throw .unexpectedJSON(
        path: config.document.path, field: field, expected: "an id below vocab_size \(vocabulary)", found: "\(id)")
    }
  }
}

extension HeadConfiguration {
  fileprivate init(huggingFace config: JSONValue, hiddenSize: Int) throws(ModelCoreError) {
    let size = 1...65_536
    self.init(projectorSize: try config.integer("hidden_size", in: size) ?? hiddenSize)
    scorer = try config.string("scorer_type").flatMap(Scorer.init) ?? .simple
    scorerHiddenSize = try config.integer("scorer_mlp_hidden_size", in: size) ?? 1024
    usesSegmentEmbeddings = try config.boolean("use_segment_embeddings") ?? false
    squeezesLayers = try config.boolean("squeeze_layers") ?? false
    usesLSTM = try config.boolean("use_lstm") ?? false
    calibratorHasBias = try config.boolean("calibrator_use_bias") ?? false
    let calibrator = try config.integer("calibrator_hidden_size", in: size) ?? 256
    calibratorSize = try config.boolean("use_calibrator") == true ? calibrator : nil
  }
}

extension EncoderConfiguration {
  fileprivate init(huggingFace encoder: JSONValue, vocabularySize: Int) throws(ModelCoreError) {
    let hiddenSize = try encoder.member("hidden_size")?.requireInt(in: 1...65_536) ?? 1536
    let headCount = try encoder.member("num_attention_heads")?.requireInt(in: 1...4096) ?? 24
    guard hiddenSize % headCount == 0, hiddenSize / headCount % 16 == 0 else {
      throw .unsupported(
        path: encoder.document.path, field: "\(encoder.field).num_attention_heads", found: "\(headCount)",
        supported: "a divisor of hidden_size \(hiddenSize) that leaves heads of a multiple of 16 features")
    }
    for field in ["embedding_size", "pooler_hidden_size", "attention_head_size"] where encoder.member(field) != nil {
      let expected = field == "attention_head_size" ? hiddenSize / headCount : hiddenSize
      guard let value = encoder.member(field), field != "pooler_hidden_size", value.int != expected else { continue }
      throw value.unsupported("\(expected)")
    }
    let maximumPosition = try encoder.member("max_position_embeddings")?.requireInt(in: 2...1_000_000) ?? 512
    let maximumRelative = try encoder.member("max_relative_positions")?.requireInt(in: -1...1_000_000) ?? -1
    let attentionTypes = try encoder.attentionTypes()
    let epsilon = try encoder.member("layer_norm_eps")?.requirePositiveFloat() ?? 1e-7
    let buckets = try encoder.buckets()
    let relativeNorm = try encoder.member("norm_rel_ebd")?.requireString() ?? "none"
    let norms = relativeNorm.lowercased().split(separator: "|").map { $0.filter { $0 != " " } }
    for name in norms where name != "layer_norm" && name != "none" {
      throw .unsupported(
        path: encoder.document.path, field: "\(encoder.field).norm_rel_ebd", found: "\"\(relativeNorm)\"",
        supported: "\"layer_norm\", \"none\"")
    }
    self.init(
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      layerCount: try encoder.member("num_hidden_layers")?.requireInt(in: 1...1000) ?? 24,
      headCount: headCount,
      intermediateSize: try encoder.member("intermediate_size")?.requireInt(in: 1...65_536) ?? 6144,
      layerNormEpsilon: epsilon,
      positionBuckets: buckets,
      maximumRelativePosition: maximumRelative < 1 ? maximumPosition : maximumRelative,
      usesContentToPosition: attentionTypes.contains("c2p"),
      usesPositionToContent: attentionTypes.contains("p2c"),
      normalizesRelativeEmbeddings: norms.contains("layer_norm"))
    guard maximumRelativePosition > buckets / 2 + 1 else {
      throw .unsupported(
        path: encoder.document.path, field: "\(encoder.field).position_buckets", found: "\(buckets)",
        supported: "log buckets that end before position \(maximumRelativePosition)")
    }
  }
}

extension JSONValue {
  /// The integer member `key`, `nil` where it is absent or `null`.
  package func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelCoreError) -> Int? {
    guard let value = member(key), !value.isNull else { return nil }
    return try value.requireInt(in: range)
  }

  /// The boolean member `key`, `nil` where it is absent or `null`.
  package func boolean(_ key: String) throws(ModelCoreError) -> Bool? {
    guard let value = member(key), !value.isNull else { return nil }
    return try value.requireBool()
  }

  /// The string member `key`, `nil` where it is absent or `null`.
  package func string(_ key: String) throws(ModelCoreError) -> String? {
    guard let value = member(key), !value.isNull else { return nil }
    return try value.requireString()
  }

  fileprivate func requirePositiveFloat() throws(ModelCoreError) -> Float {
    let value = Float(try requireDouble())
    guard value > 0, value < 1 else { throw unexpected("a number between 0 and 1") }
    return value
  }

  /// `position_buckets`, without which there are no log buckets.
  fileprivate func buckets() throws(ModelCoreError) -> Int {
    let limit = ModelConfiguration.maximumPositionBuckets
    let expected = "an even number of log buckets from 2 to \(limit)"
    guard let member = member("position_buckets") else {
      throw .unexpectedJSON(
        path: document.path, field: fieldName("position_buckets"), expected: expected, found: "nothing, which means -1")
    }
    guard let value = member.int, (2...limit).contains(value), value % 2 == 0 else {
      throw member.unsupported(expected)
    }
    return value
  }

  /// `pos_att_type` is a list, or one string with `|` between the names.
  fileprivate func attentionTypes() throws(ModelCoreError) -> Set<String> {
    guard let value = member("pos_att_type"), !value.isNull else { return [] }
    var names: [String] = []
    if let text = value.string {
      names = text.lowercased().split(separator: "|").map { String($0.filter { $0 != " " }) }
    } else {
      for element in try value.elements() { names.append(try element.requireString()) }
    }
    for name in names where name != "c2p" && name != "p2c" { throw value.unsupported("\"c2p\", \"p2c\"") }
    return Set(names)
  }
}
