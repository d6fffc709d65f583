/// What is known of one field of a Hugging Face configuration: the rows of the tables below.
package struct ConfigurationField {
  package enum Rule {
    /// Says nothing about inference: training, generation, bookkeeping.
    case ignored
    /// Read by the configuration's initializer, which checks it.
    case read
    /// Only these values (as JSON text) are implemented; absence means one of them.
    case only([String])
    /// Only these values are implemented, and the default, which absence means, is none of them.
    case mustBe([String], default: String)
  }

  package let name: String
  package let rule: Rule

  package init(name: String, rule: Rule) {
    self.name = name
    self.rule = rule
  }

  /// Refuses, by name, every member of `object` that no row of `table` knows or whose value a row excludes.
  package static func check(
    _ object: JSONValue, against table: [ConfigurationField], unknownIsRefused: Bool = true
  ) throws(ModelCoreError) {
    guard object.isObject else { throw object.unexpected("an object") }
    let rows = Dictionary(table.map { ($0.name, $0.rule) }) { first, _ in first }
    for field in table {
      if case .mustBe(let allowed, let value) = field.rule, object.member(field.name) == nil {
        throw .unexpectedJSON(
          path: object.document.path, field: object.fieldName(field.name), expected: allowed.joined(separator: " or "),
          found: "nothing, which means \(value)")
      }
    }
    for key in object.keys {
      guard let value = object.member(key) else { continue }
      switch rows[key] {
      case .ignored, .read: continue
      case .only(let allowed), .mustBe(let allowed, _):
        if !allowed.contains(value.found) { throw value.unsupported(allowed.joined(separator: ", ")) }
      case nil:
        if unknownIsRefused { throw value.unsupported("only fields that this version knows") }
      }
    }
  }

  /// One row a name in `names`, which are separated by white space.
  package static func rows(_ rule: Rule, _ names: String) -> [ConfigurationField] {
    names.split(whereSeparator: \.isWhitespace).map { ConfigurationField(name: String($0), rule: rule) }
  }

  private static func quoted<Choice: CaseIterable & RawRepresentable<String>>(_: Choice.Type) -> [String] {
    Choice.allCases.map { "\"\($0.rawValue)\"" }
  }

  /// Decides whether this is a GLiClass uni-encoder at all.
  static let identity: [ConfigurationField] = [
    ConfigurationField(name: "architecture_type", rule: .only(["\"uni-encoder\""])),
    ConfigurationField(name: "model_type", rule: .only(["\"GLiClass\""])),
    ConfigurationField(name: "encoder_config", rule: .read),
  ]

  /// Decides whether the encoder is one we have. `model_type` is `deberta-v2` where it is absent (`GLiClassModelConfig`).
  static let encoderIdentity: [ConfigurationField] = [
    ConfigurationField(name: "model_type", rule: .only(["\"deberta-v2\""]))
  ]

  /// `GLiClassModelConfig` of `gliclass` 0.1.21.
  static let gliclass: [ConfigurationField] =
    [
      ConfigurationField(name: "class_token_pooling", rule: .only(quoted(ClassPooling.self))),
      ConfigurationField(name: "label_model_config", rule: .only(["null"])),
      ConfigurationField(name: "label_model_name", rule: .only(["null"])),
      ConfigurationField(name: "multimodal", rule: .only(["false"])),
      ConfigurationField(name: "pooling_strategy", rule: .only(quoted(Pooling.self))),
      ConfigurationField(name: "scorer_type", rule: .only(quoted(Scorer.self))),
      ConfigurationField(name: "use_embedding_projection", rule: .only(["false", "null"])),
    ]
    + rows(
      .only(["false", "true"]),
      """
      embed_class_token extract_text_features layer_wise normalize_features squeeze_layers use_calibrator use_lstm
      use_segment_embeddings
      """)
    + rows(
      .read,
      """
      calibrator_beta_max calibrator_hidden_size calibrator_use_bias class_token_index encoder_layer_id
      example_token_index hidden_size max_labels_alloc projector_hidden_act prompt_first scorer_mlp_hidden_size
      scorer_num_heads text_token_index vocab_size
      """)
    + rows(
      .ignored,
      """
      calibrator_dropout contrastive_loss_coef dropout
      encoder_model_name focal_loss_alpha focal_loss_gamma focal_loss_reduction freeze_media_encoders ignore_index
      initializer_range logit_scale_init_value max_num_classes pad_token_id recurrent_bptt_steps
      recurrent_confidence_coef recurrent_confidence_margin recurrent_confidence_mode recurrent_halt_threshold
      recurrent_improvement_coef recurrent_improvement_margin recurrent_inference recurrent_inference_max_steps
      recurrent_min_steps recurrent_read_text recurrent_steps scorer_attn_dropout scorer_encoder_num_layers
      scorer_full_sequence
      """) + transformersCommon

  /// `DebertaV2Config` of `transformers`, and what its modeling code reads with `getattr`.
  static let debertaV2: [ConfigurationField] =
    rows(
      .read,
      """
      attention_head_size conv_act conv_groups conv_kernel_size embedding_size hidden_act hidden_size intermediate_size
      layer_norm_eps max_position_embeddings max_relative_positions norm_rel_ebd num_attention_heads num_hidden_layers
      pos_att_type position_biased_input position_buckets relative_attention share_att_key type_vocab_size vocab_size
      """)
    + rows(
      .ignored,
      """
      attention_probs_dropout_prob hidden_dropout_prob initializer_range legacy pad_token_id padding_idx
      pooler_dropout pooler_hidden_act pooler_hidden_size summary_activation summary_first_dropout summary_last_dropout
      summary_proj_to_labels summary_type summary_use_proj z_steps
      """) + transformersCommon

  /// What `PretrainedConfig.to_dict` of `transformers` 4.x and 5.x adds to every configuration.
  private static let transformersCommon: [ConfigurationField] = rows(
    .ignored,
    """
    _attn_implementation _attn_implementation_autoset _name_or_path add_cross_attention architectures
    attn_implementation bad_words_ids begin_suppress_tokens bos_token_id chunk_size_feed_forward
    cross_attention_hidden_size decoder_start_token_id diversity_penalty do_sample dtype early_stopping
    encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty finetuning_task forced_bos_token_id
    forced_eos_token_id id2label is_decoder is_encoder_decoder label2id length_penalty max_length min_length
    no_repeat_ngram_size num_beam_groups num_beams num_labels num_return_sequences output_attentions
    output_hidden_states output_scores prefix problem_type pruned_heads remove_invalid_values repetition_penalty
    return_dict return_dict_in_generate sep_token_id suppress_tokens task_specific_params temperature tf_legacy_loss
    tie_encoder_decoder tie_word_embeddings tokenizer_class top_k top_p torch_dtype torchscript transformers_version
    typical_p use_bfloat16
    """)
}
