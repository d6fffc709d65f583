import ModelCore
import Testing

/// What a Hugging Face configuration means, against values read off the files by hand and the defaults in the source of
/// gliclass 0.1.21 (`GLiClassModelConfig`) and transformers 5.23 (`DebertaV2Config` and its modeling code).
@Suite struct ConfigurationReadingTests {
  static let debianTags = [
    "vocabularySize": "8004", "hiddenSize": "192", "layerCount": "4", "headCount": "6", "intermediateSize": "768",
    "layerNormEpsilon": "1e-07", "positionBuckets": "64", "maximumRelativePosition": "512",
    "usesContentToPosition": "true", "usesPositionToContent": "true", "normalizesRelativeEmbeddings": "true",
    "projectorSize": "192", "labelTokenID": "8001", "separatorTokenID": "8002", "exampleTokenID": "8003",
    "promptFirst": "true", "maximumLength": "1024", "checkpointLayerCount": "4", "attentionPartCount": "3",
    "embeddingSize": "192",
  ].merging(plain) { $1 }

  /// What every DeBERTa-v3 and the least of heads have.
  static let plain = [
    "absolutePositionCount": "0", "tokenTypeCount": "0", "hasOwnRelativeProjections": "false", "activation": "gelu",
    "convolution": "nil", "projectorActivation": "gelu", "scorer": "simple", "scorerHeadCount": "16",
    "scorerHiddenSize": "1024", "pooling": "first", "classPooling": "first", "embedsClassToken": "true",
    "extractsText": "false", "normalizesFeatures": "false", "usesSegmentEmbeddings": "false",
    "squeezesLayers": "false", "usesLSTM": "false", "calibrator": "nil",
  ]

  /// Those values, with some others.
  func debianTags(but changes: [String: String]) -> [String: String] {
    Self.debianTags.merging(changes) { _, changed in changed }
  }

  @Test func debianTagsIsReadAsItIs() throws {
    let found = try configuration([])
    #expect(found.values == Self.debianTags)
    #expect(found.encoder.headSize == 32)
    #expect(found.encoder.relativeRowCount == 128)
  }

  @Test func randomTinyIsReadAsItIs() throws {
    let document = try JSONDocument(contentsOf: Fixtures.randomTiny + "/config.json")
    #expect(
      try ModelConfiguration(huggingFace: document.root).values
        == debianTags(but: [
          "vocabularySize": "500", "hiddenSize": "64", "layerCount": "2", "headCount": "2", "intermediateSize": "128",
          "positionBuckets": "16", "maximumRelativePosition": "64", "projectorSize": "64", "labelTokenID": "497",
          "separatorTokenID": "498", "exampleTokenID": "499", "checkpointLayerCount": "2", "embeddingSize": "64",
        ]))
  }

  /// The least that can be said: everything else has its default. An encoder of defaults is no DeBERTa-v3.
  @Test func defaults() throws {
    let least =
      #"{"class_token_index": 128001, "text_token_index": 128002, "vocab_size": 128010, "encoder_config": {}}"#
    let expected = [
      "vocabularySize": "128010", "hiddenSize": "1536", "layerCount": "24", "headCount": "24",
      "intermediateSize": "6144", "layerNormEpsilon": "1e-07", "positionBuckets": "0",
      "maximumRelativePosition": "512", "usesContentToPosition": "false", "usesPositionToContent": "false",
      "normalizesRelativeEmbeddings": "false", "projectorSize": "1536", "labelTokenID": "128001",
      "separatorTokenID": "128002", "exampleTokenID": "128012", "promptFirst": "false", "maximumLength": "512",
      "checkpointLayerCount": "24", "attentionPartCount": "1", "embeddingSize": "1536",
      "absolutePositionCount": "512", "hasOwnRelativeProjections": "true",
    ]
    #expect(try ModelConfiguration(huggingFace: parsed(least)).values == Self.plain.merging(expected) { $1 })
  }

  /// One field absent at a time (or null, where the library takes that), and what it takes instead.
  @Test func absentFields() throws {
    let changes: [(String, [String: String])] = [
      ("prompt_first", ["promptFirst": "false"]), ("example_token_index", ["exampleTokenID": "8006"]),
      ("hidden_size", ["projectorSize": "192"]), ("vocab_size", [:]), ("encoder_config.vocab_size", [:]),
      ("encoder_config.max_position_embeddings", [:]), ("encoder_config.max_relative_positions", [:]),
      ("encoder_config.num_hidden_layers", ["layerCount": "24", "checkpointLayerCount": "24"]),
      ("encoder_config.intermediate_size", ["intermediateSize": "6144"]),
      ("encoder_config.norm_rel_ebd", ["normalizesRelativeEmbeddings": "false"]),
      (
        "encoder_config.pos_att_type",
        ["usesContentToPosition": "false", "usesPositionToContent": "false", "attentionPartCount": "1"]
      ),
      ("encoder_config.position_biased_input", ["absolutePositionCount": "512", "maximumLength": "512"]),
      ("encoder_config.relative_attention", ["usesContentToPosition": "false", "usesPositionToContent": "false"]),
      ("encoder_config.share_att_key", ["hasOwnRelativeProjections": "true"]),
      ("encoder_config.position_buckets", ["positionBuckets": "0"]), ("encoder_config.type_vocab_size", [:]),
      ("encoder_config.hidden_act", [:]), ("encoder_layer_id", [:]),
    ]
    for (field, change) in changes {
      let mayBeNull = !field.hasPrefix("encoder_config.") || field.hasSuffix("pos_att_type")
      for value in mayBeNull ? [nil, JSON.null] : [nil] {
        #expect(try configuration([Edit(field, value)]).values == debianTags(but: change), "\(field)")
      }
    }
    for field in ["encoder_config.layer_norm_eps", "encoder_config.model_type"] {
      #expect(try configuration([Edit(field, nil)]).values == Self.debianTags)
    }
    // 24 heads do not divide 192 into heads of 16, 1536 does.
    #expect(
      try configurationError([Edit("encoder_config.num_attention_heads", nil)])?.field
        == "encoder_config.num_attention_heads")
    let wide = try configuration([Edit("encoder_config.hidden_size", nil), Edit("hidden_size", nil)])
    #expect(wide.encoder.hiddenSize == 1536 && wide.encoder.headSize == 256 && wide.head.projectorSize == 1536)
    #expect(wide.encoder.embeddingSize == 1536)
  }

  /// −1 means an id behind the vocabulary: `vocab_size`, + 1, + 2. Only the last need not have an embedding.
  @Test func markersBehindTheVocabulary() throws {
    for value in [nil, JSON.int(-1), .null] {
      #expect(
        try configurationError([Edit("class_token_index", value)])
          == .unexpectedJSON(
            path: "config.json", field: "class_token_index", expected: "an id below vocab_size 8004", found: "8004"))
      #expect(
        try configurationError([Edit("text_token_index", value)])
          == .unexpectedJSON(
            path: "config.json", field: "text_token_index", expected: "an id below vocab_size 8004", found: "8005"))
      #expect(try configuration([Edit("example_token_index", value)]).prompt.exampleTokenID == 8006)
    }
    #expect(try configuration([Edit("example_token_index", .int(1_000_000))]).prompt.exampleTokenID == 1_000_000)
    #expect(try configuration([Edit("class_token_index", .int(0))]).prompt.labelTokenID == 0)
    #expect(try configuration([Edit("text_token_index", .int(8003))]).prompt.separatorTokenID == 8003)
  }

  @Test func vocabularySizes() throws {
    #expect(try configuration([Edit("vocab_size", .int(9000))]).encoder.vocabularySize == 9000)
    #expect(
      try configuration([Edit("vocab_size", nil), Edit("encoder_config.vocab_size", .int(8100))]).encoder.vocabularySize
        == 8100)
    let neither = [Edit("vocab_size", nil), Edit("encoder_config.vocab_size", nil)]
    #expect(try configuration(neither).encoder.vocabularySize == 128_100)
  }

  @Test func attentionTypes() throws {
    func types(_ value: JSON) throws -> [Bool] {
      let encoder = try configuration([Edit("encoder_config.pos_att_type", value)]).encoder
      let types = [encoder.usesContentToPosition, encoder.usesPositionToContent]
      #expect(encoder.attentionPartCount == 1 + types.count(where: \.self))
      // Their number counts even where nothing is relative (`scale_factor` in DisentangledSelfAttention.forward).
      let other = try configuration([
        Edit("encoder_config.pos_att_type", value), Edit("encoder_config.relative_attention", .bool(false)),
      ]).encoder
      #expect(other.attentionPartCount == encoder.attentionPartCount && !other.usesRelativePositions)
      return types
    }
    let both = [true, true]
    for text in ["p2c|c2p", "c2p|p2c", " P2C | C2P ", "c2p|p2c|c2p", "\tc2p |\n| p2c"] {
      #expect(try types(.string(text)) == both)
    }
    #expect(try types(.string("c2p")) == [true, false])
    #expect(try types(.string("p2c")) == [false, true])
    #expect(try types(.array([.string("c2p")])) == [true, false])
    #expect(try types(.array([.string("p2c")])) == [false, true])
    #expect(try types(.array([.string("c2p"), .string("p2c")])) == both)
    #expect(try types(.array([])) == [false, false])
    #expect(try types(.string("")) == [false, false])
  }

  @Test func relativePositions() throws {
    func maximum(_ edits: Edit...) throws -> Int { try configuration(edits).encoder.maximumRelativePosition }
    let relative = "encoder_config.max_relative_positions"
    let embeddings = "encoder_config.max_position_embeddings"
    #expect(try maximum(Edit(relative, .int(-1))) == 512)
    #expect(try maximum(Edit(relative, .int(0))) == 512)
    #expect(try maximum(Edit(relative, .int(300))) == 300)
    #expect(try maximum(Edit(relative, .int(300)), Edit(embeddings, .int(4096))) == 300)
    #expect(try maximum(Edit(embeddings, .int(4096))) == 4096)
    #expect(try maximum(Edit(relative, .int(34))) == 34)
    // The log buckets reach from buckets / 2 = 32 to the maximum − 1, and that must be beyond.
    let short = [[Edit(relative, .int(33))], [Edit(relative, .int(1))], [Edit(embeddings, .int(32))]]
    for edits in short {
      #expect(try configurationError(edits)?.field == "encoder_config.position_buckets")
      // Where nobody reads them, they are no reason to refuse anything.
      let unused = try configuration(edits + [Edit("encoder_config.relative_attention", .bool(false))])
      #expect(unused.encoder.positionBuckets == 0 && !unused.encoder.usesRelativePositions)
    }
  }

  /// Without log buckets, the table has a row for every distance to either side.
  @Test func distancesWithoutBuckets() throws {
    let buckets = "encoder_config.position_buckets"
    for value in [JSON.int(-1), .int(0), nil] {
      let encoder = try configuration([Edit(buckets, value)]).encoder
      #expect(encoder.positionBuckets == 0 && encoder.relativeSpan == 512 && encoder.relativeRowCount == 1024)
    }
    let maximum = Edit("encoder_config.max_relative_positions", .int(4096))
    #expect(try configuration([Edit(buckets, .int(-1)), maximum]).encoder.relativeRowCount == 8192)
    let beyond = [Edit(buckets, .int(-1)), Edit("encoder_config.max_relative_positions", .int(4097))]
    guard
      case .unsupported(_, "encoder_config.max_relative_positions", "4097", _) = try configurationError(beyond)
    else {
      Issue.record("4097 positions without buckets")
      return
    }
    #expect(
      try configuration(beyond + [Edit("encoder_config.relative_attention", .bool(false))]).encoder.positionBuckets
        == 0)
  }

  @Test func relativeNorms() throws {
    func normalizes(_ text: String) throws -> Bool {
      try configuration([Edit("encoder_config.norm_rel_ebd", .string(text))]).encoder.normalizesRelativeEmbeddings
    }
    for text in ["layer_norm", "LAYER_NORM", " layer_norm | none"] { #expect(try normalizes(text)) }
    for text in ["none", "None", ""] { #expect(try !normalizes(text)) }
  }

  @Test func epsilon() throws {
    for (text, value) in [(1e-5, Float(1e-5)), (1e-12, 1e-12), (0.5, 0.5)] {
      #expect(
        try configuration([Edit("encoder_config.layer_norm_eps", .double(text))]).encoder.layerNormEpsilon == value)
    }
  }
}
