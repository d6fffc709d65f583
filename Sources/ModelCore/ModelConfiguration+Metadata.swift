// The form that a `.glc`'s metadata holds (formats/glc.md, "model" and "prompt").

extension ModelConfiguration {
  /// Reads the `model` and `prompt` objects of a `.glc`'s metadata.
  /// - Parameter version: the major version of the file: 1 has one choice of head and fewer of encoder.
  /// - Throws: ``ModelCoreError``, naming the field.
  public init(metadata: JSONValue, version: Int) throws(ModelCoreError) {
    let model = try metadata.required("model")
    let architecture = try model.required("architecture")
    guard architecture.string == "deberta-v2" else { throw architecture.unsupported("\"deberta-v2\"") }
    encoder = try EncoderConfiguration(metadata: model, version: version)
    head = try HeadConfiguration(metadata: model, version: version, encoder: encoder)
    if version > 1 {
      try Self.refuseUnknown(
        in: model, known: ["architecture"] + EncoderConfiguration.metadataNames + HeadConfiguration.metadataNames)
      for (part, known) in [
        ("convolution", ConvolutionConfiguration.metadataNames), ("calibrator", CalibratorConfiguration.metadataNames),
      ] {
        if let part = model.member(part) { try Self.refuseUnknown(in: part, known: known) }
      }
    }
    let prompt = try metadata.required("prompt")
    let vocabularySize = encoder.vocabularySize
    self.prompt = PromptConfiguration(
      labelTokenID: try prompt.required("label_token").requireInt(in: 0...vocabularySize - 1),
      separatorTokenID: try prompt.required("separator_token").requireInt(in: 0...vocabularySize - 1),
      exampleTokenID: try prompt.required("example_token").requireInt(in: 0...Int(Int32.max)),
      promptFirst: try prompt.required("prompt_first").requireBool(),
      maximumLength: try prompt.required("maximum_length").requireInt(in: 8...65_536))
    let positions = encoder.absolutePositionCount
    guard positions == 0 || self.prompt.maximumLength <= positions else {
      throw try prompt.required("maximum_length").unexpected("at most position_embeddings \(positions)")
    }
  }

  /// A member that is not known may change what the model computes.
  private static func refuseUnknown(in object: JSONValue, known: [String]) throws(ModelCoreError) {
    for key in object.keys where !known.contains(key) {
      throw try object.required(key).unsupported("only members that this version knows")
    }
  }

  /// The lowest major version of a `.glc` that can say what this configuration says.
  public var formatVersion: Int {
    var basic = self
    basic.encoder = encoder.inVersion1
    basic.head = HeadConfiguration(projectorSize: head.projectorSize)
    return basic == self ? 1 : 2
  }

  /// The `model` object of the metadata, in ``formatVersion``. Whether relative embeddings were normalized, and by what they were
  /// projected, is not in it: the file holds them projected.
  public var modelMetadata: JSON {
    let basic: [(String, JSON)] =
      [("architecture", .string("deberta-v2"))] + encoder.basicMetadata + head.basicMetadata
      + [("activation", .string(encoder.activation.rawValue))]
    return .object(formatVersion == 1 ? basic : basic + encoder.furtherMetadata + head.furtherMetadata)
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

extension JSONValue {
  /// One of the choices of an enumeration, by its raw value.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws(ModelCoreError) -> Choice {
    guard let choice = string.flatMap(Choice.init) else {
      throw unsupported(Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
    }
    return choice
  }
}
