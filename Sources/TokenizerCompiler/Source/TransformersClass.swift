import ModelCore

/// The class of transformers 5.x that a folder is read with (`tokenization_auto.py`, `AutoTokenizer.from_pretrained`).
enum TransformersClass {
  case debertaV2
  case t5
  /// `TokenizersBackend`, which stands in for every name that the library does not know.
  case backend

  /// By `tokenizer_class` of `tokenizer_config.json`.
  init(_ configuration: JSONValue?) throws(TokenizerCompilerError) {
    guard let value = configuration?.member("tokenizer_class"), !value.isNull else {
      self = .backend
      return
    }
    let name = try reading { () throws(ModelCoreError) in try value.requireString() }
    switch name == "PreTrainedTokenizerFast" ? name : name.withoutFast {
    case "DebertaV2Tokenizer": self = .debertaV2
    case "T5Tokenizer": self = .t5
    case let name where Self.others.contains(name):
      throw .input(
        value.unsupported(
          "DebertaV2Tokenizer, T5Tokenizer, PreTrainedTokenizerFast, TokenizersBackend, and names transformers does not know"
        ))
    default: self = .backend
    }
  }

  /// Classes of 5.24 that build a tokenizer by rules of their own: `TOKENIZER_MAPPING_NAMES`.
  private static let others = Set(
    """
    Albert Bart Barthez Bartpho BertGeneration BertJapanese Bert Bertweet BigBird BioGpt BlenderbotSmall Blenderbot ByT5 CLIP
    CTRL Camembert Canine Clvp CodeLlama Cohere CpmAnt Cpm DPRQuestionEncoder Deberta Dia Esm Esmc FNet FSMT Flaubert Funnel
    GPT2 GPTNeoXJapanese GPTNeoX GPTSw3 Gemma Herbert LED Lasr LayoutLMv2 LayoutLMv3 LayoutXLM Llama Luke Lxmert M2M100
    MBart50 MBart MLuke MPNet Marian MarkupLM Mgpstr MobileBert Mvp MyT5 Nllb Nougat OpenAIGPT PLBart Parakeet Pegasus
    Perceiver Phobert ProphetNet Qwen2 Qwen3_5 Rag Reformer RemBert RoCBert RoFormer Roberta SeamlessM4T Siglip2 Siglip
    Speech2Text SpeechT5 Splinter Tapas Tipsv2 Udop VideoPrism Vits Wav2Vec2CTC Wav2Vec2PhonemeCTC Whisper XGLM XLMRoberta
    XLM XLNet PreTrained
    """.split(whereSeparator: \.isWhitespace).map { "\($0)Tokenizer" } + ["PythonBackend", "MistralCommonBackend"])
}

extension String {
  /// A class and its fast variant are one.
  fileprivate var withoutFast: String { hasSuffix("Fast") ? String(dropLast(4)) : self }
}

extension TokenizerSource {
  /// Refuses a folder that names another class.
  func checkClass(_ configuration: JSONValue?, _ known: [String]) throws(TokenizerCompilerError) {
    guard let value = configuration?.member("tokenizer_class"), !value.isNull else { return }
    guard let name = value.string, known.contains(name.withoutFast) else {
      throw .input(
        value.unsupported("\(known.joined(separator: ", ")), where there is no tokenizer.json"))
    }
  }
}
