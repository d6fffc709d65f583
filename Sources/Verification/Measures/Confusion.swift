/// Counts of decisions against the truth.
struct Confusion: Sendable, Equatable {
  /// Predicted and true.
  var truePositives = 0
  /// Predicted and not true.
  var falsePositives = 0
  /// True and not predicted.
  var falseNegatives = 0

  /// Nothing counted yet.
  init() {}

  init(_ truePositives: Int, _ falsePositives: Int, _ falseNegatives: Int) {
    (self.truePositives, self.falsePositives, self.falseNegatives) = (truePositives, falsePositives, falseNegatives)
  }

  /// Counts one decision.
  mutating func add(predicted: Bool, actual: Bool) {
    switch (predicted, actual) {
    case (true, true): truePositives += 1
    case (true, false): falsePositives += 1
    case (false, true): falseNegatives += 1
    case (false, false): break
    }
  }

  /// Decisions that predict.
  var predicted: Int { truePositives + falsePositives }
  /// Decisions where something is true, predicted or not.
  var support: Int { truePositives + falseNegatives }
  /// TP ÷ (TP + FP); 0 where nothing is predicted (scikit-learn's `zero_division=0`, as below).
  var precision: Double { value(.precision) }
  /// TP ÷ (TP + FN); 0 where nothing is true.
  var recall: Double { value(.recall) }
  /// 2·TP ÷ (2·TP + FP + FN); 0 where nothing is positive.
  var f1: Double { value(.f1) }

  /// All three.
  package var scores: LabelScores { LabelScores(precision: precision, recall: recall, f1: f1) }

  /// A ratio that metrics are means of.
  enum Ratio { case f1, precision, recall }

  func numerator(_ ratio: Ratio) -> Int { ratio == .f1 ? 2 * truePositives : truePositives }

  func denominator(_ ratio: Ratio) -> Int {
    switch ratio {
    case .f1: predicted + support
    case .precision: predicted
    case .recall: support
    }
  }

  func value(_ ratio: Ratio) -> Double {
    let denominator = denominator(ratio)
    return denominator == 0 ? 0 : Double(numerator(ratio)) / Double(denominator)
  }

  static func += (left: inout Confusion, right: Confusion) {
    left.truePositives += right.truePositives
    left.falsePositives += right.falsePositives
    left.falseNegatives += right.falseNegatives
  }
}
