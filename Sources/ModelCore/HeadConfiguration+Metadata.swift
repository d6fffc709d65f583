// The head's members of the `model` object of a `.glc`'s metadata (formats/glc.md).

extension HeadConfiguration {
  init(metadata model: JSONValue, version: Int, encoder: EncoderConfiguration) throws(ModelCoreError) {
    let size = 1...65_536
    self.init(projectorSize: try model.required("projector_size").requireInt(in: size))
    guard version > 1 else {
      for (field, value) in Self.version1 where try model.required(field).string != value {
        throw try model.required(field).unsupported("\"\(value)\"")
      }
      return
    }
    scorer = try model.required("scorer").choice(Scorer.self)
    pooling = try model.required("pooling").choice(Pooling.self)
    classPooling = try model.required("class_token_pooling").choice(ClassPooling.self)
    projectorActivation = try model.required("projector_activation").choice(Activation.self)
    scorerHeadCount = try model.required("scorer_heads").requireInt(in: 1...4096)
    scorerHiddenSize = try model.required("scorer_hidden_size").requireInt(in: 2...65_536)
    embedsClassToken = try model.required("embed_class_token").requireBool()
    extractsText = try model.required("extract_text").requireBool()
    normalizesFeatures = try model.required("normalize_features").requireBool()
    usesSegmentEmbeddings = try model.required("segment_embeddings").requireBool()
    squeezesLayers = try model.required("squeeze_layers").requireBool()
    usesLSTM = try model.required("lstm").requireBool()
    calibrator = try CalibratorConfiguration(metadata: try model.required("calibrator"))
    if let conflict = conflict(with: encoder) {
      throw try model.required(conflict.names.metadata).unexpected(conflict.expected)
    }
  }

  /// The members that every version has.
  var basicMetadata: [(String, JSON)] {
    [
      ("projector_size", .int(projectorSize)), ("scorer", .string(scorer.rawValue)),
      ("pooling", .string(pooling.rawValue)), ("class_token_pooling", .string(classPooling.rawValue)),
    ]
  }

  /// The members that version 2 adds.
  var furtherMetadata: [(String, JSON)] {
    [
      ("projector_activation", .string(projectorActivation.rawValue)),
      ("scorer_heads", .int(scorerHeadCount)),
      ("scorer_hidden_size", .int(scorerHiddenSize)),
      ("embed_class_token", .bool(embedsClassToken)),
      ("extract_text", .bool(extractsText)),
      ("normalize_features", .bool(normalizesFeatures)),
      ("segment_embeddings", .bool(usesSegmentEmbeddings)),
      ("squeeze_layers", .bool(squeezesLayers)),
      ("lstm", .bool(usesLSTM)),
      ("calibrator", calibrator?.metadata ?? .null),
    ]
  }

  /// All of them.
  static let metadataNames = [
    "projector_size", "scorer", "pooling", "class_token_pooling", "projector_activation", "scorer_heads",
    "scorer_hidden_size", "embed_class_token", "extract_text", "normalize_features", "segment_embeddings",
    "squeeze_layers", "lstm", "calibrator",
  ]

  /// The choices of which version 1 has one each.
  private static let version1 = [("scorer", "simple"), ("pooling", "first"), ("class_token_pooling", "first")]
}

extension CalibratorConfiguration {
  fileprivate init?(metadata value: JSONValue) throws(ModelCoreError) {
    guard !value.isNull else { return nil }
    let scale = try value.required("beta_max").requireDouble()
    guard Float(scale) > 0, Float(scale).isFinite else {
      throw try value.required("beta_max").unexpected("a positive number")
    }
    self.init(
      hiddenSize: try value.required("hidden_size").requireInt(in: 1...65_536), maximumScale: Float(scale),
      hasBias: try value.required("bias").requireBool())
  }

  static let metadataNames = ["hidden_size", "beta_max", "bias"]

  fileprivate var metadata: JSON {
    .object([
      ("hidden_size", .int(hiddenSize)), ("beta_max", .float(maximumScale)), ("bias", .bool(hasBias)),
    ])
  }
}
