extension Agreement {
  /// How far both sides decide alike. Rates are NaN where a logit is: a model that does not answer agrees with nothing.
  init(_ decisions: Decisions) {
    let table = decisions.table
    let flips = decisions.flips.map { flip in
      FlippedDecision(decision: flip.decision, text: flip.text, margin: decisions.margin(flip.decision, in: flip.text))
    }.sorted()
    var confusion = Confusion()
    for (model, reference) in zip(decisions.model.predictions, decisions.reference.predictions) {
      confusion.add(predicted: model, actual: reference)
    }
    let sameBests = zip(decisions.reference.best, decisions.model.best).count { $0 == $1 }
    let changedTexts = decisions.changedTexts
    let rate = { (count: Int, all: Int) -> Double in
      decisions.hasNaN || all == 0 ? .nan : Double(count) / Double(all)
    }
    self.init(
      flipCount: flips.count, flipRate: rate(flips.count, table.decisionCount),
      flipRateInterval: decisions.hasNaN
        ? .undefined
        : Binomial.clopperPearson(flips.count, of: table.decisionCount, confidence: decisions.settings.confidence),
      flips: flips.prefix(Self.flipLimit).map { decisions.flip($0) },
      largestMargin: flips.first?.margin ?? .nan,
      // Descending, so that the nearest rank counts from the end.
      medianMargin: flips.isEmpty ? .nan : flips[flips.count - 1 - ErrorDistribution.rank(50, of: flips.count)].margin,
      top1: rate(sameBests, table.textCount), wholeTexts: rate(table.textCount - changedTexts, table.textCount),
      // Where neither side predicts anything both agree (scikit-learn's `zero_division=1`).
      f1: decisions.hasNaN ? .nan : confusion.denominator(.f1) == 0 ? 1 : confusion.f1)
  }

  /// Flips that are listed.
  static let flipLimit = 100
}

extension Interval {
  static let undefined = Interval(lower: .nan, upper: .nan)
}

/// A flip to be sorted: the largest margins first, then in the table's order.
private struct FlippedDecision: Comparable {
  let decision: Int
  let text: Int
  let margin: Double

  static func < (left: Self, right: Self) -> Bool {
    left.margin == right.margin ? left.decision < right.decision : left.margin > right.margin
  }
}

extension Decisions {
  /// Texts with a decision that changed.
  fileprivate var changedTexts: Int {
    var (count, last) = (0, -1)
    for flip in flips where flip.text != last { (count, last) = (count + 1, flip.text) }
    return count
  }

  fileprivate func flip(_ flipped: FlippedDecision) -> Flip {
    Flip(
      line: table.lines[flipped.text], label: table.labels[label(flipped.decision)],
      referencePredicts: reference.predictions[flipped.decision],
      isTrue: table.hasTruth ? table.truths[flipped.decision] : nil,
      referenceLogit: table.referenceLogits[flipped.decision], modelLogit: table.modelLogits[flipped.decision],
      margin: flipped.margin)
  }

  /// How far the reference was from deciding otherwise, as a difference of logits. Infinite for the only label of a
  /// text.
  fileprivate func margin(_ decision: Int, in text: Int) -> Double {
    switch settings.mode {
    case .multiLabel: return abs(Double(table.referenceLogits[decision]) - settings.thresholdLogit)
    case .singleLabel:
      guard let best = reference.best[text] else { return .infinity }
      var second = -Double.infinity
      for other in table.decisions(of: text) where other != best {
        second = max(second, Double(table.referenceLogits[other]))
      }
      return Double(table.referenceLogits[best]) - second
    }
  }
}

extension MeasureSettings {
  /// The logit whose sigmoid is the threshold: ln(t ÷ (1 − t)); for 0 and 1 those from which the sigmoid in float
  /// rounds to them.
  package var thresholdLogit: Double {
    let threshold = min(max(Double(threshold), 0x1p-150), 1 - 0x1p-25)
    return Logarithm.natural(threshold) - Logarithm.natural(1 - threshold)
  }
}
