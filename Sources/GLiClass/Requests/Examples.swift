import ModelCore
import Tokenization

/// A text like the one to classify, with its labels: found by a search, and appended to the text.
public struct RetrievedExample: Sendable, Equatable {
  /// The text.
  public var text: String
  /// The labels that are right for it.
  public var trueLabels: [String]
  /// All labels it was given to choose from.
  public var allLabels: [String]

  /// An example.
  public init(text: String, trueLabels: [String], allLabels: [String]) {
    self.text = text
    self.trueLabels = trueLabels
    self.allLabels = allLabels
  }

  /// `text` with `examples` behind it, in the form of `retrieval_augmented_text` of `gliclass` 0.1.21: those without a true
  /// label are left out. There the wrong labels come in an order that differs from run to run; here in that of
  /// ``allLabels``.
  public static func augment(_ text: String, with examples: [RetrievedExample]) -> String {
    let used = examples.filter { !$0.trueLabels.isEmpty }
    return ([text] + used.map(\.augmentation)).joined(separator: " ")
  }

  private var augmentation: String {
    let right = trueLabels.map { "<<TRUE_LABEL>> \($0)" }.joined(separator: " ")
    var seen = Set(trueLabels.map(ExactBytes.init))
    let wrong = allLabels.filter { seen.insert(ExactBytes($0)).inserted }.map { "<<FALSE_LABEL>> \($0)" }
    return "<<EXAMPLE>> \(text) \(right) \(wrong.joined(separator: " ")) <</EXAMPLE>>"
  }

  /// An example from JSON: `text`, `true_labels` and `all_labels`; lists that are absent are empty.
  package init(_ value: JSONValue) throws(ModelCoreError) {
    text = try value.required("text").requireString()
    trueLabels = try value.member("true_labels")?.requireStrings() ?? []
    allLabels = try value.member("all_labels")?.requireStrings() ?? []
  }
}

extension FewShotExample {
  /// An example from JSON: `text`, and `labels` or `true_labels`, a list or one string.
  package init(_ value: JSONValue) throws(ModelCoreError) {
    let text = try value.required("text").requireString()
    let either = value.member("labels") ?? value.member("true_labels")
    guard let labels = either else {
      throw .unexpectedJSON(
        path: value.path, field: value.fieldName("labels"), expected: "a list of strings", found: "nothing")
    }
    if let label = labels.string {
      self.init(text: text, labels: [label])
    } else {
      self.init(text: text, labels: try labels.requireStrings())
    }
  }
}
