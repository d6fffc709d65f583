import ModelCore

/// A text, the labels to choose from, and which of them are right.
package struct DataExample: Sendable, Equatable {
  /// The text; it may be empty.
  package let text: String
  /// The labels to choose from: at least one, none blank, none twice.
  package let labels: [String]
  /// Which of ``labels`` are right, one a label; `nil` where the data do not say.
  package let truths: [Bool]?
  /// Where it begins in the file: its line, or position in a JSON array, from 1.
  package let line: Int

  /// Those of ``labels`` that are right, in their order; `nil` where the data do not say.
  package var trueLabels: [String]? {
    truths.map { truths in zip(labels, truths).compactMap { $1 ? $0 : nil } }
  }

  /// Checks what was read. Labels are compared by their bytes.
  /// - Parameter trueLabels: may name a label twice.
  /// - Throws: ``DataSetError/malformedLine(path:line:expected:found:)``.
  init(
    text: String, labels: [String], trueLabels: [String]?, path: String, line: Int
  ) throws(DataSetError) {
    guard !labels.isEmpty else {
      throw .malformedLine(path: path, line: line, expected: "labels to choose from", found: "none")
    }
    if let (expected, found) = unusableLabel(among: labels) {
      throw .malformedLine(path: path, line: line, expected: expected, found: found)
    }
    var positions: [ExactBytes: Int] = [:]
    for (position, label) in labels.enumerated() {
      guard let first = positions.updateValue(position, forKey: ExactBytes(label)) else { continue }
      throw .malformedLine(
        path: path, line: line, expected: "every label once",
        found: "\"\(label)\" as label \(first + 1) and label \(position + 1)")
    }
    var truths = trueLabels.map { _ in [Bool](repeating: false, count: labels.count) }
    for label in trueLabels ?? [] {
      guard let position = positions[ExactBytes(label)] else {
        throw .malformedLine(
          path: path, line: line, expected: "true labels among the labels to choose from", found: "\"\(label)\"")
      }
      truths?[position] = true
    }
    self.text = text
    self.labels = labels
    self.truths = truths
    self.line = line
  }
}
