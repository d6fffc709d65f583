import Engine

/// What one side decides.
struct SideDecisions {
  /// One a decision: sigmoids, in single-label mode softmaxes.
  private(set) var scores: [Float] = []
  /// One a decision: whether the label is predicted.
  private(set) var predictions: [Bool] = []
  /// One a text: which decision has the largest logit, the first of several; `nil` where a logit is NaN or there is no
  /// label.
  private(set) var best: [Int?] = []

  init(_ logits: [Float], _ table: DecisionTable, _ settings: MeasureSettings) {
    scores.reserveCapacity(logits.count)
    predictions.reserveCapacity(logits.count)
    best.reserveCapacity(table.textCount)
    for text in 0..<table.textCount {
      let decisions = table.decisions(of: text)
      let largest = Self.largest(logits, decisions)
      best.append(largest)
      switch settings.mode {
      case .multiLabel:
        for decision in decisions {
          let score = Scores.sigmoid(logits[decision])
          scores.append(score)
          predictions.append(score >= settings.threshold)
        }
      case .singleLabel:
        scores += Scores.softmax(Array(logits[decisions]))
        for decision in decisions { predictions.append(decision == largest) }
      }
    }
  }

  private static func largest(_ logits: [Float], _ decisions: Range<Int>) -> Int? {
    var found: Int?
    for decision in decisions {
      if logits[decision].isNaN { return nil }
      if let best = found, logits[best] >= logits[decision] { continue }
      found = decision
    }
    return found
  }
}

/// What both sides decide, and where they differ.
struct Decisions {
  let table: DecisionTable
  let settings: MeasureSettings
  let reference: SideDecisions
  let model: SideDecisions
  /// Decisions that changed, ascending, and the text of each.
  let flips: [(decision: Int, text: Int)]
  /// Whether any logit is NaN: no figure then may look like one that a bound allows.
  let hasNaN: Bool

  init(_ table: DecisionTable, _ settings: MeasureSettings) {
    self.table = table
    self.settings = settings
    reference = SideDecisions(table.referenceLogits, table, settings)
    model = SideDecisions(table.modelLogits, table, settings)
    hasNaN = table.referenceLogits.contains(where: \.isNaN) || table.modelLogits.contains(where: \.isNaN)
    var flips: [(decision: Int, text: Int)] = []
    for text in 0..<table.textCount {
      for decision in table.decisions(of: text)
      where reference.predictions[decision] != model.predictions[decision] {
        flips.append((decision, text))
      }
    }
    self.flips = flips
  }

  /// The label of a decision, as a position in the table's labels.
  func label(_ decision: Int) -> Int { Int(table.labelIndices[decision]) }
}
