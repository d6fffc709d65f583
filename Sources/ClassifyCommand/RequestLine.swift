import GLiClass
import ModelCore

/// One line of JSONL input, as `classify` and `tokenize` read it. Members that nobody here knows are left alone: data sets
/// have more of them (`true_labels`).
struct RequestLine {
  let number: Int
  var text: String
  /// `labels` or `all_labels`; `nil` where the line has neither.
  var labels: LabelSet?
  var threshold: Float?
  var type: ClassificationType?
  var prompt: String?
  var examples: [FewShotExample]?
  var retrievedExamples: [RetrievedExample]?

  /// Parses the line `number`, counted from 1.
  init(_ line: [UInt8], number: Int) throws(ModelCoreError) {
    self.number = number
    let value = try JSONDocument(copying: line, path: "line \(number)").root
    text = try value.required("text").requireString()
    if let own = value.member("labels") ?? value.member("all_labels") { labels = try LabelSet(own) }
    if let own = value.member("threshold") {
      let threshold = Float(try own.requireDouble())
      guard (0...1).contains(threshold) else { throw own.unexpected("a number from 0 to 1") }
      self.threshold = threshold
    }
    if let own = value.member("classification_type") {
      guard let type = ClassificationType(name: try own.requireString()) else {
        throw own.unexpected("\"single-label\" or \"multi-label\"")
      }
      self.type = type
    }
    prompt = try value.member("prompt")?.requireString()
    if let list = value.member("examples") {
      examples = []
      for example in try list.elements() { examples?.append(try FewShotExample(example)) }
    }
    if let list = value.member("rac_examples") {
      retrievedExamples = []
      for example in try list.elements() { retrievedExamples?.append(try RetrievedExample(example)) }
    }
  }

  /// The request that the line and what it does not say make.
  func request(_ defaults: RequestDefaults) throws(ModelCoreError) -> ClassificationRequest {
    guard let labels = labels ?? defaults.labels else {
      throw .unexpectedJSON(
        path: "line \(number)", field: "labels", expected: "a list of strings", found: "nothing")
    }
    return ClassificationRequest(
      text: text, labels: labels, mode: (type ?? defaults.type).mode(threshold: threshold ?? defaults.threshold),
      taskPrompt: prompt ?? defaults.prompt, examples: examples ?? defaults.examples,
      retrievedExamples: retrievedExamples ?? defaults.retrievedExamples, options: defaults.options)
  }
}

/// What a JSONL line need not say.
struct RequestDefaults {
  var labels: LabelSet?
  var threshold: Float = 0.5
  var type = ClassificationType.multiLabel
  var prompt = ""
  var examples: [FewShotExample] = []
  var retrievedExamples: [RetrievedExample] = []
  var options = ClassificationOptions()
}
