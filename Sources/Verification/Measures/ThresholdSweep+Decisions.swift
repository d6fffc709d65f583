extension ThresholdSweep {
  /// Micro and macro F1 of both sides at every hundredth, and the best thresholds there are. A side with a NaN has NaN
  /// for all.
  init(_ decisions: Decisions) {
    let byLabel = DecisionsByLabel(decisions.table)
    let (reference, model) = (
      SideSweep(decisions.reference.scores, decisions.table, byLabel),
      SideSweep(decisions.model.scores, decisions.table, byLabel)
    )
    self.init(
      points: Self.thresholds.indices.map { index in
        Point(
          threshold: Double(index + 1) / 100, referenceMicroF1: reference.micro[index],
          modelMicroF1: model.micro[index], referenceMacroF1: reference.macro[index],
          modelMacroF1: model.macro[index])
      },
      bestReferenceThreshold: reference.best.threshold, bestReferenceF1: reference.best.f1,
      bestModelThreshold: model.best.threshold, bestModelF1: model.best.f1)
  }

  /// As the command line would read them.
  fileprivate static let thresholds = (1...99).map { Float(Double($0) / 100) }
}

/// The decisions of every label, label after label.
private struct DecisionsByLabel {
  var order: [UInt32]
  var starts: [Int]

  init(_ table: DecisionTable) {
    starts = [Int](repeating: 0, count: table.labels.count + 1)
    for label in table.labelIndices { starts[Int(label) + 1] += 1 }
    for label in table.labels.indices { starts[label + 1] += starts[label] }
    order = [UInt32](repeating: 0, count: table.decisionCount)
    var next = starts
    for (decision, label) in table.labelIndices.enumerated() {
      order[next[Int(label)]] = UInt32(decision)
      next[Int(label)] += 1
    }
  }
}

/// One side at all thresholds.
private struct SideSweep {
  var micro: [Double] = []
  var macro: [Double] = []
  var best: (threshold: Double, f1: Double) = (.nan, .nan)

  init(_ scores: [Float], _ table: DecisionTable, _ byLabel: DecisionsByLabel) {
    let thresholds = ThresholdSweep.thresholds
    guard !scores.contains(where: \.isNaN), !scores.isEmpty else {
      micro = [Double](repeating: .nan, count: thresholds.count)
      macro = micro
      return
    }
    macro = [Double](repeating: 0, count: thresholds.count)
    var total = ReachedCounts()
    for label in table.labels.indices {
      var counts = ReachedCounts()
      for position in byLabel.starts[label]..<byLabel.starts[label + 1] {
        let decision = Int(byLabel.order[position])
        counts.add(Self.reached(scores[decision], thresholds), actual: table.truths[decision])
      }
      for (index, confusion) in counts.confusions.enumerated() { macro[index] += confusion.f1 }
      total.add(counts)
    }
    for index in macro.indices { macro[index] /= Double(table.labels.count) }
    micro = total.confusions.map(\.f1)
    best = Self.best(scores, table.truths)
  }

  /// How many of the thresholds a score reaches.
  private static func reached(_ score: Float, _ thresholds: [Float]) -> Int {
    // The product may be one off where the score is a threshold: the thresholds decide.
    var count = min(max(Int(score * 100), 0), thresholds.count)
    while count < thresholds.count && score >= thresholds[count] { count += 1 }
    while count > 0 && score < thresholds[count - 1] { count -= 1 }
    return count
  }

  /// The largest micro F1 over all thresholds, in one pass over the sorted scores: equal scores are predicted together,
  /// and a threshold stands in the middle between a score and the next lower one (or 0; or 1 above all). Of several
  /// that are as good it is the one nearest 0.5, of two that are as near the larger.
  private static func best(_ scores: [Float], _ truths: [Bool]) -> (threshold: Double, f1: Double) {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    let support = truths.count { $0 }
    var (truePositives, position) = (0, 0)
    // Nothing predicted, which only a score of 1 leaves no threshold for.
    var best = scores[order[0]] < 1 ? (threshold: middle(1, scores[order[0]]), f1: 0.0) : (threshold: 1, f1: -1)
    while position < order.count {
      let score = scores[order[position]]
      while position < order.count && scores[order[position]] == score {
        if truths[order[position]] { truePositives += 1 }
        position += 1
      }
      let f1 = Double(2 * truePositives) / Double(position + support)
      let threshold = middle(score, position < order.count ? scores[order[position]] : 0)
      if f1 > best.f1 || (f1 == best.f1 && abs(threshold - 0.5) < abs(best.threshold - 0.5)) {
        best = (threshold, f1)
      }
    }
    return best
  }

  /// The middle as a float, as thresholds are; the upper one where there is no float between.
  private static func middle(_ upper: Float, _ lower: Float) -> Double {
    let middle = Float((Double(upper) + Double(lower)) / 2)
    return Double(middle > lower ? middle : upper)
  }
}

/// Decisions by the number of thresholds that they reach.
private struct ReachedCounts {
  private var positives = [Int](repeating: 0, count: ThresholdSweep.thresholds.count + 1)
  private var negatives = [Int](repeating: 0, count: ThresholdSweep.thresholds.count + 1)

  mutating func add(_ reached: Int, actual: Bool) {
    if actual { positives[reached] += 1 } else { negatives[reached] += 1 }
  }

  mutating func add(_ other: ReachedCounts) {
    for index in positives.indices {
      positives[index] += other.positives[index]
      negatives[index] += other.negatives[index]
    }
  }

  /// One a threshold: what reaches it is predicted.
  var confusions: [Confusion] {
    var confusion = Confusion()
    confusion.truePositives = positives.reduce(0, +)
    confusion.falsePositives = negatives.reduce(0, +)
    return (0..<positives.count - 1).map { index in
      confusion.truePositives -= positives[index]
      confusion.falseNegatives += positives[index]
      confusion.falsePositives -= negatives[index]
      return confusion
    }
  }
}
