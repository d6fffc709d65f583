/// Everything the forward pass and the prompt need to know about a GLiClass uni-encoder.
///
/// Read from a checkpoint's `config.json` by ``init(huggingFace:)``, and from a `.glc`'s metadata by ``init(metadata:version:)``.
public struct ModelConfiguration: Sendable, Equatable {
  /// The transformer that encodes label prompt and text in one pass.
  public var encoder: EncoderConfiguration
  /// What turns hidden states into one logit a label.
  public var head: HeadConfiguration
  /// How labels and text become token ids.
  public var prompt: PromptConfiguration
}

/// The prompt rules of the GLiClass pipeline.
public struct PromptConfiguration: Sendable, Equatable {
  /// Id of `<<LABEL>>`.
  public var labelTokenID: Int
  /// Id of `<<SEP>>`.
  public var separatorTokenID: Int
  /// Id of `<<EXAMPLE>>`. May lie outside the vocabulary where examples are unused.
  public var exampleTokenID: Int
  /// Whether labels come before the text.
  public var promptFirst: Bool
  /// Tokens of a whole input, `[CLS]` and `[SEP]` included; longer ones are truncated on the right.
  public var maximumLength: Int
}
