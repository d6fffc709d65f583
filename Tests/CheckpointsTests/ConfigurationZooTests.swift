import Checkpoints
import Foundation
import ModelCore
import Testing

/// What `config.json` can say that is wrong or not implemented: a checkpoint is refused by the name of file and field.
@Suite struct ConfigurationZooTests {
  /// One field of the configuration of `random-tiny`, another value of it as JSON spells it (`nil`: the field is taken out),
  /// and what the error says was found.
  struct BadField: Sendable, CustomTestStringConvertible {
    let field: String
    let value: String?
    /// The field that the error names, where that is another one.
    let blamed: String
    let found: String
    var testDescription: String { "\(field): \(value ?? "absent")" }

    init(_ field: String, _ value: String?, field blamed: String? = nil, found: String? = nil) {
      (self.field, self.value, self.found) = (field, value, found ?? value ?? "nothing")
      self.blamed = blamed ?? field
    }
  }

  /// Opens `random-tiny` with the configuration changed so.
  static func error(_ field: String, _ value: String?) throws -> (path: String, error: CheckpointError?) {
    let folder = try TemporaryFolder()
    let mark = "the value"
    _ = try folder.checkpoint(weights: safetensors("{}"))
    try folder.editJSON("config.json") {
      guard field.hasPrefix("encoder_config.") else {
        $0[field] = value == nil ? nil : mark
        return
      }
      var encoder = try #require($0["encoder_config"] as? [String: Any])
      encoder[String(field.dropFirst("encoder_config.".count))] = value == nil ? nil : mark
      $0["encoder_config"] = encoder
    }
    let text = try folder.read("config.json")
    let path = try folder.write("config.json", text.replacing("\"\(mark)\"", with: value ?? "", maxReplacements: 1))
    return (path, checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) })
  }

  /// Values that mean something that is not implemented.
  static let unsupported: [BadField] = [
    BadField("use_moe", "1"), BadField("encoder_config.conv_bias", "true"), BadField("Hidden_size", "64"),
    BadField("architecture_type", "\"bi-encoder\""), BadField("architecture_type", "null"),
    BadField("model_type", "\"gliner\""), BadField("scorer_type", "\"dot\""), BadField("scorer_type", "null"),
    BadField("scorer_type", "\"cross-attn\"", field: "pooling_strategy", found: "\"first\""),
    BadField("pooling_strategy", "\"mean\""), BadField("pooling_strategy", "\"pass\""), BadField("use_lstm", "null"),
    BadField("layer_wise", "1"), BadField("embed_class_token", "0"),
    BadField("label_model_name", "\"x\""), BadField("label_model_config", "{}", found: "an object"),
    BadField("encoder_config.model_type", "\"deberta\""), BadField("encoder_config.model_type", "\"modernbert\""),
    BadField("encoder_config.model_type", "null"), BadField("encoder_config.hidden_act", "\"prelu\""),
    BadField("projector_hidden_act", "\"gelu_tanh\""),
    BadField("encoder_config.conv_kernel_size", "4"), BadField("encoder_config.attention_head_size", "64"),
    BadField("encoder_config.num_attention_heads", "5"), BadField("encoder_config.num_attention_heads", "64"),
    BadField("encoder_config.position_buckets", "-2"),
    BadField("encoder_config.position_buckets", "16.0"), BadField("encoder_config.position_buckets", "null"),
    BadField("encoder_config.position_buckets", "128"), BadField("encoder_config.norm_rel_ebd", "\"rms_norm\""),
    BadField("encoder_config.pos_att_type", "\"c2p|p2p\""),
    BadField("encoder_config.pos_att_type", "[\"c2c\"]", field: "encoder_config.pos_att_type[0]", found: "\"c2c\""),
  ]

  @Test(arguments: unsupported)
  func unsupportedValue(_ bad: BadField) throws {
    let (path, error) = try Self.error(bad.field, bad.value)
    guard case .core(.unsupported(path, bad.blamed, bad.found, let supported)) = error else {
      Issue.record("expected unsupported \(bad.blamed), found \(error?.message ?? "no error")")
      return
    }
    #expect(error?.message == "\(path): \(bad.blamed): unsupported value \(bad.found); supported: \(supported)")
    #expect(error?.exitStatus == .badData)
  }

  /// Values of the wrong kind or size.
  static let unexpected: [BadField] = [
    BadField("encoder_config", nil), BadField("encoder_config", "null"), BadField("encoder_config", "\"deberta-v2\""),
    BadField("encoder_config", "[]", found: "an array"),
    BadField("encoder_config.position_biased_input", "null"), BadField("encoder_config.relative_attention", "0"),
    BadField("encoder_config.share_att_key", "null"), BadField("encoder_config.type_vocab_size", "-1"),
    BadField("encoder_config.embedding_size", "0"), BadField("encoder_config.conv_kernel_size", "3.0"),
    BadField("encoder_layer_id", "-1.0"), BadField("encoder_layer_id", "3"), BadField("vocab_size", "0"),
    BadField("vocab_size", "-500"),
    BadField("vocab_size", "500.0"), BadField("vocab_size", "5e2"), BadField("vocab_size", "\"500\""),
    BadField("vocab_size", "9223372036854775807"), BadField("hidden_size", "-64"), BadField("hidden_size", "true"),
    BadField("class_token_index", "500"), BadField("class_token_index", "-1", found: "500"),
    BadField("text_token_index", "501"), BadField("text_token_index", "-2"),
    BadField("text_token_index", "[]", found: "an array"),
    BadField("example_token_index", "2147483648"), BadField("prompt_first", "\"yes\""), BadField("prompt_first", "1"),
    BadField("encoder_config.hidden_size", "0"), BadField("encoder_config.hidden_size", "-64"),
    BadField("encoder_config.hidden_size", "64.0"), BadField("encoder_config.hidden_size", "1e9"),
    BadField("encoder_config.hidden_size", "9223372036854775807"), BadField("encoder_config.num_attention_heads", "0"),
    BadField("encoder_config.num_attention_heads", "-2"), BadField("encoder_config.num_hidden_layers", "100000"),
    BadField("encoder_config.num_hidden_layers", "{}", found: "an object"),
    BadField("encoder_config.intermediate_size", "-128"), BadField("encoder_config.max_position_embeddings", "1"),
    BadField("encoder_config.max_relative_positions", "-2"), BadField("encoder_config.layer_norm_eps", "0"),
    BadField("encoder_config.layer_norm_eps", "-1e-7"), BadField("encoder_config.layer_norm_eps", "1e400"),
    BadField("encoder_config.layer_norm_eps", "-1e400"), BadField("encoder_config.layer_norm_eps", "1e-400"),
    BadField("encoder_config.layer_norm_eps", "null"), BadField("encoder_config.layer_norm_eps", "\"1e-7\""),
    BadField("encoder_config.norm_rel_ebd", "true"), BadField("encoder_config.pos_att_type", "{}", found: "an object"),
  ]

  /// What may be absent and may not be null: `transformers` 5 refuses it, older ones fail somewhere later.
  static let null: [BadField] = [
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "max_relative_positions", "norm_rel_ebd",
  ].map { BadField("encoder_config.\($0)", "null") }

  @Test(arguments: unexpected + null)
  func unexpectedValue(_ bad: BadField) throws {
    let (path, error) = try Self.error(bad.field, bad.value)
    guard case .core(.unexpectedJSON(path, bad.field, let expected, bad.found)) = error else {
      Issue.record("expected unexpected \(bad.field), found \(error?.message ?? "no error")")
      return
    }
    #expect(error?.message == "\(path): \(bad.field): expected \(expected), found \(bad.found)")
    #expect(error?.exitStatus == .badData)
  }

  /// Files that are no configuration whatever their fields.
  static let texts: [(text: String, offset: Int, reason: String)] = [
    ("", 0, "unexpected end"), (" \n", 2, "unexpected end"), ("{", 1, "expected a string as key"),
    ("{\"hidden_size\":64,\"hidden_size\":64}", 18, "duplicate key \"hidden_size\""),
    ("{\"encoder_config\":{\"hidden_size\":64,\"hidden_siz\\u0065\":32}}", 36, "duplicate key \"hidden_size\""),
    ("{\"hidden_size\":NaN}", 15, "expected a JSON value"),
    ("{\"hidden_size\":-Infinity}", 16, "expected a JSON value"),
    ("{\"hidden_size\":99999999999999999999}", 15, "integer beyond 64 bits"),
    ("{}{}", 2, "unexpected bytes after the value"),
    ("{'hidden_size':64}", 1, "expected a string as key"), ("{// c\n}", 1, "expected a string as key"),
    ("\u{FEFF}{}", 0, "expected a JSON value"),
    ("version https://git-lfs.github.com/spec/v1\n", 0, "expected a JSON value"),
  ]

  @Test(arguments: texts.indices)
  func noJSON(_ index: Int) throws {
    let (text, offset, reason) = Self.texts[index]
    let folder = try TemporaryFolder()
    _ = try folder.checkpoint(weights: safetensors("{}")) { _ in text }
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(error == .core(.invalidJSON(path: folder.path + "/config.json", offset: offset, reason: reason)))
    #expect(error?.exitStatus == .badData)
  }

  @Test(arguments: ["[]", "null", "7", "\"GLiClass\"", "true"])
  func noObject(_ text: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.checkpoint(weights: safetensors("{}")) { _ in text }
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(
      error
        == .core(
          .unexpectedJSON(
            path: folder.path + "/config.json", field: "the document", expected: "an object",
            found: text == "[]" ? "an array" : text)))
  }

  /// Where several fields are wrong, the same one is named every time.
  @Test func theFirstWrongFieldIsNamed() throws {
    let encoder = """
      {"model_type":"deberta-v2","hidden_size":64,"num_attention_heads":2,"intermediate_size":0,"layer_norm_eps":2}
      """
    for _ in 0..<20 {
      let (path, error) = try Self.error("encoder_config", encoder)
      #expect(
        error
          == .core(
            .unexpectedJSON(
              path: path, field: "encoder_config.intermediate_size", expected: "an integer from 1 to 65536",
              found: "0")))
    }
  }
}
