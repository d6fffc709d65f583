import ModelCore

/// What both sides say of every label of every text: all that measures are made from. 13 bytes a decision.
package struct DecisionTable: Sendable, Equatable {
  /// Every label that was ever to be chosen, in the order of first appearance; labels are compared by their bytes.
  package private(set) var labels: [String] = []
  /// Whether the data say which labels are right.
  package let hasTruth: Bool
  /// Position in ``labels``, one a decision.
  package private(set) var labelIndices: [UInt32] = []
  /// Whether the label is right, one a decision; all false without truth.
  package private(set) var truths: [Bool] = []
  /// One a decision.
  package private(set) var referenceLogits: [Float] = []
  /// One a decision; NaN where the model's result was not finite.
  package private(set) var modelLogits: [Float] = []
  /// Where each text's decisions begin, and at the end their number: one more than there are texts.
  package private(set) var starts: [Int] = [0]
  /// Where each text is in its data set, from 1.
  package private(set) var lines: [Int] = []
  private var indexByLabel: [ExactBytes: UInt32] = [:]

  /// A table without texts.
  package init(hasTruth: Bool) { self.hasTruth = hasTruth }

  /// Texts in the table.
  package var textCount: Int { starts.count - 1 }
  /// Labels of all texts.
  package var decisionCount: Int { labelIndices.count }

  /// The decisions of a text.
  package func decisions(of text: Int) -> Range<Int> { starts[text]..<starts[text + 1] }

  /// Some of the texts, in the order of `texts`.
  package func selecting(texts: some Sequence<Int>) -> DecisionTable {
    var selected = DecisionTable(hasTruth: hasTruth)
    for text in texts {
      let range = decisions(of: text)
      selected.append(
        line: lines[text], labels: labelIndices[range].map { labels[Int($0)] }, truths: Array(truths[range]),
        referenceLogits: Array(referenceLogits[range]), modelLogits: Array(modelLogits[range]))
    }
    return selected
  }

  /// Adds a text: one element a label in each list.
  /// - Parameter line: where it is in its data set; one behind the text before unless given.
  package mutating func append(
    line: Int? = nil, labels: [String], truths: [Bool], referenceLogits: [Float], modelLogits: [Float]
  ) {
    precondition(labels.count == truths.count && labels.count == referenceLogits.count)
    precondition(labels.count == modelLogits.count)
    for label in labels {
      let key = ExactBytes(label)
      if let index = indexByLabel[key] {
        labelIndices.append(index)
      } else {
        indexByLabel[key] = UInt32(self.labels.count)
        labelIndices.append(UInt32(self.labels.count))
        self.labels.append(label)
      }
    }
    self.truths += truths
    self.referenceLogits += referenceLogits
    self.modelLogits += modelLogits
    starts.append(labelIndices.count)
    lines.append(line ?? (lines.last ?? 0) + 1)
  }
}
