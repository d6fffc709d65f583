/// A drift as a sum over texts: what a resampling of texts needs to know of it.
package struct DriftEffects: Sendable {
  /// What one text loses (or, negative, gains).
  package struct Part: Sendable {
    package var text: Int
    package var effect: Double

    package init(text: Int, effect: Double) { (self.text, self.effect) = (text, effect) }
  }

  /// Only of texts with a decision that changed; a text may come several times.
  package var parts: [Part]
  /// What one more changed decision could lose or gain: of texts that are not in the sample, so of decisions that did
  /// not change.
  package var unit: Double

  package init(parts: [Part], unit: Double) { (self.parts, self.unit) = (parts, unit) }

  /// The largest loss of one text, at least ``unit``.
  var largestLoss: Double { extremes.reduce(unit, max) }
  /// The largest gain of one text, at least ``unit``.
  var largestGain: Double { extremes.reduce(unit) { max($0, -$1) } }

  /// Effects of whole texts; the parts of a text stand together.
  private var extremes: [Double] {
    var sums: [Double] = []
    var last: Int?
    for part in parts {
      if part.text == last { sums[sums.count - 1] += part.effect } else { sums.append(part.effect) }
      last = part.text
    }
    return sums
  }
}

/// How the drift of a ratio N ÷ M splits over the changes of N and M: exactly, so that the parts of all flips sum to
/// the drift.
///
/// With r of the reference and m of the model, r − m = (ΔN − m · ΔM) ÷ Mr = (ΔN − r · ΔM) ÷ Mm. Where both denominators
/// are positive the mean of the two is taken, which treats both sides alike.
struct RatioSplit {
  private var numerator: Double
  private var denominator: Double
  private let ratio: Confusion.Ratio

  init(_ ratio: Confusion.Ratio, reference: Confusion, model: Confusion) {
    self.ratio = ratio
    (numerator, denominator) = (0, 0)
    var sides = 0.0
    for (own, other) in [(reference, model), (model, reference)] where own.denominator(ratio) > 0 {
      numerator += 1 / Double(own.denominator(ratio))
      denominator += other.value(ratio) / Double(own.denominator(ratio))
      sides += 1
    }
    if sides > 0 { (numerator, denominator) = (numerator / sides, denominator / sides) }
  }

  /// The part of one decision that changed.
  func effect(referencePredicts: Bool, isTrue: Bool) -> Double {
    let numerators = isTrue ? (ratio == .f1 ? 2 * numerator : numerator) : 0
    let denominators = ratio == .recall ? 0 : denominator
    return referencePredicts ? numerators - denominators : denominators - numerators
  }
}

/// What one decision that changes can do to a mean of labels' ratios, in the sample as the reference decides it.
struct UnitEffect {
  private let ratio: Confusion.Ratio
  /// Σ x and Σ x² over the decisions of each kind: a true positive lost, a false one more, a true one more, a false one
  /// less.
  private var sums = [Double](repeating: 0, count: 4)
  private var squares = [Double](repeating: 0, count: 4)

  init(_ ratio: Confusion.Ratio) { self.ratio = ratio }

  /// Adds a label's decisions.
  /// - Parameter weight: of the label in the mean.
  mutating func add(_ confusion: Confusion, offered: Int, weight: Double) {
    let (right, wrong, missed) = (confusion.truePositives, confusion.falsePositives, confusion.falseNegatives)
    let kinds = [
      (count: right, changed: Confusion(right - 1, wrong, missed + 1)),
      (count: offered - right - wrong - missed, changed: Confusion(right, wrong + 1, missed)),
      (count: missed, changed: Confusion(right + 1, wrong, missed - 1)),
      (count: wrong, changed: Confusion(right, wrong - 1, missed)),
    ]
    for (kind, (count, changed)) in kinds.enumerated() where count > 0 {
      let effect = abs(changed.value(ratio) - confusion.value(ratio)) * weight
      sums[kind] += Double(count) * effect
      squares[kind] += Double(count) * effect * effect
    }
  }

  /// The mean effect of a kind, every decision weighted by its own. In a sum of rare events of different sizes this,
  /// variance over mean, is the size of the equal events that stand for them (Fay & Feuer, Statistics in Medicine 16,
  /// 1997); a plain mean makes too little of the few that matter most.
  private func size(_ kind: Int) -> Double { sums[kind] > 0 ? squares[kind] / sums[kind] : 0 }

  /// Of the kind that matters most.
  var ofDecision: Double { max(size(0), size(1), size(2), size(3)) }
  /// Of a text of which one label is right: when it changes, one is lost and another one taken.
  var ofText: Double { min(1, max(size(0) + size(1), size(2) + size(3))) }
}
