import GLCFormat
import GLiClass
import ModelCore

/// The fields of a `.glc`'s metadata that say what is computed, beside those of a configuration.
package struct FieldComparison {
  /// As messages call the other side: `checkpoint` or `baseline`.
  let reference: String

  /// Fields of `model` and `prompt` that differ, in the order of formats/glc.md. What a file of version 1.0 does not say is what
  /// version 1.0 means.
  func findings(_ own: ModelConfiguration, against other: ModelConfiguration) -> [Finding] {
    Self.fields.compactMap { name, value in
      let (ours, theirs) = (value(own), value(other))
      return ours == theirs ? nil : finding(name, ours, theirs)
    }
  }

  /// A field that differs.
  func finding(_ place: String, _ own: String, _ other: String) -> Finding {
    Finding(place: place, message: "\(own), in the \(reference) \(other)")
  }

  /// Each field by its name in the metadata, and what a configuration has there. What leaves no trace in a file is not among them:
  /// it shows in the tensors that are computed by it.
  package static let fields: [(name: String, value: @Sendable (ModelConfiguration) -> String)] =
    encoderFields + headFields + promptFields

  private static let encoderFields: [(name: String, value: @Sendable (ModelConfiguration) -> String)] = [
    ("model.vocabulary_size", { "\($0.encoder.vocabularySize)" }),
    ("model.hidden_size", { "\($0.encoder.hiddenSize)" }),
    ("model.layers", { "\($0.encoder.layerCount)" }),
    ("model.attention_heads", { "\($0.encoder.headCount)" }),
    ("model.intermediate_size", { "\($0.encoder.intermediateSize)" }),
    ("model.layer_norm_epsilon", { "\($0.encoder.layerNormEpsilon)" }),
    ("model.position_buckets", { "\($0.encoder.positionBuckets)" }),
    ("model.maximum_relative_position", { "\($0.encoder.maximumRelativePosition)" }),
    ("model.content_to_position", { "\($0.encoder.usesContentToPosition)" }),
    ("model.position_to_content", { "\($0.encoder.usesPositionToContent)" }),
    ("model.activation", { $0.encoder.activation.rawValue }),
    ("model.attention_parts", { "\($0.encoder.attentionPartCount)" }),
    ("model.embedding_size", { "\($0.encoder.embeddingSize)" }),
    ("model.position_embeddings", { "\($0.encoder.absolutePositionCount)" }),
    ("model.token_type", { "\($0.encoder.tokenTypeCount > 0)" }),
    ("model.convolution.kernel_size", { $0.encoder.convolution.map { "\($0.kernelSize)" } ?? "none" }),
    ("model.convolution.activation", { $0.encoder.convolution.map { $0.activation.rawValue } ?? "none" }),
  ]

  private static let headFields: [(name: String, value: @Sendable (ModelConfiguration) -> String)] = [
    ("model.projector_size", { "\($0.head.projectorSize)" }),
    ("model.scorer", { $0.head.scorer.rawValue }),
    ("model.pooling", { $0.head.pooling.rawValue }),
    ("model.class_token_pooling", { $0.head.classPooling.rawValue }),
    ("model.projector_activation", { $0.head.projectorActivation.rawValue }),
    ("model.scorer_heads", { "\($0.head.scorerHeadCount)" }),
    ("model.scorer_hidden_size", { "\($0.head.scorerHiddenSize)" }),
    ("model.embed_class_token", { "\($0.head.embedsClassToken)" }),
    ("model.extract_text", { "\($0.head.extractsText)" }),
    ("model.normalize_features", { "\($0.head.normalizesFeatures)" }),
    ("model.segment_embeddings", { "\($0.head.usesSegmentEmbeddings)" }),
    ("model.squeeze_layers", { "\($0.head.squeezesLayers)" }),
    ("model.lstm", { "\($0.head.usesLSTM)" }),
    ("model.calibrator.hidden_size", { $0.head.calibrator.map { "\($0.hiddenSize)" } ?? "none" }),
    ("model.calibrator.beta_max", { $0.head.calibrator.map { "\($0.maximumScale)" } ?? "none" }),
    ("model.calibrator.bias", { $0.head.calibrator.map { "\($0.hasBias)" } ?? "none" }),
  ]

  private static let promptFields: [(name: String, value: @Sendable (ModelConfiguration) -> String)] = [
    ("prompt.label_token", { "\($0.prompt.labelTokenID)" }),
    ("prompt.separator_token", { "\($0.prompt.separatorTokenID)" }),
    ("prompt.example_token", { "\($0.prompt.exampleTokenID)" }),
    ("prompt.prompt_first", { "\($0.prompt.promptFirst)" }),
    ("prompt.maximum_length", { "\($0.prompt.maximumLength)" }),
  ]
}
