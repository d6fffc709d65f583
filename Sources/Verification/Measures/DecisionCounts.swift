/// One side's decisions against the truth, counted.
struct DecisionCounts {
  /// One a label.
  private(set) var labels: [Confusion]
  /// All labels together.
  private(set) var total = Confusion()
  /// One a text: whether every of its labels is decided rightly.
  private(set) var isRight: [Bool] = []
  /// One a text: whether its best label is right.
  private(set) var isBestRight: [Bool] = []

  init(_ side: SideDecisions, _ table: DecisionTable) {
    labels = [Confusion](repeating: Confusion(), count: table.labels.count)
    for text in 0..<table.textCount {
      var isRight = true
      for decision in table.decisions(of: text) {
        let (predicted, actual) = (side.predictions[decision], table.truths[decision])
        labels[Int(table.labelIndices[decision])].add(predicted: predicted, actual: actual)
        if predicted != actual { isRight = false }
      }
      self.isRight.append(isRight)
      isBestRight.append(side.best[text].map { table.truths[$0] } ?? false)
    }
    for label in labels { total += label }
  }

  /// The value of a metric, as scikit-learn has it.
  func value(_ metric: Metric) -> Double {
    switch metric.form {
    case .subsetAccuracy: part(isRight)
    case .accuracy: part(isBestRight)
    case .micro(let ratio): total.value(ratio)
    // Summed in the order of labels: addition of doubles is not associative.
    case .macro(let ratio): labels.isEmpty ? 0 : labels.reduce(0) { $0 + $1.value(ratio) } / Double(labels.count)
    case .weighted(let ratio):
      total.support == 0
        ? 0 : labels.reduce(0) { $0 + Double($1.support) * $1.value(ratio) } / Double(total.support)
    }
  }

  private func part(_ right: [Bool]) -> Double {
    right.isEmpty ? 0 : Double(right.count { $0 }) / Double(right.count)
  }
}

extension Metric {
  /// What a metric is computed from.
  enum Form {
    case micro(Confusion.Ratio)
    case macro(Confusion.Ratio)
    case weighted(Confusion.Ratio)
    case subsetAccuracy
    case accuracy
  }

  var form: Form {
    switch self {
    case .microF1: .micro(.f1)
    case .macroF1: .macro(.f1)
    case .weightedF1: .weighted(.f1)
    case .microPrecision: .micro(.precision)
    case .macroPrecision: .macro(.precision)
    case .weightedPrecision: .weighted(.precision)
    case .microRecall: .micro(.recall)
    case .macroRecall: .macro(.recall)
    case .weightedRecall: .weighted(.recall)
    case .subsetAccuracy: .subsetAccuracy
    case .accuracy: .accuracy
    }
  }
}
