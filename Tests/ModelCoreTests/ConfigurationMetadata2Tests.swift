import ModelCore
import Testing

/// The form in a `.glc` of version 2, which says everything (formats/glc.md, "Metadata").
@Suite struct ConfigurationMetadata2Tests {
  /// Options that version 1 has no words for.
  static let edits = [
    Edit("encoder_config.pos_att_type", .string("c2p")), Edit("encoder_config.position_buckets", .int(-1)),
    Edit("encoder_config.hidden_act", .string("gelu_new")), Edit("encoder_config.embedding_size", .int(128)),
    Edit("encoder_config.position_biased_input", .bool(true)), Edit("encoder_config.type_vocab_size", .int(2)),
    Edit("encoder_config.conv_kernel_size", .int(3)), Edit("encoder_config.conv_groups", .int(4)),
    Edit("encoder_config.share_att_key", .bool(false)), Edit("encoder_config.norm_rel_ebd", nil),
    Edit("encoder_layer_id", .int(3)), Edit("projector_hidden_act", .string("relu")),
    Edit("scorer_type", .string("cross-attn")), Edit("pooling_strategy", .string("pass")),
    Edit("class_token_pooling", .string("average")), Edit("scorer_num_heads", .int(4)),
    Edit("scorer_mlp_hidden_size", .int(96)), Edit("embed_class_token", .bool(false)),
    Edit("extract_text_features", .bool(true)), Edit("normalize_features", .bool(true)),
  ]

  static let text = #"""
    {"model":{"architecture":"deberta-v2","vocabulary_size":8004,"hidden_size":192,"layers":3,"attention_heads":6,
     "intermediate_size":768,"layer_norm_epsilon":1e-07,"position_buckets":0,"maximum_relative_position":512,
     "content_to_position":true,"position_to_content":false,"projector_size":192,"scorer":"cross-attn","pooling":"pass",
     "class_token_pooling":"average","activation":"gelu_tanh","attention_parts":2,"embedding_size":128,
     "position_embeddings":512,"token_type":true,"convolution":{"kernel_size":3,"activation":"tanh"},
     "projector_activation":"relu","scorer_heads":4,"scorer_hidden_size":96,"embed_class_token":false,
     "extract_text":true,"normalize_features":true,"segment_embeddings":false,"squeeze_layers":false,"lstm":false,
     "calibrator":null},
     "prompt":{"label_token":8001,"separator_token":8002,"example_token":8003,"prompt_first":true,"maximum_length":512}}
    """#

  static func read(_ edits: [Edit], version: Int = 2) throws -> ModelConfiguration {
    let json = try edits.reduce(parsed(text).json) { $0.edited($1) }
    return try ModelConfiguration(metadata: parsed(json.text(), path: "m.glc"), version: version)
  }

  static func error(_ edits: [Edit]) throws -> ModelCoreError? {
    do {
      _ = try read(edits)
      return nil
    } catch let error as ModelCoreError {
      return error
    }
  }

  /// What a file says of a configuration: conversion has decided what is not in it.
  static func converted(_ configuration: ModelConfiguration) -> ModelConfiguration {
    var result = configuration
    result.encoder.checkpointLayerCount = configuration.encoder.layerCount
    result.encoder.normalizesRelativeEmbeddings = true
    result.encoder.hasOwnRelativeProjections = false
    result.encoder.tokenTypeCount = min(configuration.encoder.tokenTypeCount, 1)
    result.encoder.convolution?.groupCount = 1
    return result
  }

  static func written(_ configuration: ModelConfiguration) -> String {
    JSON.object([("model", configuration.modelMetadata), ("prompt", configuration.promptMetadata)]).text()
  }

  @Test func writesTheSpecifiedForm() throws {
    let configuration = try configuration(Self.edits)
    #expect(configuration.formatVersion == 2)
    #expect(Self.written(configuration).filter { $0 != " " } == Self.text.filter { $0 != " " && $0 != "\n" })
    #expect(try Self.read([]) == Self.converted(configuration))
  }

  @Test func writesACalibrator() throws {
    let configuration = try configuration([
      Edit("use_calibrator", .bool(true)), Edit("calibrator_hidden_size", .int(32)),
      Edit("calibrator_beta_max", .double(1.5)), Edit("calibrator_use_bias", .bool(true)),
    ])
    let value = try parsed(Self.written(configuration)).required("model").required("calibrator")
    #expect(value.json.text().filter { $0 != " " } == #"{"hidden_size":32,"beta_max":1.5,"bias":true}"#)
    #expect(
      try ModelConfiguration(metadata: parsed(Self.written(configuration)), version: 2) == configuration)
  }

  /// One option at a time that version 1 cannot say.
  static let beyondVersion1: [[Edit]] =
    [
      Edit("encoder_config.position_buckets", .int(-1)), Edit("encoder_config.hidden_act", .string("relu")),
      Edit("encoder_config.embedding_size", .int(96)), Edit("encoder_config.position_biased_input", .bool(true)),
      Edit("encoder_config.type_vocab_size", .int(1)), Edit("encoder_config.conv_kernel_size", .int(1)),
      Edit("encoder_config.relative_attention", .bool(false)), Edit("encoder_layer_id", .int(0)),
      Edit("projector_hidden_act", .string("tanh")), Edit("scorer_type", .string("weighted-dot")),
      Edit("scorer_type", .string("mlp")), Edit("scorer_type", .string("hopfield")),
      Edit("pooling_strategy", .string("avg")), Edit("class_token_pooling", .string("average")),
      Edit("embed_class_token", .bool(false)), Edit("extract_text_features", .bool(true)),
      Edit("normalize_features", .bool(true)), Edit("use_segment_embeddings", .bool(true)),
      Edit("squeeze_layers", .bool(true)), Edit("use_lstm", .bool(true)), Edit("use_calibrator", .bool(true)),
    ].map { [$0] } + [edits]

  @Test(arguments: beyondVersion1) func roundTrip(_ edits: [Edit]) throws {
    let original = try configuration(edits)
    #expect(original.formatVersion == 2)
    let found = try ModelConfiguration(metadata: parsed(Self.written(original)), version: 2)
    #expect(found == Self.converted(original))
  }

  /// What the conversion decides, and what a projection of its own makes of the same numbers.
  @Test(arguments: [
    Edit("encoder_config.share_att_key", .bool(false)), Edit("encoder_config.norm_rel_ebd", nil),
    Edit("encoder_config.pos_att_type", .string("p2c")), Edit("encoder_config.pos_att_type", .array([])),
    Edit("encoder_layer_id", .int(2)), Edit("hidden_size", .int(96)),
  ])
  func staysInVersion1(_ edit: Edit) throws {
    let original = try configuration([edit])
    #expect(original.formatVersion == 1)
    #expect(try ModelConfiguration(metadata: parsed(Self.written(original)), version: 1) == Self.converted(original))
  }

  /// A configuration whose buckets nobody reads is written so that it can be read.
  @Test func bucketsThatNobodyReads() throws {
    let original = try configuration([
      Edit("encoder_config.relative_attention", .bool(false)), Edit("encoder_config.max_relative_positions", .int(9)),
    ])
    #expect(
      try ModelConfiguration(metadata: parsed(Self.written(original)), version: 2) == Self.converted(original))
  }

  /// In version 1 a reader ignores what it does not know; from version 2 on it may change what the model computes.
  @Test func unknownMembers() throws {
    guard case .unsupported("m.glc", "model.later", "1", _) = try Self.error([Edit("model.later", .int(1))]) else {
      Issue.record("model.later")
      return
    }
    #expect(try Self.read([Edit("later", .int(1)), Edit("prompt.later", .null)]) == Self.read([]))
  }

  @Test func everyMemberIsNeeded() throws {
    let names = try parsed(Self.text).required("model").keys
    #expect(names.count == 31)
    for name in names {
      for value in [nil, JSON.null, .array([]), .string("other")] {
        if value?.text() == "null", ["convolution", "calibrator"].contains(name) { continue }
        let field = try Self.error([Edit("model.\(name)", value)])?.field
        #expect(field?.hasPrefix("model.\(name)") == true, "\(name): \(field ?? "no error")")
      }
    }
    for name in ["kernel_size", "activation"] {
      #expect(try Self.error([Edit("model.convolution.\(name)", nil)])?.field == "model.convolution.\(name)")
    }
  }

  static let impossible: [Edit] =
    [
      Edit("layers", .int(-1)), Edit("layers", .int(1001)), Edit("position_buckets", .int(-2)),
      Edit("position_buckets", .int(1)), Edit("position_buckets", .int(4098)),
      Edit("maximum_relative_position", .int(0)), Edit("maximum_relative_position", .int(4097)),
      Edit("attention_parts", .int(0)), Edit("attention_parts", .int(4)), Edit("embedding_size", .int(0)),
      Edit("embedding_size", .int(65_537)), Edit("position_embeddings", .int(-1)),
      Edit("position_embeddings", .int(1_000_001)), Edit("token_type", .int(1)), Edit("scorer_heads", .int(0)),
      Edit("scorer_heads", .int(4097)), Edit("scorer_heads", .int(5)), Edit("scorer_hidden_size", .int(1)),
      Edit("scorer_hidden_size", .int(65_537)), Edit("embed_class_token", .int(0)), Edit("extract_text", .null),
      Edit("normalize_features", .int(1)), Edit("segment_embeddings", .bool(true)), Edit("squeeze_layers", .int(1)),
      Edit("lstm", .int(1)), Edit("projector_size", .int(96)), Edit("pooling", .string("first")),
      Edit("convolution.kernel_size", .int(2)), Edit("convolution.kernel_size", .int(0)),
      Edit("convolution.kernel_size", .int(343)),
    ].map { Edit("model.\($0.field)", $0.value) } + [Edit("prompt.maximum_length", .int(513))]

  @Test(arguments: impossible)
  func outOfRange(_ edit: Edit) throws {
    let error = try Self.error([edit])
    guard case .unexpectedJSON("m.glc", edit.field, _, _) = error else {
      Issue.record("expected unexpectedJSON at \(edit.field), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
  }

  /// The combinations that no writer makes.
  @Test func combinations() throws {
    func calibrator(_ size: Int, _ scale: Double, _ bias: JSON = .bool(true)) -> JSON {
      .object([("hidden_size", .int(size)), ("beta_max", .double(scale)), ("bias", bias)])
    }
    let simple = [Edit("model.scorer", .string("simple")), Edit("model.pooling", .string("avg"))]
    #expect(try Self.read(simple).head.scorer == .simple)
    #expect(try Self.read(simple + [Edit("model.calibrator", calibrator(1, 0.1))]).head.calibrator?.hiddenSize == 1)
    let cases: [([Edit], String)] = [
      ([Edit("model.lstm", .bool(true))], "extract_text"),
      ([Edit("model.calibrator", calibrator(8, 1))], "calibrator"),
      ([Edit("model.scorer", .string("mlp"))], "pooling"),
      (simple + [Edit("model.lstm", .bool(true)), Edit("model.projector_size", .int(96))], "projector_size"),
      (simple + [Edit("model.calibrator", calibrator(0, 1))], "calibrator.hidden_size"),
      (simple + [Edit("model.calibrator", calibrator(8, 0))], "calibrator.beta_max"),
      (simple + [Edit("model.calibrator", calibrator(8, -1))], "calibrator.beta_max"),
      (simple + [Edit("model.calibrator", calibrator(8, 1e-60))], "calibrator.beta_max"),
      (simple + [Edit("model.calibrator", calibrator(8, 1e60))], "calibrator.beta_max"),
      (simple + [Edit("model.calibrator", calibrator(8, 1, .int(1)))], "calibrator.bias"),
    ]
    for (edits, field) in cases {
      guard case .unexpectedJSON("m.glc", "model.\(field)", _, _) = try Self.error(edits) else {
        Issue.record("\(field): \(String(describing: try Self.error(edits)))")
        continue
      }
    }
  }

  @Test func unknownChoices() throws {
    for field in [
      "architecture", "scorer", "pooling", "class_token_pooling", "activation", "projector_activation",
      "convolution.activation",
    ] {
      // `gelu_new` is the name in transformers, not in a file.
      for value in ["gelu_new", ""] {
        guard
          case .unsupported("m.glc", "model.\(field)", "\"\(value)\"", _) =
            try Self.error([Edit("model.\(field)", .string(value))])
        else {
          Issue.record("expected unsupported for \(field)")
          continue
        }
      }
    }
  }
}
