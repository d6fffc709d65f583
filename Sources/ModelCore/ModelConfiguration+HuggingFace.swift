extension ModelConfiguration {
  /// The pipeline's default for `max_length` (`gliclass.ZeroShotClassificationPipeline`).
  public static let defaultMaximumLength = 1024

  /// More relative positions to a side than any checkpoint has (DeBERTa-v3: 256). Attention takes memory in proportion to tokens
  /// times positions, so a file may not ask for any number.
  static let maximumRelativeSpan = 4096

  /// Reads a GLiClass `config.json`. A field that is absent has its default in `gliclass` or `transformers`; a field that
  /// is not known, or whose value is not implemented, is refused by name. `null` is as good as absence where those libraries
  /// take it.
  /// - Throws: ``ModelCoreError/unexpectedJSON(path:field:expected:found:)``,
  ///   ``ModelCoreError/unsupported(path:field:found:supported:)``.
  public init(huggingFace config: JSONValue) throws(ModelCoreError) {
    // Decided first, because every other complaint about such a file would mislead.
    try ConfigurationField.check(config, against: ConfigurationField.identity, unknownIsRefused: false)
    let encoder = try config.required("encoder_config")
    try ConfigurationField.check(encoder, against: ConfigurationField.encoderIdentity, unknownIsRefused: false)
    try ConfigurationField.check(config, against: ConfigurationField.identity + ConfigurationField.gliclass)
    try ConfigurationField.check(
      encoder, against: ConfigurationField.encoderIdentity + ConfigurationField.debertaV2)
    try self.init(checked: config, encoder: encoder)
  }

  private init(checked config: JSONValue, encoder: JSONValue) throws(ModelCoreError) {
    let ownVocabulary = try config.integer("vocab_size", in: 1...10_000_000)
    let encoderVocabulary = try encoder.member("vocab_size")?.requireInt(in: 1...10_000_000)
    let vocabulary = ownVocabulary ?? encoderVocabulary ?? 128_100
    let encoderConfiguration = try EncoderConfiguration(
      huggingFace: encoder, of: config, vocabularySize: vocabulary)
    func token(_ field: String, default offset: Int, limit: Int) throws(ModelCoreError) -> Int {
      let id = try config.integer(field, in: -1...limit) ?? -1
      return id == -1 ? vocabulary + offset : id
    }
    let head = try HeadConfiguration(huggingFace: config, encoder: encoderConfiguration)
    // Tokens beyond a table of absolute positions would have none.
    let positions = encoderConfiguration.absolutePositionCount
    self.init(
      encoder: encoderConfiguration,
      head: head,
      prompt: PromptConfiguration(
        labelTokenID: try token("class_token_index", default: 0, limit: vocabulary - 1),
        separatorTokenID: try token("text_token_index", default: 1, limit: vocabulary - 1),
        exampleTokenID: try token("example_token_index", default: 2, limit: Int(Int32.max)),
        promptFirst: try config.boolean("prompt_first") ?? false,
        maximumLength: positions == 0 ? Self.defaultMaximumLength : min(positions, Self.defaultMaximumLength)))
    let markers = [("class_token_index", prompt.labelTokenID), ("text_token_index", prompt.separatorTokenID)]
    for (field, id) in markers where id >= vocabulary {
      throw .unexpectedJSON(
        path: config.document.path, field: field, expected: "an id below vocab_size \(vocabulary)", found: "\(id)")
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
}
