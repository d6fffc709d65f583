import Tokenization

/// A few-shot example of a request.
public typealias FewShotExample = PromptExample

/// What happens to labels that the maximum length cuts off.
public typealias LabelOverflow = PromptRules.LabelOverflow

/// One text, the labels to choose from, and how.
public struct ClassificationRequest: Sendable, Equatable {
  /// The text.
  public var text: String
  /// The labels: at least one, each once, without marker tokens.
  public var labels: LabelSet
  /// How logits become a decision.
  public var mode: ClassificationMode
  /// A description of the task, put before the text.
  public var taskPrompt: String
  /// Few-shot examples, put behind the text.
  public var examples: [FewShotExample]
  /// Texts like this one with their labels, for models trained on retrieval-augmented text.
  public var retrievedExamples: [RetrievedExample]
  /// How text and labels are put into forward passes.
  public var options: ClassificationOptions

  /// A request; labels are judged each for itself at 0.5 unless said otherwise.
  public init(
    text: String, labels: LabelSet, mode: ClassificationMode = .multiLabel(threshold: 0.5), taskPrompt: String = "",
    examples: [FewShotExample] = [], retrievedExamples: [RetrievedExample] = [],
    options: ClassificationOptions = ClassificationOptions()
  ) {
    self.text = text
    self.labels = labels
    self.mode = mode
    self.taskPrompt = taskPrompt
    self.examples = examples
    self.retrievedExamples = retrievedExamples
    self.options = options
  }

  /// A request with a plain list of labels.
  public init(
    text: String, labels: [String], mode: ClassificationMode = .multiLabel(threshold: 0.5), taskPrompt: String = "",
    examples: [FewShotExample] = [], retrievedExamples: [RetrievedExample] = [],
    options: ClassificationOptions = ClassificationOptions()
  ) {
    self.init(
      text: text, labels: LabelSet(labels), mode: mode, taskPrompt: taskPrompt, examples: examples,
      retrievedExamples: retrievedExamples, options: options)
  }
}

/// How the text and the labels of a request are put into forward passes, and what is wanted of them.
public struct ClassificationOptions: Sendable, Equatable {
  /// The most tokens of an input; `nil` is the model's own maximum.
  public var maximumLength: Int?
  /// What happens to labels that the maximum length cuts off.
  public var labelOverflow: LabelOverflow
  /// How a text is cut that is too long for one pass; `nil` has its end cut off.
  public var chunking: Chunking?
  /// The most labels of one pass; `nil` is all of them, or 8 with ``Chunking/reference(size:overlap:)``.
  ///
  /// Labels of one pass see each other, those of different passes do not: scores differ a little from those of one pass. In
  /// single-label mode the softmax is taken over the logits of all passes together.
  public var labelsPerPass: Int?
  /// Whether labels are put into the prompt in lower case, as `gliclass` did up to 0.1.12; results name them as given. Each
  /// character by itself: a final Σ becomes σ.
  public var lowercasesLabels: Bool
  /// Whether results have the projected features of the text and of every label. Only with one pass a text.
  public var returnsEmbeddings: Bool

  /// The defaults of the Python pipeline, except that labels which do not fit are refused.
  public init(
    maximumLength: Int? = nil, labelOverflow: LabelOverflow = .refuse, chunking: Chunking? = nil,
    labelsPerPass: Int? = nil, lowercasesLabels: Bool = false, returnsEmbeddings: Bool = false
  ) {
    self.maximumLength = maximumLength
    self.labelOverflow = labelOverflow
    self.chunking = chunking
    self.labelsPerPass = labelsPerPass
    self.lowercasesLabels = lowercasesLabels
    self.returnsEmbeddings = returnsEmbeddings
  }
}

/// How a text is cut that is too long for one pass. Every label gets the largest of its scores in the parts; in single-label
/// mode the scores are then divided by their sum (`ZeroShotClassificationWithChunkingPipeline` of `gliclass` 0.1.21).
public enum Chunking: Sendable, Equatable {
  /// The reference's rule: parts of `size` characters (Unicode code points, wherever a word ends), each beginning `overlap`
  /// before the end of the last. Tokens beyond the maximum length are cut off a part, as there. Retrieved examples are part
  /// of the text.
  case reference(size: Int = 8192, overlap: Int = 256)
  /// Parts of at most `size` tokens, counted word by word, and no more than fit beside labels, prompt and examples (`nil`: as
  /// many as fit), cut at white space; a word that is longer is cut between characters. Each begins with as many of the last
  /// words of the one before as make up to `overlap` tokens (`nil`: 32, or a quarter of the size where that is less).
  /// Retrieved examples are put behind every part.
  case tokens(size: Int? = nil, overlap: Int? = nil)
}
