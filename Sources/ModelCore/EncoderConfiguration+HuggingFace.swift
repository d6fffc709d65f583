extension EncoderConfiguration {
  /// Reads the `encoder_config` of a GLiClass `config.json`, with the defaults of `DebertaV2Config` and of the `getattr`s in
  /// `modeling_deberta_v2.py`.
  /// - Parameter config: the whole configuration, which says up to which layer the encoder is run.
  init(huggingFace encoder: JSONValue, of config: JSONValue, vocabularySize: Int) throws(ModelCoreError) {
    let size = 1...65_536
    let hiddenSize = try encoder.member("hidden_size")?.requireInt(in: size) ?? 1536
    let headCount = try encoder.member("num_attention_heads")?.requireInt(in: 1...4096) ?? 24
    guard hiddenSize % headCount == 0, hiddenSize / headCount % 16 == 0 else {
      throw .unsupported(
        path: encoder.document.path, field: "\(encoder.field).num_attention_heads", found: "\(headCount)",
        supported: "a divisor of hidden_size \(hiddenSize) that leaves heads of a multiple of 16 features")
    }
    if let value = encoder.member("attention_head_size"), value.int != hiddenSize / headCount {
      throw value.unsupported("\(hiddenSize / headCount)")
    }
    let maximumPosition = try encoder.member("max_position_embeddings")?.requireInt(in: 2...1_000_000) ?? 512
    let maximumRelative = try encoder.member("max_relative_positions")?.requireInt(in: -1...1_000_000) ?? -1
    let types = try encoder.attentionTypes()
    let isRelative = try encoder.member("relative_attention")?.requireBool() ?? false
    self.init(
      vocabularySize: vocabularySize,
      hiddenSize: hiddenSize,
      layerCount: try encoder.member("num_hidden_layers")?.requireInt(in: 1...1000) ?? 24,
      headCount: headCount,
      intermediateSize: try encoder.member("intermediate_size")?.requireInt(in: size) ?? 6144,
      layerNormEpsilon: try encoder.member("layer_norm_eps")?.requirePositiveFloat() ?? 1e-7,
      positionBuckets: try encoder.buckets(),
      maximumRelativePosition: maximumRelative < 1 ? maximumPosition : maximumRelative,
      usesContentToPosition: isRelative && types.contains("c2p"),
      usesPositionToContent: isRelative && types.contains("p2c"),
      normalizesRelativeEmbeddings: try encoder.relativeNorms().contains("layer_norm"))
    attentionPartCount = 1 + types.count
    embeddingSize = try encoder.member("embedding_size")?.requireInt(in: size) ?? hiddenSize
    if try encoder.member("position_biased_input")?.requireBool() ?? true {
      absolutePositionCount = try encoder.member("max_position_embeddings")?.requireInt(in: 8...1_000_000) ?? 512
    }
    tokenTypeCount = try encoder.member("type_vocab_size")?.requireInt(in: 0...65_536) ?? 0
    hasOwnRelativeProjections = !(try encoder.member("share_att_key")?.requireBool() ?? false)
    activation = try encoder.activation("hidden_act") ?? .gelu
    layerCount = try Self.layersRead(config, of: checkpointLayerCount)
    let convolution = try encoder.convolution(hiddenSize)
    // It stands beside the first layer.
    self.convolution = layerCount > 0 ? convolution : nil
    try checkPositions(encoder)
  }

  /// Which of the N + 1 states the head reads (`encoder_layer_id`, an index into `hidden_states`, −1 the last): that many layers are
  /// run.
  private static func layersRead(_ config: JSONValue, of count: Int) throws(ModelCoreError) -> Int {
    let id = try config.integer("encoder_layer_id", in: -(count + 1)...count) ?? -1
    return id < 0 ? count + 1 + id : id
  }

  private mutating func checkPositions(_ encoder: JSONValue) throws(ModelCoreError) {
    let areBucketsPossible = positionBuckets == 0 || maximumRelativePosition > positionBuckets / 2 + 1
    guard usesRelativePositions else {
      // Nobody reads them, but a `.glc` holds only what is possible.
      if !areBucketsPossible { positionBuckets = 0 }
      return
    }
    func unsupported(_ field: String, _ found: Int, _ supported: String) -> ModelCoreError {
      .unsupported(
        path: encoder.document.path, field: "\(encoder.field).\(field)", found: "\(found)", supported: supported)
    }
    guard areBucketsPossible else {
      throw unsupported(
        "position_buckets", positionBuckets, "log buckets that end before position \(maximumRelativePosition)")
    }
    let limit = ModelConfiguration.maximumRelativeSpan
    guard relativeSpan <= limit else {
      throw unsupported("max_relative_positions", relativeSpan, "at most \(limit) without position_buckets")
    }
  }
}

extension JSONValue {
  fileprivate func requirePositiveFloat() throws(ModelCoreError) -> Float {
    let value = Float(try requireDouble())
    guard value > 0, value < 1 else { throw unexpected("a number between 0 and 1") }
    return value
  }

  /// `position_buckets`; 0 where it is absent or not positive: then there are no log buckets.
  fileprivate func buckets() throws(ModelCoreError) -> Int {
    guard let member = member("position_buckets") else { return 0 }
    let limit = ModelConfiguration.maximumRelativeSpan
    guard let value = member.int, (-1...limit).contains(value), value != 1 else {
      throw member.unsupported("2 to \(limit) log buckets, or -1 without them")
    }
    return max(value, 0)
  }

  /// `pos_att_type` is a list, or one string with `|` between the names.
  fileprivate func attentionTypes() throws(ModelCoreError) -> Set<String> {
    guard let value = member("pos_att_type"), !value.isNull else { return [] }
    var names: [(name: String, value: JSONValue)] = []
    if let text = value.string {
      names = text.lowercasedNames.map { ($0, value) }
    } else {
      for element in try value.elements() { names.append((try element.requireString(), element)) }
    }
    for (name, value) in names where name != "c2p" && name != "p2c" { throw value.unsupported("\"c2p\", \"p2c\"") }
    return Set(names.map(\.name))
  }

  /// `norm_rel_ebd`: names with `|` between them.
  fileprivate func relativeNorms() throws(ModelCoreError) -> [String] {
    guard let value = member("norm_rel_ebd") else { return [] }
    let names = try value.requireString().lowercasedNames
    for name in names where name != "layer_norm" && name != "none" {
      throw value.unsupported("\"layer_norm\", \"none\"")
    }
    return names
  }

  /// `conv_kernel_size`, `conv_groups` and `conv_act`; `nil` where the first is absent or not positive.
  fileprivate func convolution(_ hiddenSize: Int) throws(ModelCoreError) -> ConvolutionConfiguration? {
    guard let kernel = member("conv_kernel_size"), !kernel.isNull else { return nil }
    let size = try kernel.requireInt(in: -65_536...65_536)
    guard size > 0 else { return nil }
    // One that is even makes the text shorter in transformers, which then fails; no more inputs than a product may have.
    guard size % 2 == 1, size * hiddenSize <= 65_536 else {
      throw kernel.unsupported("an odd size, at most \(65_536 / hiddenSize)")
    }
    let groups = try member("conv_groups")?.requireInt(in: 1...hiddenSize) ?? 1
    guard hiddenSize % groups == 0 else {
      throw try required("conv_groups").unsupported("a divisor of hidden_size \(hiddenSize)")
    }
    return ConvolutionConfiguration(
      kernelSize: size, groupCount: groups, activation: try activation("conv_act") ?? .tanh)
  }
}

extension String {
  /// The names between `|`, without white space around them, in lower case; empty ones are none.
  fileprivate var lowercasedNames: [String] {
    lowercased().split(separator: "|").map { name in
      var name = name
      while name.first?.isWhitespace == true { name.removeFirst() }
      while name.last?.isWhitespace == true { name.removeLast() }
      return String(name)
    }.filter { !$0.isEmpty }
  }
}
