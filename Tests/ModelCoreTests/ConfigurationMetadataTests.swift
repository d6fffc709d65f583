import ModelCore
import Testing

/// The form in a `.glc` of version 1: member names are those of formats/glc.md, "Metadata".
@Suite struct ConfigurationMetadataTests {
  static let text = #"""
    {"model":{"architecture":"deberta-v2","vocabulary_size":8004,"hidden_size":192,"layers":4,"attention_heads":6,
     "intermediate_size":768,"layer_norm_epsilon":1e-07,"position_buckets":64,"maximum_relative_position":512,
     "content_to_position":true,"position_to_content":true,"projector_size":192,"scorer":"simple","pooling":"first",
     "class_token_pooling":"first","activation":"gelu"},
     "prompt":{"label_token":8001,"separator_token":8002,"example_token":8003,"prompt_first":true,"maximum_length":1024}}
    """#

  static func read(_ edits: [Edit]) throws -> ModelConfiguration {
    try ModelConfiguration(
      metadata: parsed(edits.reduce(parsed(text).json) { $0.edited($1) }.text(), path: "m.glc"), version: 1)
  }

  static func error(_ edits: [Edit]) throws -> ModelCoreError? {
    do {
      _ = try read(edits)
      return nil
    } catch let error as ModelCoreError {
      return error
    }
  }

  @Test func readsTheSpecifiedForm() throws {
    let expected = ConfigurationReadingTests.debianTags
    #expect(try Self.read([]).values == expected)
    // Readers ignore members they do not know.
    #expect(
      try Self.read([Edit("model.later", .int(1)), Edit("later", .null)]).values == expected)
  }

  @Test func writesTheSpecifiedForm() throws {
    let configuration = try configuration([])
    #expect(configuration.formatVersion == 1)
    let written = JSON.object([("model", configuration.modelMetadata), ("prompt", configuration.promptMetadata)])
    #expect(written.text().filter { $0 != " " } == Self.text.filter { $0 != " " && $0 != "\n" })
  }

  @Test func roundTrip() throws {
    for folder in [Fixtures.debianTags, Fixtures.randomTiny] {
      var original = try ModelConfiguration(huggingFace: JSONDocument(contentsOf: folder + "/config.json").root)
      for epsilon: Float in [1e-7, 1e-12, 0.1, 3.0517578e-05, .leastNormalMagnitude, Float(1).nextDown] {
        for flags in [[true, true, false], [true, false, true], [false, true, true], [false, false, false]] {
          original.encoder.layerNormEpsilon = epsilon
          original.encoder.usesContentToPosition = flags[0]
          original.encoder.usesPositionToContent = flags[1]
          original.prompt.promptFirst = flags[2]
          original.prompt.exampleTokenID = flags[0] ? 0 : Int(Int32.max)
          original.prompt.maximumLength = flags[1] ? 8 : 65_536
          original.encoder.attentionPartCount = 1 + flags[..<2].count(where: \.self)
          #expect(original.formatVersion == 1)
          let text = JSON.object([("model", original.modelMetadata), ("prompt", original.promptMetadata)]).text()
          #expect(try ModelConfiguration(metadata: parsed(text), version: 1) == original)
        }
      }
    }
  }

  /// Every member is needed, and must be of its kind.
  @Test func everyMemberIsNeeded() throws {
    for (section, count) in [("model", 16), ("prompt", 5)] {
      #expect(try Self.error([Edit(section, nil)])?.field == section)
      #expect(try Self.error([Edit(section, .int(1))])?.field == section)
      let names = try parsed(Self.text).required(section).keys
      #expect(names.count == count)
      for name in names {
        for value in [nil, JSON.null, .array([]), .string("other")] {
          let error = try Self.error([Edit("\(section).\(name)", value)])
          #expect(error?.field == "\(section).\(name)", "\(name): \(error.map { "\($0)" } ?? "no error")")
        }
      }
    }
  }

  static let impossible: [Edit] =
    [
      Edit("vocabulary_size", .int(0)), Edit("vocabulary_size", .int(10_000_001)), Edit("hidden_size", .int(0)),
      Edit("hidden_size", .int(65_537)), Edit("layers", .int(0)), Edit("layers", .int(1001)),
      Edit("attention_heads", .int(0)), Edit("attention_heads", .int(5)), Edit("attention_heads", .int(24)),
      Edit("attention_heads", .int(4097)), Edit("intermediate_size", .int(0)), Edit("intermediate_size", .int(65_537)),
      Edit("layer_norm_epsilon", .int(0)), Edit("layer_norm_epsilon", .int(1)), Edit("layer_norm_epsilon", .double(-1)),
      Edit("layer_norm_epsilon", .double(1e-60)), Edit("position_buckets", .int(1)),
      Edit("position_buckets", .int(65_537)),
      Edit("position_buckets", .int(63)), Edit("maximum_relative_position", .int(33)),
      Edit("maximum_relative_position", .int(1_000_001)), Edit("projector_size", .int(0)),
      Edit("projector_size", .int(65_537)), Edit("content_to_position", .int(1)), Edit("hidden_size", .double(192)),
      Edit("layers", .int(.max)), Edit("layers", .int(.min)),
    ].map { Edit("model.\($0.field)", $0.value) } + [
      Edit("prompt.label_token", .int(8004)), Edit("prompt.label_token", .int(-1)),
      Edit("prompt.separator_token", .int(8004)), Edit("prompt.separator_token", .int(-1)),
      Edit("prompt.example_token", .int(-1)), Edit("prompt.example_token", .int(1 << 31)),
      Edit("prompt.prompt_first", .int(0)), Edit("prompt.maximum_length", .int(7)),
      Edit("prompt.maximum_length", .int(65_537)), Edit("model.position_buckets", .int(4098)),
    ]

  @Test(arguments: impossible)
  func outOfRange(_ edit: Edit) throws {
    let error = try Self.error([edit])
    guard case .unexpectedJSON("m.glc", edit.field, _, _) = error else {
      Issue.record("expected unexpectedJSON at \(edit.field), found \(error.map { "\($0)" } ?? "no error")")
      return
    }
  }

  @Test func otherArchitectures() throws {
    for (field, value) in [
      ("architecture", "modernbert"), ("scorer", "mlp"), ("pooling", "avg"), ("class_token_pooling", "average"),
      ("activation", "relu"),
    ] {
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
