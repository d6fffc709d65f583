import Tokenization

/// How logits become a decision.
public enum ClassificationMode: Sendable, Equatable {
  /// Any number of labels may be right: every label whose score (sigmoid) reaches `threshold` is predicted.
  case multiLabel(threshold: Float)
  /// One label is right: the one with the largest score (softmax).
  case singleLabel
}

/// One text and the labels to choose from.
public struct ClassificationRequest: Sendable, Equatable {
  /// The text.
  public var text: String
  /// At least one, each once, without marker tokens.
  public var labels: [String]
  /// How logits become a decision.
  public var mode: ClassificationMode
  /// A description of the task, put before the text.
  public var taskPrompt: String
  /// Few-shot examples.
  public var examples: [FewShotExample]

  /// A request; labels are judged each for itself at 0.5 unless said otherwise.
  public init(
    text: String, labels: [String], mode: ClassificationMode = .multiLabel(threshold: 0.5), taskPrompt: String = "",
    examples: [FewShotExample] = []
  ) {
    self.text = text
    self.labels = labels
    self.mode = mode
    self.taskPrompt = taskPrompt
    self.examples = examples
  }
}

/// What the model says of one label.
public struct LabelScore: Sendable, Equatable {
  /// The label, as it was given.
  public var label: String
  /// Probability: sigmoid of the logit, or softmax over all labels in single-label mode.
  public var score: Float
  /// What the scorer gave.
  public var logit: Float
}

/// What the model says of one text.
public struct Classification: Sendable, Equatable {
  /// The text.
  public var text: String
  /// All labels, in the order of the request.
  public var labels: [LabelScore]
  /// The labels decided for, in the order of the request.
  public var predicted: [String]
}
