import ModelCore
import Testing

/// Every option beside those of a DeBERTa-v3 with the least of heads, as `GLiClassModelConfig`, `DebertaV2Config` and the code
/// that reads them have it.
@Suite struct ConfigurationOptionTests {
  /// `ACT2FN` of transformers 5.23, without those that have weights (prelu, xielu) or belong to routers (sqrtsoftplus).
  static let activations: [(name: String, activation: Activation)] = [
    ("gelu", .gelu), ("gelu_10", .gelu10), ("gelu_fast", .geluTanh), ("gelu_new", .geluTanh), ("gelu_python", .gelu),
    ("gelu_pytorch_tanh", .geluTanh), ("gelu_python_tanh", .geluTanh), ("gelu_accurate", .geluTanh),
    ("hardswish", .hardSwish), ("laplace", .laplace), ("leaky_relu", .leakyReLU), ("linear", .linear),
    ("mish", .mish), ("quick_gelu", .quickGELU), ("relu", .relu), ("relu2", .relu2), ("relu6", .relu6),
    ("sigmoid", .sigmoid), ("silu", .silu), ("swish", .silu), ("tanh", .tanh),
  ]

  @Test func activationsByName() throws {
    #expect(Set(Self.activations.map(\.activation)) == Set(Activation.allCases))
    #expect(Self.activations.map(\.name).sorted() == Activation.huggingFaceNames)
    for (name, activation) in Self.activations {
      let found = try configuration([
        Edit("encoder_config.hidden_act", .string(name)), Edit("projector_hidden_act", .string(name)),
        Edit("encoder_config.conv_kernel_size", .int(1)), Edit("encoder_config.conv_act", .string(name)),
      ])
      #expect(found.encoder.activation == activation && found.head.projectorActivation == activation, "\(name)")
      #expect(found.encoder.convolution?.activation == activation, "\(name)")
    }
    for field in ["encoder_config.hidden_act", "projector_hidden_act"] {
      for name in ["gelu_tanh", "prelu", "xielu", "sqrtsoftplus", "GELU", ""] {
        guard case .unsupported(_, field, _, _) = try configurationError([Edit(field, .string(name))]) else {
          Issue.record("\(field) \(name)")
          continue
        }
      }
    }
  }

  @Test func embeddings() throws {
    let encoder = try configuration([
      Edit("encoder_config.embedding_size", .int(128)), Edit("encoder_config.type_vocab_size", .int(2)),
      Edit("encoder_config.position_biased_input", .bool(true)),
    ]).encoder
    #expect(encoder.embeddingSize == 128 && encoder.tokenTypeCount == 2 && encoder.absolutePositionCount == 512)
    // No text may have more tokens than there are positions.
    func length(_ positions: Int) throws -> Int {
      let edits = [
        Edit("encoder_config.position_biased_input", .bool(true)),
        Edit("encoder_config.max_position_embeddings", .int(positions)),
      ]
      let found = try configuration(edits)
      #expect(found.encoder.absolutePositionCount == positions)
      return found.prompt.maximumLength
    }
    #expect(try length(100) == 100 && length(1024) == 1024 && length(4096) == 1024)
  }

  @Test func convolutions() throws {
    func convolution(_ edits: [Edit]) throws -> ConvolutionConfiguration? {
      try configuration(edits.map { Edit("encoder_config.conv_\($0.field)", $0.value) }).encoder.convolution
    }
    // `conv_act` is tanh and `conv_groups` 1 where they are absent (`getattr` in ConvLayer).
    let least = try #require(try convolution([Edit("kernel_size", .int(3))]))
    #expect(least.kernelSize == 3 && least.groupCount == 1 && least.activation == .tanh)
    let grouped = [Edit("kernel_size", .int(5)), Edit("groups", .int(96)), Edit("act", .string("relu"))]
    let most = try #require(try convolution(grouped))
    #expect(most.kernelSize == 5 && most.groupCount == 96 && most.activation == .relu)
    // 341 · 192 is the last product with an odd size up to 65,536.
    #expect(try convolution([Edit("kernel_size", .int(341))])?.kernelSize == 341)
    for value in [JSON.int(0), .int(-1), .null, nil] {
      #expect(try convolution([Edit("kernel_size", value), Edit("groups", .int(5)), Edit("act", .int(1))]) == nil)
    }
  }

  /// debian-tags has four layers, and so five hidden states, which Python also counts from the end.
  @Test func layersThatAreRead() throws {
    for (id, count) in [(-1, 4), (4, 4), (3, 3), (1, 1), (0, 0), (-2, 3), (-4, 1), (-5, 0)] {
      let edits = [Edit("encoder_layer_id", .int(id)), Edit("squeeze_layers", .bool(true))]
      let found = try configuration(edits)
      #expect(found.encoder.layerCount == count && found.encoder.checkpointLayerCount == 4, "\(id)")
      // A state that is named is taken as it is; the last one by its number is not −1.
      #expect(found.head.squeezesLayers == (id == -1), "\(id)")
    }
  }

  @Test func heads() throws {
    for scorer in ["simple", "weighted-dot", "mlp", "hopfield"] {
      // What only another scorer reads has no say.
      let head = try configuration([
        Edit("scorer_type", .string(scorer)), Edit("scorer_num_heads", .int(-7)),
        Edit("scorer_mlp_hidden_size", .string("x")),
      ]).head
      #expect(head.scorer.rawValue == scorer && head.scorerHeadCount == 16 && head.scorerHiddenSize == 1024)
    }
    let cross = [Edit("scorer_type", .string("cross-attn")), Edit("pooling_strategy", .string("pass"))]
    var head = try configuration(cross).head
    #expect(head.scorer == .crossAttention && head.pooling == .pass)
    #expect(head.scorerHeadCount == 16 && head.scorerHiddenSize == 1024)
    head = try configuration(cross + [Edit("scorer_num_heads", .int(6)), Edit("scorer_mlp_hidden_size", .int(65))]).head
    #expect(head.scorerHeadCount == 6 && head.scorerHiddenSize == 65)
    for name in ["first", "last", "max", "sum", "rms", "avg", "abs_max", "abs_avg"] {
      #expect(try configuration([Edit("pooling_strategy", .string(name))]).head.pooling.rawValue == name)
    }
    #expect(try configuration([Edit("class_token_pooling", .string("average"))]).head.classPooling == .average)
    #expect(try !configuration([Edit("embed_class_token", .bool(false))]).head.embedsClassToken)
    #expect(try configuration([Edit("extract_text_features", .bool(true))]).head.extractsText)
    #expect(try configuration([Edit("normalize_features", .bool(true))]).head.normalizesFeatures)
    #expect(try configuration([Edit("use_segment_embeddings", .bool(true))]).head.usesSegmentEmbeddings)
    #expect(try configuration([Edit("use_lstm", .bool(true))]).head.usesLSTM)
    #expect(try configuration([Edit("hidden_size", .int(96))]).head.projectorSize == 96)
  }

  @Test func calibrators() throws {
    let use = Edit("use_calibrator", .bool(true))
    let absent = ["hidden_size", "beta_max", "use_bias"].map { Edit("calibrator_\($0)", nil) }
    let least = try #require(try configuration([use] + absent).head.calibrator)
    #expect(least.hiddenSize == 256 && least.maximumScale == 3 && !least.hasBias)
    let all = [
      Edit("calibrator_hidden_size", .int(32)), Edit("calibrator_beta_max", .double(1.5)),
      Edit("calibrator_use_bias", .bool(true)),
    ]
    let most = try #require(try configuration([use] + all).head.calibrator)
    #expect(most.hiddenSize == 32 && most.maximumScale == 1.5 && most.hasBias)
    #expect(try configuration(all).head.calibrator == nil)
  }

  /// Slots for labels beyond those that are there matter to one scorer.
  @Test func labelSlots() throws {
    for value in [JSON.int(25), .string("fixed"), .string("dynamic")] {
      let slots = Edit("max_labels_alloc", value)
      #expect(
        try configuration([slots, Edit("scorer_type", .string("mlp"))])
          == configuration([Edit("scorer_type", .string("mlp"))]))
      let error = try configurationError([slots, Edit("scorer_type", .string("hopfield"))])
      #expect(error?.field == (value.text() == "\"dynamic\"" ? nil : "max_labels_alloc"))
    }
  }

  /// An odd number is what version 1.0 of the file format cannot say.
  @Test func oddNumbersOfBuckets() throws {
    let odd = try configuration([Edit("encoder_config.position_buckets", .int(63))])
    #expect(odd.encoder.positionBuckets == 63 && odd.encoder.relativeRowCount == 126 && odd.formatVersion == 2)
    #expect(try configuration([]).formatVersion == 1)
  }

  /// Whether the last layer may be computed for some tokens alone.
  @Test func singleTokens() throws {
    for edit in [
      Edit("embed_class_token", .bool(false)), Edit("pooling_strategy", .string("last")),
      Edit("extract_text_features", .bool(true)),
    ] { #expect(try configuration([edit]).head.readsSingleTokens, "\(edit)") }
    for edit in [
      Edit("pooling_strategy", .string("avg")), Edit("class_token_pooling", .string("average")),
      Edit("squeeze_layers", .bool(true)), Edit("use_lstm", .bool(true)),
    ] { #expect(try !configuration([edit]).head.readsSingleTokens, "\(edit)") }
  }
}
