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
    let readsLastState = try config.integer("encoder_layer_id", in: -65_536...65_536) ?? -1 == -1
    squeezesLayers = readsLastState ? try config.boolean("squeeze_layers") ?? false : false
    usesLSTM = try config.boolean("use_lstm") ?? false
    if try config.boolean("use_calibrator") == true {
      let scale = try config.member("calibrator_beta_max")?.requireDouble() ?? 3
      guard Float(scale) > 0, Float(scale).isFinite else {
        throw try config.required("calibrator_beta_max").unexpected("a positive number")
      }
      calibrator = CalibratorConfiguration(
        hiddenSize: try config.integer("calibrator_hidden_size", in: size) ?? 256, maximumScale: Float(scale),
        hasBias: try config.boolean("calibrator_use_bias") ?? false)
    }
    try check(config, encoder)
  }

  private func check(_ config: JSONValue, _ encoder: EncoderConfiguration) throws(ModelCoreError) {
    func unsupported(_ field: String, _ supported: String) -> ModelCoreError {
      .unsupported(
        path: config.document.path, field: config.fieldName(field),
        found: config.member(field)?.found ?? "nothing, which means a default", supported: supported)
    }
    if scorer == .hopfield, let slots = config.member("max_labels_alloc"), slots.string != "dynamic" {
      // Its softmax runs over all slots for labels, used or not; no other scorer knows how many there are.
      throw unsupported("max_labels_alloc", "\"dynamic\" where scorer_type is \"hopfield\"")
    }
    if let conflict = conflict(with: encoder) { throw unsupported(conflict.names.config, conflict.expected) }
  }
}

extension JSONValue {
  /// The activation function that the member `key` names, `nil` where it is absent.
  func activation(_ key: String) throws(ModelCoreError) -> Activation? {
    guard let value = member(key) else { return nil }
    guard let activation = Activation(huggingFace: try value.requireString()) else {
      throw value.unsupported(Activation.huggingFaceNames.joined(separator: ", "))
    }
    return activation
  }
}
