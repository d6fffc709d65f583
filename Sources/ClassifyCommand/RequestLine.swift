import GLiClass
import ModelCore
import Tokenization

/// One line of JSONL input, as `classify` and `tokenize` read it. Members that nobody here knows are left alone: data sets
/// have more of them (`true_labels`).
struct RequestLine {
  var text: String
  /// `labels` or `all_labels`; `nil` where the line has neither.
  var labels: [String]?
  var threshold: Float?
  var prompt: String
  var examples: [PromptExample] = []

  /// Parses the line `number`, counted from 1.
  init(_ line: [UInt8], number: Int) throws(ModelCoreError) {
    let value = try JSONDocument(copying: line, path: "line \(number)").root
    text = try value.required("text").requireString()
    labels = try (value.member("labels") ?? value.member("all_labels"))?.requireStrings()
    if let own = value.member("threshold") {
      let threshold = Float(try own.requireDouble())
      guard (0...1).contains(threshold) else { throw own.unexpected("a number from 0 to 1") }
      self.threshold = threshold
    }
    prompt = try value.member("prompt")?.requireString() ?? ""
    guard let list = value.member("examples") else { return }
    for example in try list.elements() {
      examples.append(
        PromptExample(
          text: try example.required("text").requireString(), labels: try example.required("labels").requireStrings()))
    }
  }

  /// The error that line `number` has no labels, and needs them.
  static func noLabels(_ number: Int) -> ModelCoreError {
    .unexpectedJSON(path: "line \(number)", field: "labels", expected: "a list of strings", found: "nothing")
  }
}

extension JSONValue {
  /// The list of strings.
  fileprivate func requireStrings() throws(ModelCoreError) -> [String] {
    var strings: [String] = []
    for element in try elements() { strings.append(try element.requireString()) }
    return strings
  }
}
