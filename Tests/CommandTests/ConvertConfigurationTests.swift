import Foundation
import Testing

/// `gliclass-convert` on a `config.json` or `tokenizer.json` that says something nobody here understands.
@Suite struct ConvertConfigurationTests {
  private func expectRefusal(
    _ checkpoint: (TemporaryFolder) throws -> String, naming texts: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.convert.run([try checkpoint(folder), "-o", folder["out.glc"]])
    expectFailure(outcome, status: 65, naming: texts, sourceLocation: sourceLocation)
    #expect(folder.names == ["checkpoint"], sourceLocation: sourceLocation)
  }

  /// What is replaced in config.json, by what, and what the error names.
  static let values: [(old: String, new: String, names: [String])] = [
    ("\"scorer_type\": \"simple\"", "\"scorer_type\": \"dot\"", ["scorer_type", "\"dot\"", "\"simple\""]),
    ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"xielu\"", ["encoder_config.hidden_act", "\"xielu\""]),
    ("\"uni-encoder\"", "\"bi-encoder\"", ["architecture_type", "\"bi-encoder\""]),
    ("\"deberta-v2\"", "\"modernbert\"", ["encoder_config.model_type", "\"modernbert\"", "\"deberta-v2\""]),
    ("\"share_att_key\": true", "\"share_att_key\": null", ["encoder_config.share_att_key", "null"]),
    ("\"normalize_features\": false", "\"normalize_features\": 1", ["normalize_features", "1"]),
    ("\"p2c\",", "\"p2p\",", ["encoder_config.pos_att_type", "p2c"]),
    ("\"pooling_strategy\": \"first\"", "\"pooling_strategy\": \"mean\"", ["pooling_strategy", "\"mean\""]),
    ("\"use_lstm\": false", "\"use_lstm\": false, \"use_crf\": 3", ["use_crf", "3"]),
    ("\"legacy\": true", "\"legacy\": true, \"rotary\": \"x\"", ["encoder_config.rotary", "\"x\""]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 2.5", ["encoder_config.num_hidden_layers", "2.5"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": \"2\"", ["encoder_config.num_hidden_layers"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": -1", ["encoder_config.num_hidden_layers", "-1"]),
    ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 99999999999999999999", ["integer beyond 64 bits"]),
    ("\"num_attention_heads\": 2", "\"num_attention_heads\": 3", ["encoder_config.num_attention_heads", "3"]),
    ("\"num_attention_heads\": 2", "\"num_attention_heads\": 0", ["encoder_config.num_attention_heads", "0"]),
    ("\"class_token_index\": 497", "\"class_token_index\": 500", ["class_token_index", "500"]),
    ("\"layer_norm_eps\": 1e-07", "\"layer_norm_eps\": 0", ["encoder_config.layer_norm_eps", "0"]),
    ("\"use_lstm\": false", "\"use_lstm\": false, \"use_lstm\": true", ["duplicate key", "use_lstm"]),
    ("\"initializer_range\": 0.02,\n    \"intermediate", "\"initializer_range\": NaN,\n    \"intermediate", ["JSON"]),
  ]

  @Test(arguments: values.indices) func unknownValue(_ index: Int) throws {
    let row = Self.values[index]
    try expectRefusal(
      { try $0.checkpoint(replacing: row.old, with: row.new, in: "config.json") }, naming: ["/config.json"] + row.names)
  }

  @Test func layersThatTheWeightsDoNotHave() throws {
    try expectRefusal(
      { try $0.checkpoint(replacing: "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 3", in: "config.json") },
      naming: ["model.safetensors", "missing 16 tensors", "layer.2."])
    try expectRefusal(
      { try $0.checkpoint(replacing: "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 1", in: "config.json") },
      naming: ["model.safetensors", "layer.1."])
  }

  @Test(arguments: ["", "{", "[]", "{}", "{}{}", "\u{0}", "{\"a\": 'b'}"])
  func notAConfiguration(_ text: String) throws {
    try expectRefusal({ try $0.checkpoint(["config.json": Array(text.utf8)]) }, naming: ["/config.json"])
  }

  @Test(arguments: ["", "{", "[]", "{}", "\u{0}"])
  func notATokenizer(_ text: String) throws {
    try expectRefusal({ try $0.checkpoint(["tokenizer.json": Array(text.utf8)]) }, naming: ["/tokenizer.json"])
  }

  @Test(arguments: ["config.json", "tokenizer.json", "tokenizer_config.json"]) func nestedWithoutEnd(_ name: String)
    throws
  {
    for opening in ["[", "{\"a\":"] {
      let text = String(repeating: opening, count: 100_000)
      try expectRefusal({ try $0.checkpoint([name: Array(text.utf8)]) }, naming: ["/\(name)", "nested"])
    }
  }

  @Test func tokenizerSteps() throws {
    try expectRefusal(
      { try $0.checkpoint(replacing: "\"type\": \"Unigram\"", with: "\"type\": \"WordPiece\"", in: "tokenizer.json") },
      naming: ["/tokenizer.json", "model.type", "\"WordPiece\"", "\"Unigram\""])
    try expectRefusal(
      { try $0.checkpoint(replacing: "\"type\": \"Strip\"", with: "\"type\": \"Nmt\"", in: "tokenizer.json") },
      naming: ["/tokenizer.json", "normalizer", "\"Nmt\""])
  }

  @Test func sentencePieceModelThatIsNone() throws {
    for content in ["", "not a protobuf", "\u{8}\u{1}"] {
      try expectRefusal(
        { try $0.checkpoint(["spm.model": Array(content.utf8)], without: "tokenizer.json") }, naming: ["/spm.model"])
    }
  }
}
