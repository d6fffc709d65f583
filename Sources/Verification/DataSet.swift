import ModelCore
import Tokenization

/// A text, the labels to choose from, and those that are right.
public struct Example: Sendable, Equatable {
  /// The text.
  public var text: String
  /// The labels to choose from.
  public var labels: [String]
  /// Those of them that are right.
  public var trueLabels: Set<String>
  /// Line of the file, or position in its array, from 1.
  public var line: Int

  /// Whether `label` is right, by its bytes.
  public func isTrue(_ label: String) -> Bool { trueLabels.contains { ExactBytes($0) == ExactBytes(label) } }
}

/// Labelled texts, in the ecosystem's form: JSONL, or a JSON array, of `{"text", "all_labels", "true_labels"}`.
public struct DataSet: Sendable {
  /// The file, for error messages.
  public let path: String
  /// All texts, in the order of the file.
  public let examples: [Example]
  private let indexByKey: [Key: Int]

  /// What joins a reference line to its example.
  private struct Key: Hashable {
    let text: ExactBytes
    let labels: [ExactBytes]

    init(_ text: String, _ labels: [String]) {
      self.text = ExactBytes(text)
      self.labels = labels.map(ExactBytes.init)
    }
  }

  /// Reads the file at `path`.
  /// - Throws: ``VerificationError``, naming the line.
  public init(path: String) throws(VerificationError) {
    self.path = path
    var examples: [Example] = []
    let lines = try lifting { () throws(ModelCoreError) in try JSONLines.read(path) }
    for (line, value) in lines { examples.append(try Self.example(value, path, line)) }
    guard !examples.isEmpty else { throw .empty(path: path) }
    self.examples = examples
    indexByKey = Dictionary(
      examples.enumerated().map { (Key($1.text, $1.labels), $0) }, uniquingKeysWith: { first, _ in first }
    )
  }

  /// The position of the example with this text and these labels, in this order.
  public func index(text: String, labels: [String]) -> Int? { indexByKey[Key(text, labels)] }

  /// The example with this text and these labels, in this order.
  public func example(text: String, labels: [String]) -> Example? {
    index(text: text, labels: labels).map { examples[$0] }
  }

  private static func example(_ value: JSONValue, _ path: String, _ line: Int) throws(VerificationError) -> Example {
    guard let text = value.member("text")?.string, let labels = value.strings("all_labels"),
      let trueLabels = value.strings("true_labels")
    else {
      throw .malformedLine(
        path: path, line: line, expected: "an object with text, all_labels and true_labels", found: value.shape)
    }
    try checkText(of: labels, path, line)
    let known = Set(labels.map(ExactBytes.init))
    for label in trueLabels where !known.contains(ExactBytes(label)) {
      throw .malformedLine(
        path: path, line: line, expected: "true_labels among all_labels", found: "\"\(label)\"")
    }
    return Example(text: text, labels: labels, trueLabels: Set(trueLabels), line: line)
  }
}

/// Refuses labels that no prompt is made of.
func checkText(of labels: [String], _ path: String, _ line: Int) throws(VerificationError) {
  guard let position = labels.firstIndex(where: \.isBlank) else { return }
  throw .malformedLine(path: path, line: line, expected: "labels with text", found: "none in label \(position + 1)")
}

extension JSONValue {
  /// The member `key` as a list of strings, `nil` where it is anything else.
  func strings(_ key: String) -> [String]? {
    guard let value = member(key), let count = value.count else { return nil }
    let strings = (0..<count).compactMap { value.element($0).string }
    return strings.count == count ? strings : nil
  }

  /// The member `key` as a list of numbers, `nil` where it is anything else.
  func numbers(_ key: String) -> [Double]? {
    guard let value = member(key), let count = value.count else { return nil }
    let numbers = (0..<count).compactMap { value.element($0).double }
    return numbers.count == count ? numbers : nil
  }

  /// What an object has, for error messages.
  var shape: String { isObject ? "an object with \(keys.joined(separator: ", "))" : found }
}
