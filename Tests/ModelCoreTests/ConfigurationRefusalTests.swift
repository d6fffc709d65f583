import ModelCore
import Testing

/// Everything that is not implemented is refused, by the name of the field.
@Suite struct ConfigurationRefusalTests {
  /// Fields of the head and the prompt, and values of theirs that are not implemented.
  static let head: [Edit] =
    [
      Edit("architecture_type", .string("bi-encoder")), Edit("architecture_type", .string("bi-encoder-fused")),
      Edit("architecture_type", .string("encoder-decoder")), Edit("architecture_type", .null),
      Edit("model_type", .string("bert")), Edit("model_type", .string("gliclass")),
      Edit("class_token_pooling", .string("last")), Edit("class_token_pooling", .null),
      Edit("label_model_config", .object([("model_type", .string("bert"))])), Edit("label_model_name", .string("bert")),
      Edit("pooling_strategy", .string("mean")), Edit("pooling_strategy", .string("pass")),
      Edit("pooling_strategy", .null), Edit("scorer_type", .string("dot")), Edit("scorer_type", .string("moe")),
      Edit("scorer_type", .null), Edit("use_embedding_projection", .bool(true)), Edit("multimodal", .bool(true)),
    ]
    + [
      "embed_class_token", "extract_text_features", "layer_wise", "normalize_features", "squeeze_layers",
      "use_calibrator", "use_lstm", "use_segment_embeddings",
    ].flatMap { [Edit($0, .int(1)), Edit($0, .string("false")), Edit($0, .null)] }

  static let encoder: [Edit] = [
    Edit("model_type", .string("modernbert")), Edit("model_type", .string("deberta")),
    Edit("model_type", .string("t5")), Edit("hidden_act", .string("xielu")),
    Edit("conv_kernel_size", .int(2)), Edit("conv_kernel_size", .int(343)),
    Edit("attention_head_size", .int(64)), Edit("attention_head_size", .null),
    Edit("pos_att_type", .string("c2p|p2p")),
    Edit("pos_att_type", .string("c 2p")), Edit("norm_rel_ebd", .string("layer _norm")),
    Edit("norm_rel_ebd", .string("batch_norm")), Edit("norm_rel_ebd", .string("layer_norm|x")),
    Edit("position_buckets", .int(-2)), Edit("position_buckets", .int(1)),
    Edit("position_buckets", .int(4098)), Edit("position_buckets", .null), Edit("position_buckets", .string("64")),
    Edit("position_buckets", .double(64)),
    Edit("num_attention_heads", .int(5)), Edit("num_attention_heads", .int(24)), Edit("num_attention_heads", .int(192)),
  ].map { Edit("encoder_config.\($0.field)", $0.value) }

  /// The element of a list is named.
  @Test func unsupportedElement() throws {
    for (list, index) in [(["p2p"], 0), (["C2P"], 0), (["c2p", "p2p"], 1)] {
      let error = try configurationError([Edit("encoder_config.pos_att_type", .array(list.map { .string($0) }))])
      #expect(error?.field == "encoder_config.pos_att_type[\(index)]")
    }
  }

  @Test(arguments: head + encoder)
  func unsupportedValue(_ edit: Edit) throws {
    let error = try configurationError([edit])
    guard case .unsupported("config.json", edit.field, let found, let supported) = error else {
      Issue.record("expected unsupported \(edit.field), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(!found.isEmpty && !supported.isEmpty && found != supported)
    #expect(error?.exitStatus == .badData)
  }

  /// Options that `gliclass` cannot run together (it fails on the shapes), and the field that the error names.
  static let combinations: [(edits: [Edit], field: String)] = combinationsOfOne + combinationsOfThree

  private static let combinationsOfOne: [(edits: [Edit], field: String)] = [
    ([Edit("scorer_type", .string("cross-attn"))], "pooling_strategy"),
    ([Edit("scorer_type", .string("cross-attn")), Edit("pooling_strategy", .string("avg"))], "pooling_strategy"),
    (pass + [Edit("scorer_num_heads", .int(5))], "scorer_num_heads"),
    (pass + [Edit("hidden_size", .int(96))], "hidden_size"),
    (pass + [Edit("use_calibrator", .bool(true))], "use_calibrator"),
    (pass + [Edit("use_lstm", .bool(true)), Edit("extract_text_features", .bool(true))], "extract_text_features"),
    ([Edit("use_lstm", .bool(true)), Edit("hidden_size", .int(96))], "hidden_size"),
    (
      [Edit("use_segment_embeddings", .bool(true)), Edit("encoder_config.embedding_size", .int(128))],
      "use_segment_embeddings"
    ),
    (
      [Edit("encoder_config.conv_kernel_size", .int(3)), Edit("encoder_config.conv_groups", .int(5))],
      "encoder_config.conv_groups"
    ),
  ]

  private static let combinationsOfThree: [(edits: [Edit], field: String)] = ["weighted-dot", "mlp", "hopfield"]
    .flatMap { scorer -> [(edits: [Edit], field: String)] in
      [
        ([Edit("scorer_type", .string(scorer)), Edit("hidden_size", .int(96))], "hidden_size"),
        ([Edit("scorer_type", .string(scorer)), Edit("pooling_strategy", .string("pass"))], "pooling_strategy"),
      ]
    }

  static let pass = [Edit("scorer_type", .string("cross-attn")), Edit("pooling_strategy", .string("pass"))]

  @Test(arguments: combinations.indices)
  func combination(_ index: Int) throws {
    let (edits, field) = Self.combinations[index]
    let error = try configurationError(edits)
    guard case .unsupported("config.json", field, let found, let supported) = error else {
      Issue.record("expected unsupported \(field), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(!found.isEmpty && !supported.isEmpty && found != supported)
  }

  /// What is read only with another option, and is then of the wrong kind or size.
  static let wrongWithOthers: [(edits: [Edit], field: String)] =
    [JSON.int(0), .int(-1), .double(1e-60), .double(1e60), .null, .string("3")].map {
      ([Edit("use_calibrator", .bool(true)), Edit("calibrator_beta_max", $0)], "calibrator_beta_max")
    } + [
      ([Edit("use_calibrator", .bool(true)), Edit("calibrator_hidden_size", .int(0))], "calibrator_hidden_size"),
      ([Edit("use_calibrator", .bool(true)), Edit("calibrator_use_bias", .int(1))], "calibrator_use_bias"),
      (pass + [Edit("scorer_num_heads", .int(0))], "scorer_num_heads"),
      (pass + [Edit("scorer_mlp_hidden_size", .int(1))], "scorer_mlp_hidden_size"),
      (pass + [Edit("scorer_mlp_hidden_size", .double(96))], "scorer_mlp_hidden_size"),
      (
        [Edit("encoder_config.conv_kernel_size", .int(3)), Edit("encoder_config.conv_groups", .int(0))],
        "encoder_config.conv_groups"
      ),
      (
        [Edit("encoder_config.conv_kernel_size", .int(3)), Edit("encoder_config.conv_act", .null)],
        "encoder_config.conv_act"
      ),
      (
        [
          Edit("encoder_config.position_biased_input", .bool(true)),
          Edit("encoder_config.max_position_embeddings", .int(7)),
          Edit("encoder_config.max_relative_positions", .int(512)),
        ], "encoder_config.max_position_embeddings"
      ),
    ]

  @Test(arguments: wrongWithOthers.indices)
  func wrongValueWithOthers(_ index: Int) throws {
    let (edits, field) = Self.wrongWithOthers[index]
    let error = try configurationError(edits)
    guard case .unexpectedJSON("config.json", field, _, _) = error else {
      Issue.record("expected unexpectedJSON at \(field), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
  }

  /// Values that are not even of the right kind or size.
  static let wrong: [Edit] = [
    Edit("vocab_size", .int(0)), Edit("vocab_size", .int(-5)), Edit("vocab_size", .int(10_000_001)),
    Edit("vocab_size", .string("8004")), Edit("vocab_size", .double(8004)), Edit("hidden_size", .int(0)),
    Edit("hidden_size", .int(65_537)), Edit("hidden_size", .bool(true)), Edit("class_token_index", .int(8004)),
    Edit("class_token_index", .int(-2)), Edit("class_token_index", .string("8001")),
    Edit("text_token_index", .int(8004)),
    Edit("text_token_index", .int(.max)), Edit("text_token_index", .int(.min)), Edit("example_token_index", .int(-2)),
    Edit("example_token_index", .int(1 << 31)), Edit("prompt_first", .string("true")), Edit("prompt_first", .int(1)),
    Edit("encoder_config", .null), Edit("encoder_config", .array([])), Edit("encoder_config", .string("deberta")),
    Edit("encoder_config", nil),
    Edit("encoder_config.hidden_size", .int(0)), Edit("encoder_config.hidden_size", .int(.max)),
    Edit("encoder_config.hidden_size", .double(192)), Edit("encoder_config.num_attention_heads", .int(0)),
    Edit("encoder_config.num_attention_heads", .int(-6)), Edit("encoder_config.num_attention_heads", .int(.max)),
    Edit("encoder_config.num_hidden_layers", .int(0)), Edit("encoder_config.num_hidden_layers", .int(1001)),
    Edit("encoder_config.intermediate_size", .int(0)), Edit("encoder_config.intermediate_size", .int(65_537)),
    Edit("encoder_config.max_position_embeddings", .int(1)),
    Edit("encoder_config.max_position_embeddings", .int(1_000_001)),
    Edit("encoder_config.max_relative_positions", .int(-2)), Edit("encoder_config.max_relative_positions", .int(.max)),
    Edit("encoder_config.layer_norm_eps", .double(0)), Edit("encoder_config.layer_norm_eps", .double(-1e-7)),
    Edit("encoder_config.layer_norm_eps", .int(1)), Edit("encoder_config.layer_norm_eps", .double(1e-60)),
    Edit("encoder_config.layer_norm_eps", .string("1e-7")), Edit("encoder_config.layer_norm_eps", .null),
    Edit("encoder_config.norm_rel_ebd", .bool(true)), Edit("encoder_config.pos_att_type", .int(1)),
    Edit("encoder_config.pos_att_type", .object([])), Edit("encoder_config.vocab_size", .int(0)),
    Edit("encoder_layer_id", .int(5)), Edit("encoder_layer_id", .int(-6)), Edit("encoder_layer_id", .double(1)),
    Edit("encoder_config.position_biased_input", .null), Edit("encoder_config.position_biased_input", .int(1)),
    Edit("encoder_config.relative_attention", .null), Edit("encoder_config.share_att_key", .null),
    Edit("encoder_config.type_vocab_size", .int(-1)), Edit("encoder_config.type_vocab_size", .int(65_537)),
    Edit("encoder_config.embedding_size", .int(0)), Edit("encoder_config.embedding_size", .null),
    Edit("encoder_config.hidden_act", .null), Edit("projector_hidden_act", .int(1)),
    Edit("encoder_config.conv_kernel_size", .string("3")), Edit("encoder_config.conv_kernel_size", .double(3)),
    Edit("encoder_config.conv_kernel_size", .bool(true)), Edit("encoder_config.conv_kernel_size", .int(.max)),
  ]

  @Test(arguments: wrong)
  func wrongValue(_ edit: Edit) throws {
    let error = try configurationError([edit])
    guard case .unexpectedJSON("config.json", edit.field, let expected, let found) = error else {
      Issue.record("expected unexpectedJSON at \(edit.field), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(!found.isEmpty && !expected.isEmpty)
    if edit.value == nil { #expect(found == "nothing") }
  }

  @Test func elementOfTheWrongKind() throws {
    let error = try configurationError([Edit("encoder_config.pos_att_type", .array([.string("c2p"), .int(2)]))])
    #expect(
      error
        == .unexpectedJSON(
          path: "config.json", field: "encoder_config.pos_att_type[1]", expected: "a string", found: "2"))
  }

  @Test(arguments: [
    "use_moe", "Use_LSTM", "scorer", "x y", "encoder_config.conv_bias", "encoder_config.attn_window", "Ünï code",
  ])
  func unknownField(_ name: String) throws {
    let error = try #require(try configurationError([Edit(name, .int(1))]))
    #expect(error.field == name)
    guard case .unsupported("config.json", _, "1", _) = error else {
      Issue.record("expected unsupported, found \(error)")
      return
    }
  }

  /// A file of another kind is called that, whatever else is in it.
  @Test func otherModelsAreNamedFirst() throws {
    let bert = #"{"model_type":"bert","hidden_size":768,"some_field":1}"#
    #expect(
      coreError { () throws(ModelCoreError) in try ModelConfiguration(huggingFace: parsed(bert, path: "c")) }
        == .unsupported(path: "c", field: "model_type", found: "\"bert\"", supported: "\"GLiClass\""))
    let modern = #"{"model_type":"GLiClass","unknown":1,"encoder_config":{"model_type":"modernbert","layer_types":[]}}"#
    #expect(
      coreError { () throws(ModelCoreError) in try ModelConfiguration(huggingFace: parsed(modern, path: "c")) }
        == .unsupported(
          path: "c", field: "encoder_config.model_type", found: "\"modernbert\"", supported: "\"deberta-v2\""))
    for text in ["[]", "7\n", "\"x\"", "{}"] {
      #expect(
        coreError { () throws(ModelCoreError) in try ModelConfiguration(huggingFace: parsed(text, path: "c")) } != nil)
    }
  }

  /// What transformers and gliclass write besides, and what changes nothing.
  @Test(arguments: [
    Edit("dropout", .double(0.9)), Edit("torch_dtype", .string("bfloat16")), Edit("recurrent_steps", .int(3)),
    Edit("id2label", .object([("0", .string("x"))])), Edit("use_embedding_projection", .null),
    Edit("calibrator_hidden_size", .int(1)), Edit("problem_type", .null), Edit("scorer_num_heads", .int(1)),
    Edit("layer_wise", .bool(true)), Edit("encoder_layer_id", .int(4)), Edit("encoder_layer_id", .null),
    Edit("calibrator_beta_max", .string("x")), Edit("scorer_full_sequence", .bool(true)),
    Edit("encoder_config.conv_act", .string("relu")), Edit("encoder_config.conv_groups", .int(5)),
    Edit("encoder_config.conv_kernel_size", .int(0)), Edit("encoder_config.conv_kernel_size", .null),
    Edit("encoder_config.embedding_size", .int(192)), Edit("encoder_config.attention_head_size", .int(32)),
    Edit("encoder_config.pooler_hidden_size", .int(7)), Edit("encoder_config.hidden_dropout_prob", .int(0)),
    Edit("encoder_config.summary_type", .string("first")), Edit("encoder_config.torch_dtype", .null),
    Edit("architecture_type", nil), Edit("model_type", nil), Edit("scorer_type", nil),
    Edit("encoder_config.hidden_act", nil),
  ])
  func harmless(_ edit: Edit) throws {
    #expect(try configuration([edit]).values == ConfigurationReadingTests.debianTags)
  }
}
