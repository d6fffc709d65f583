extension HeadConfiguration {
  /// Reads the head of a GLiClass `config.json`, with the defaults of `GLiClassModelConfig`. What `gliclass` itself cannot run (it
  /// fails on the shapes) is refused by name.
  init(huggingFace config: JSONValue, encoder: EncoderConfiguration) throws(ModelCoreError) {
    let size = 1...65_536
    self.init(projectorSize: try config.integer("hidden_size", in: size) ?? encoder.hiddenSize)
    projectorActivation = try config.activation("projector_hidden_act") ?? .gelu
    scorer = try config.string("scorer_type").flatMap(Scorer.init) ?? .simple
    if scorer == .crossAttention {
      scorerHeadCount = try config.integer("scorer_num_heads", in: 1...4096) ?? 16
      scorerHiddenSize = try config.integer("scorer_mlp_hidden_size", in: 2...65_536) ?? 1024
    }
    pooling = try config.string("pooling_strategy").flatMap(Pooling.init) ?? .first
    classPooling = try config.string("class_token_pooling").flatMap(ClassPooling.init) ?? .first
    embedsClassToken = try config.boolean("embed_class_token") ?? true
    extractsText = try config.boolean("extract_text_features") ?? false
    normalizesFeatures = try config.boolean("normalize_features") ?? false
    usesSegmentEmbeddings = try config.boolean("use_segment_embeddings") ?? false
    // A state that is chosen by its number is taken as it is.
    let readsLastState = try config.integer("encoder_layer_id") ?? -1 == -1
    squeezesLayers = readsLastState ? try config.boolean("squeeze_layers") ?? false : false
    usesLSTM = try config.boolean("use_lstm") ?? false
    if try config.boolean("use_calibrator") == true {
      let scale = try config.member("calibrator_beta_max")?.requireDouble() ?? 3
      guard Float(scale) > 0, Float(scale).isFinite else {
        throw config.unexpected("calibrator_beta_max", "a positive number")
      }
      calibrator = CalibratorConfiguration(
        hiddenSize: try config.integer("calibrator_hidden_size", in: size) ?? 256, maximumScale: Float(scale),
        hasBias: try config.boolean("calibrator_use_bias") ?? false)
    }
    try check(config, encoder)
  }

  private func check(_ config: JSONValue, _ encoder: EncoderConfiguration) throws(ModelCoreError) {
    func require(_ holds: Bool, _ field: String, _ supported: String) throws(ModelCoreError) {
      guard !holds else { return }
      let found = config.member(field)?.found ?? "nothing, which means a default"
      throw .unsupported(path: config.document.path, field: config.fieldName(field), found: found, supported: supported)
    }
    let hidden = encoder.hiddenSize
    if scorer != .simple || usesLSTM {
      let reason = usesLSTM ? "use_lstm" : "scorer_type \"\(scorer.rawValue)\""
      try require(projectorSize == hidden, "hidden_size", "\(hidden), the encoder's, because of \(reason)")
    }
    if scorer == .hopfield {
      // Its softmax runs over all slots for labels, used or not; no other scorer knows how many there are.
      let slots = config.member("max_labels_alloc")
      try require(
        slots == nil || slots?.string == "dynamic", "max_labels_alloc",
        "\"dynamic\" where scorer_type is \"hopfield\"")
    }
    if scorer == .crossAttention {
      try require(
        projectorSize % scorerHeadCount == 0, "scorer_num_heads", "a divisor of hidden_size \(projectorSize)")
      try require(pooling == .pass, "pooling_strategy", "\"pass\" where scorer_type is \"cross-attn\"")
    } else {
      try require(pooling != .pass, "pooling_strategy", "\"pass\" only where scorer_type is \"cross-attn\"")
    }
    if usesLSTM, pooling == .pass {
      try require(!extractsText, "extract_text_features", "false where use_lstm is true and pooling_strategy \"pass\"")
    }
    if calibrator != nil { try require(pooling != .pass, "use_calibrator", "false where pooling_strategy is \"pass\"") }
    if usesSegmentEmbeddings {
      try require(
        encoder.embeddingSize == hidden, "use_segment_embeddings", "false where embedding_size is not hidden_size")
    }
  }
}

extension JSONValue {
  /// The error that the member `key` is not `expected`.
  fileprivate func unexpected(_ key: String, _ expected: String) -> ModelCoreError {
    .unexpectedJSON(
      path: document.path, field: fieldName(key), expected: expected, found: member(key)?.found ?? "nothing")
  }

  /// The activation function that the member `key` names, `nil` where it is absent.
  func activation(_ key: String) throws(ModelCoreError) -> Activation? {
    guard let value = member(key) else { return nil }
    guard let activation = Activation(huggingFace: try value.requireString()) else {
      throw value.unsupported(Activation.huggingFaceNames.joined(separator: ", "))
    }
    return activation
  }

  /// The integer member `key`, `nil` where it is absent or `null`.
  fileprivate func integer(_ key: String) throws(ModelCoreError) -> Int? {
    try integer(key, in: -65_536...65_536)
  }
}
