import ModelCore

/// How a GLiClass model wants text and labels put together: from its `config.json`, and the options of a run.
public struct PromptRules: Sendable, Equatable {
  /// What happens when the maximum length cuts labels off.
  public enum LabelOverflow: Sendable, Equatable {
    /// ``TokenizationError/labelsTruncated(lost:total:maximumLength:)``.
    case refuse
    /// The labels are lost as in the Python pipeline, and ``Prompt/lostLabelCount`` says how many. Labels without text,
    /// which that pipeline scores as well, are taken too.
    case report
    /// The end of the text is left out instead, where it stands before the labels. Refused when that is not enough.
    case shortenText
  }

  /// Id of `<<LABEL>>` (`class_token_index`).
  public var labelTokenID: Int32
  /// Id of `<<SEP>>` (`text_token_index`).
  public var separatorTokenID: Int32
  /// Id of `<<EXAMPLE>>` (`example_token_index`). May lie outside the vocabulary as long as no examples are given.
  public var exampleTokenID: Int32?
  /// Whether the labels come before the text (`prompt_first`).
  public var promptFirst: Bool
  /// Whether the model looks for the first separator, to tell the text from the labels.
  public var readsSeparator = false
  /// The most ids of a prompt, the template's included. The Python pipeline's default is 1024.
  public var maximumLength: Int
  /// What happens when the maximum length cuts labels off.
  public var labelOverflow: LabelOverflow

  /// Rules with the defaults of the Python pipeline, except that lost labels are an error.
  public init(
    labelTokenID: Int32, separatorTokenID: Int32, exampleTokenID: Int32? = nil, promptFirst: Bool,
    maximumLength: Int = 1024, labelOverflow: LabelOverflow = .refuse
  ) {
    self.labelTokenID = labelTokenID
    self.separatorTokenID = separatorTokenID
    self.exampleTokenID = exampleTokenID
    self.promptFirst = promptFirst
    self.maximumLength = maximumLength
    self.labelOverflow = labelOverflow
  }
}

extension PromptRules {
  /// The rules that a model's configuration has.
  public init(_ configuration: ModelConfiguration) {
    let own = configuration.prompt
    self.init(
      labelTokenID: Int32(own.labelTokenID), separatorTokenID: Int32(own.separatorTokenID),
      exampleTokenID: Int32(own.exampleTokenID), promptFirst: own.promptFirst, maximumLength: own.maximumLength)
    readsSeparator = configuration.head.extractsText || configuration.head.usesSegmentEmbeddings
  }
}

/// A few-shot example of a prompt.
public struct PromptExample: Sendable, Equatable {
  /// The example's text.
  public let text: String
  /// The labels that are right for it.
  public let labels: [String]

  /// An example.
  public init(text: String, labels: [String]) {
    self.text = text
    self.labels = labels
  }
}

/// The input of one forward pass.
public struct Prompt: Sendable, Equatable {
  /// Input ids, the template's included.
  public let ids: [Int32]
  /// For each label that was not lost, in the order of the labels, the position of its label token in ``ids``.
  public let labelPositions: [Int]
  /// The position of the first separator token in ``ids``; `nil` where it was cut off.
  public let separatorPosition: Int?
  /// The number of labels, from the end of the list, that the maximum length cut off.
  public let lostLabelCount: Int
  /// The maximum length it was made for.
  public let maximumLength: Int
  /// Whether the maximum length cut off anything: labels, text, task prompt or examples.
  public let isTruncated: Bool
}
