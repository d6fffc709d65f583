import Engine

/// What the model says of one label.
public struct LabelScore: Sendable, Equatable {
  /// The label, as it was given; in a group, with the names of the groups before it.
  public var label: String
  /// Probability: sigmoid of the logit, or softmax over all labels in single-label mode. Of a text in parts, what
  /// ``Chunking`` makes of theirs.
  public var score: Float
  /// What the scorer gave, calibrated where the model has a calibrator; the largest of a text in parts.
  public var logit: Float
  /// The score without the calibrator; `nil` where the model has none.
  public var initialScore: Float?
}

/// What the model says of one text.
public struct Classification: Sendable, Equatable {
  /// The text.
  public var text: String
  /// All labels in the order of the request, but those lost to the maximum length.
  public var labels: [LabelScore]
  /// The labels decided for, in the order of the request (the Python pipeline with chunks gives them by score).
  public var predicted: [String]
  /// The labels of the request, with their groups.
  public var labelSet: LabelSet
  /// The features of the text and of every label in ``labels``, where the request wanted them.
  public var embeddings: EngineEmbeddings?
  /// What was left out to come to this.
  public var warnings: [ClassificationWarning]

  /// The `count` labels with the largest scores, largest first; equal ones in the order of the request.
  public func top(_ count: Int) -> [LabelScore] {
    let order = labels.indices.sorted { (labels[$1].score, $0) < (labels[$0].score, $1) }
    return order.prefix(max(0, count)).map { labels[$0] }
  }
}

/// What the Python pipeline leaves out without a word.
public enum ClassificationWarning: Sendable, Equatable, CustomStringConvertible {
  /// Labels that the maximum length cut off: they have no score. (In Python each gets one same number.)
  case labelsLost([String], total: Int, maximumLength: Int)
  /// Labels without text, by position from 0, which were scored all the same.
  case emptyLabels(positions: [Int])
  /// The end of the input, or of `parts` of several parts of it, was cut off.
  case inputTruncated(parts: Int, of: Int, maximumLength: Int)

  /// One line.
  public var description: String {
    switch self {
    case .labelsLost(let labels, let total, let maximumLength):
      let names = labels.prefix(10).map { "\"\($0)\"" }.joined(separator: ", ") + (labels.count > 10 ? ", …" : "")
      return "labels: \(labels.count) of \(total) lost beyond the maximum length of \(maximumLength) tokens: \(names)"
    case .emptyLabels(let positions):
      return "labels without text at positions \(positions.map { "\($0 + 1)" }.joined(separator: ", "))"
    case .inputTruncated(let parts, let total, let maximumLength):
      let what = total == 1 ? "input" : "\(parts) of \(total) passes"
      return "\(what): cut off at the maximum length of \(maximumLength) tokens"
    }
  }
}
