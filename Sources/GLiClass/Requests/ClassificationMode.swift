/// How logits become a decision.
public enum ClassificationMode: Sendable, Equatable {
  /// Any number of labels may be right: every label whose score (sigmoid) reaches `threshold` is predicted.
  case multiLabel(threshold: Float)
  /// One label is right: the one with the largest score (softmax).
  case singleLabel
}

/// What a request says of its mode where it gives the threshold elsewhere: `classification_type` of the Python pipeline.
public enum ClassificationType: Sendable, Equatable {
  case multiLabel
  case singleLabel

  /// The type of this name, with the spellings that the Python pipeline (0.1.21) takes: `single`, `single-label`,
  /// `single_label` and the same of `multi`, in any case and with white space around. `nil` for any other.
  public init?(name: String) {
    switch name.trimmed.lowercased() {
    case "single", "single-label", "single_label": self = .singleLabel
    case "multi", "multi-label", "multi_label": self = .multiLabel
    default: return nil
    }
  }

  /// The mode of this type.
  public func mode(threshold: Float) -> ClassificationMode {
    self == .singleLabel ? .singleLabel : .multiLabel(threshold: threshold)
  }
}
