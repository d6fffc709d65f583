import Verification

/// What a candidate's drift is to be expected to look like on other texts, from the size of its errors: that is known of every decision,
/// where changed decisions are few, and those that did not change by luck are no merit. Among many candidates the ones with the
/// fewest changes are mostly the luckiest.
package struct ExpectedDrift {
  /// Decisions that errors of this size change on as many other texts; in single-label mode texts.
  package let flips: Double
  /// What the upper end of the drift's interval stays below on these in nine of ten cases.
  package let upper: Double

  /// - Parameter unit: what one changed decision does to micro F1 (``DriftEffects/unit``).
  package init(_ table: DecisionTable, settings: MeasureSettings, unit: Double) {
    flips = Self.flips(table, settings)
    upper = unit * Self.units(flips)
  }

  /// The same in units of one decision. Changes go either way, so that the drift has the variance of their number, and exceeds 1.28 times
  /// the root of that in one of ten cases. Its interval has in addition the text that was not seen, of mean and variance 1 and skew 2;
  /// its upper end is 1.96 times the root above the mean, and a little more where that text is all there is.
  private static func units(_ flips: Double) -> Double {
    1 + 0.75 / (flips + 1) + 1.96 * (flips + 1).squareRoot() + 1.28 * flips.squareRoot()
  }

  /// Every margin to the other decision against every error, which is as good as another one's, and in half of the cases in the
  /// direction that matters.
  private static func flips(_ table: DecisionTable, _ settings: MeasureSettings) -> Double {
    var (margins, errors) = ([Double](), [Double]())
    switch settings.mode {
    case .multiLabel:
      let threshold = settings.thresholdLogit
      for (reference, model) in zip(table.referenceLogits, table.modelLogits) {
        margins.append(abs(Double(reference) - threshold))
        errors.append(abs(Double(model) - Double(reference)))
      }
    case .singleLabel:
      for text in 0..<table.textCount {
        let order = table.decisions(of: text).sorted { table.referenceLogits[$0] > table.referenceLogits[$1] }
        guard order.count > 1 else { continue }
        let reference = Double(table.referenceLogits[order[0]]) - Double(table.referenceLogits[order[1]])
        margins.append(reference)
        errors.append(abs(Double(table.modelLogits[order[0]]) - Double(table.modelLogits[order[1]]) - reference))
      }
    }
    guard !errors.isEmpty else { return 0 }
    guard errors.allSatisfy(\.isFinite) else { return .nan }
    errors.sort()
    margins.sort()
    // For each margin, how many errors do not reach it.
    var (below, reaching) = (0, 0)
    for margin in margins {
      while below < errors.count, errors[below] < margin { below += 1 }
      reaching += errors.count - below
    }
    return Double(reaching) / Double(2 * errors.count)
  }
}
