extension HeadConfiguration {
  /// A choice that another one excludes: `gliclass` fails on the shapes.
  struct Conflict {
    /// The name of the choice in `config.json`, and in a `.glc`'s metadata.
    let names: (config: String, metadata: String)
    /// What it would have to be.
    let expected: String
  }

  /// The first choice that does not go with the others, `nil` where all go together.
  func conflict(with encoder: EncoderConfiguration) -> Conflict? {
    let hidden = encoder.hiddenSize
    let rules: [(holds: Bool, names: (config: String, metadata: String), expected: String)] = [
      (
        scorer == .simple && !usesLSTM || projectorSize == hidden, ("hidden_size", "projector_size"),
        "\(hidden), the encoder's, because of \(usesLSTM ? "the LSTM" : "scorer \"\(scorer.rawValue)\"")"
      ),
      (
        scorer != .crossAttention || projectorSize % scorerHeadCount == 0, ("scorer_num_heads", "scorer_heads"),
        "a divisor of \(projectorSize)"
      ),
      (
        (scorer == .crossAttention) == (pooling == .pass), ("pooling_strategy", "pooling"),
        "\"pass\" with scorer \"cross-attn\", and with it alone"
      ),
      (
        !(usesLSTM && pooling == .pass && extractsText), ("extract_text_features", "extract_text"),
        "false with an LSTM and pooling \"pass\""
      ),
      (calibrator == nil || pooling != .pass, ("use_calibrator", "calibrator"), "none with pooling \"pass\""),
      (
        !usesSegmentEmbeddings || encoder.embeddingSize == hidden, ("use_segment_embeddings", "segment_embeddings"),
        "false where the embedding size is not the hidden size"
      ),
    ]
    return rules.first { !$0.holds }.map { Conflict(names: $0.names, expected: $0.expected) }
  }
}
