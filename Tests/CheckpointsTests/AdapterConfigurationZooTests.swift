import Checkpoints
import Foundation
import ModelCore
import Testing

/// What `adapter_config.json` can say that is wrong or not implemented: an adapter is refused by the name of file and field.
@Suite struct AdapterConfigurationZooTests {
  /// One field of the configuration of the adapter `plain`, and another value of it as JSON spells it.
  struct BadField: Sendable, CustomTestStringConvertible {
    let field: String
    let value: String?
    /// What the error says was found, and the member that it names where that is not the field itself.
    let found: String
    let place: String
    var testDescription: String { "\(field): \(value ?? "absent")" }

    init(_ field: String, _ value: String?, found: String? = nil, at place: String? = nil) {
      (self.field, self.value, self.found, self.place) = (field, value, found ?? value ?? "nothing", place ?? field)
    }
  }

  /// Opens `random-tiny` with the adapter `plain`, one field of it changed.
  static func error(_ field: String, _ value: String?) throws -> (path: String, error: CheckpointError?) {
    let folder = try TemporaryFolder(adapter: "plain")
    try folder.set(field, value)
    let error = checkpointError { () throws(CheckpointError) in
      try Checkpoint.open(Fixtures.randomTiny, adapter: folder.path)
    }
    return (folder.path + "/adapter_config.json", error)
  }

  static let unsupported: [BadField] = [
    BadField("peft_type", "\"IA3\""), BadField("peft_type", "\"ADALORA\""), BadField("peft_type", "\"lora\""),
    BadField("peft_type", "null"), BadField("bias", "\"some\""), BadField("bias", "null"), BadField("bias", "true"),
    BadField("init_lora_weights", "\"pissa\""), BadField("init_lora_weights", "\"pissa_niter_16\""),
    BadField("init_lora_weights", "\"olora\""), BadField("init_lora_weights", "\"loftq\""),
    BadField("init_lora_weights", "\"corda\""), BadField("init_lora_weights", "\"lora_ga\""),
    BadField("trainable_token_indices", "[1]", found: "an array"),
    BadField("trainable_token_indices", "{\"embed\":[1]}", found: "an object"), BadField("use_qalora", "true"),
    BadField("use_qalora", "1"), BadField("ensure_weight_tying", "true"),
    BadField("target_parameters", "[\"weight\"]", found: "an array"),
    BadField("layer_replication", "[[0,1]]", found: "an array"), BadField("megatron_config", "{}", found: "an object"),
    BadField("alora_invocation_tokens", "[5]", found: "an array"), BadField("arrow_config", "{}", found: "an object"),
    BadField("use_bdlora", "{}", found: "an object"), BadField("kasa_config", "{\"k\":1}", found: "an object"),
    // Of a later PEFT, and switched on.
    BadField("use_later", "true"), BadField("use_later", "0"), BadField("use_later", "\"\""),
    BadField("later_config", "{\"a\":null}", found: "an object"), BadField("later_list", "[false]", found: "an array"),
  ]

  @Test(arguments: unsupported)
  func unsupportedValue(_ bad: BadField) throws {
    let (path, error) = try Self.error(bad.field, bad.value)
    guard case .core(.unsupported(path, bad.field, bad.found, let supported)) = error else {
      Issue.record("expected unsupported \(bad.field), found \(error?.message ?? "no error")")
      return
    }
    #expect(error?.message == "\(path): \(bad.field): unsupported value \(bad.found); supported: \(supported)")
    #expect(error?.exitStatus == .badData)
  }

  static let unexpected: [BadField] = [
    BadField("peft_type", nil, found: "nothing, which means no kind of adapter"), BadField("r", "0"),
    BadField("r", "-4"), BadField("r", "65537"), BadField("r", "4.0"),
    BadField("r", "\"4\""), BadField("r", "9223372036854775807"), BadField("lora_alpha", "\"8\""),
    BadField("lora_alpha", "null"), BadField("lora_alpha", "1e400"), BadField("lora_alpha", "[8]", found: "an array"),
    BadField("use_rslora", "1"), BadField("use_dora", "\"true\""), BadField("alpha_pattern", "[]", found: "an array"),
    BadField("alpha_pattern", "8"), BadField("alpha_pattern", "{\"a\":\"8\"}", found: "\"8\"", at: "alpha_pattern.a"),
    BadField("alpha_pattern", "{\"a\":-1e400}", found: "-1e400", at: "alpha_pattern.a"),
    BadField("rank_pattern", "\"a\""), BadField("rank_pattern", "{\"a\":0}", found: "0", at: "rank_pattern.a"),
    BadField("rank_pattern", "{\"a\":4.5}", found: "4.5", at: "rank_pattern.a"),
    BadField("rank_pattern", "{\"a\":null}", found: "null", at: "rank_pattern.a"), BadField("target_modules", "5"),
    BadField("target_modules", "{}", found: "an object"),
    BadField("target_modules", "[\"a\",5]", found: "5", at: "target_modules[1]"), BadField("exclude_modules", "true"),
    BadField("exclude_modules", "[null]", found: "null", at: "exclude_modules[0]"),
    BadField("layers_to_transform", "-1"), BadField("layers_to_transform", "\"1\""),
    BadField("layers_to_transform", "[1,1.5]", found: "1.5", at: "layers_to_transform[1]"),
    BadField("layers_to_transform", "{}", found: "an object"), BadField("layers_pattern", "5"),
    BadField("layers_pattern", "[5]", found: "5", at: "layers_pattern[0]"), BadField("modules_to_save", "5"),
    BadField("modules_to_save", "[5]", found: "5", at: "modules_to_save[0]"),
  ]

  @Test(arguments: unexpected)
  func unexpectedValue(_ bad: BadField) throws {
    let (path, error) = try Self.error(bad.field, bad.value)
    guard case .core(.unexpectedJSON(path, bad.place, let expected, bad.found)) = error else {
      Issue.record("expected unexpected \(bad.place), found \(error?.message ?? "no error")")
      return
    }
    #expect(error?.message == "\(path): \(bad.place): expected \(expected), found \(bad.found)")
    #expect(error?.exitStatus == .badData)
  }

  /// What does not change the result, and what a later PEFT writes and does not use.
  @Test(arguments: [
    ("use_later", "false"), ("use_later", "null"), ("later_list", "[]"), ("later_config", "{}"), ("task_type", "\"X\""),
    ("lora_dropout", "0.5"), ("fan_in_fan_out", "true"), ("init_lora_weights", "false"),
    ("init_lora_weights", "\"gaussian\""), ("init_lora_weights", "\"eva\""), ("bias", "\"all\""), ("bias", nil),
    ("rank_pattern", "null"), ("alpha_pattern", "null"), ("exclude_modules", "[]"), ("layers_to_transform", "[]"),
    ("layers_to_transform", "null"), ("layers_pattern", "\"other\""), ("target_modules", "null"), ("revision", "5"),
    ("r", "4"), ("lora_alpha", "8.0"), ("lora_alpha", "8e0"), ("modules_to_save", "[]"), ("modules_to_save", "null"),
  ])
  func harmless(_ field: String, _ value: String?) throws {
    let folder = try TemporaryFolder(adapter: "plain")
    try folder.set(field, value)
    let checkpoint = try Checkpoint.open(Fixtures.randomTiny, adapter: folder.path)
    let plain = try AdapterTests.merged("plain")
    #expect(try SourceDigest.compute(checkpoint).content == SourceDigest.compute(plain).content)
  }

  static let texts: [(text: String, error: @Sendable (String) -> CheckpointError)] = [
    ("", { .core(.invalidJSON(path: $0, offset: 0, reason: "unexpected end")) }),
    ("{", { .core(.invalidJSON(path: $0, offset: 1, reason: "expected a string as key")) }),
    ("{\"r\":4,\"r\":8}", { .core(.invalidJSON(path: $0, offset: 7, reason: "duplicate key \"r\"")) }),
    ("{\"r\":NaN}", { .core(.invalidJSON(path: $0, offset: 5, reason: "expected a JSON value")) }),
    ("{}x", { .core(.invalidJSON(path: $0, offset: 2, reason: "unexpected bytes after the value")) }),
    ("[]", { .core(.unexpectedJSON(path: $0, field: "the document", expected: "an object", found: "an array")) }),
    ("null", { .core(.unexpectedJSON(path: $0, field: "the document", expected: "an object", found: "null")) }),
    (
      "{}",
      {
        .core(
          .unexpectedJSON(
            path: $0, field: "peft_type", expected: "\"LORA\"", found: "nothing, which means no kind of adapter"))
      }
    ),
  ]

  @Test(arguments: texts.indices)
  func badText(_ index: Int) throws {
    let folder = try TemporaryFolder(adapter: "plain")
    let path = try folder.write("adapter_config.json", Self.texts[index].text)
    let error = checkpointError { () throws(CheckpointError) in
      try Checkpoint.open(Fixtures.randomTiny, adapter: folder.path)
    }
    #expect(error == Self.texts[index].error(path))
    #expect(error?.exitStatus == .badData)
  }
}
