import ModelCore

/// Counts of decisions against the truth.
public struct Confusion: Sendable, Equatable {
  /// Predicted and true.
  public var truePositives = 0
  /// Predicted and not true.
  public var falsePositives = 0
  /// True and not predicted.
  public var falseNegatives = 0

  /// Nothing counted yet.
  public init() {}

  /// Counts one decision.
  public mutating func add(predicted: Bool, actual: Bool) {
    switch (predicted, actual) {
    case (true, true): truePositives += 1
    case (true, false): falsePositives += 1
    case (false, true): falseNegatives += 1
    case (false, false): break
    }
  }

  /// 2·TP ÷ (2·TP + FP + FN); 0 where nothing is positive (scikit-learn's `zero_division=0`).
  public var f1: Double {
    let denominator = 2 * truePositives + falsePositives + falseNegatives
    return denominator == 0 ? 0 : Double(2 * truePositives) / Double(denominator)
  }
}

/// F1 over all decisions together, and its mean over labels.
public struct F1Scores: Sendable, Equatable {
  private var all = Confusion()
  private var byLabel: [ExactBytes: Confusion] = [:]

  /// Nothing counted yet.
  public init() {}

  /// Counts one decision on `label`.
  public mutating func add(_ label: String, predicted: Bool, actual: Bool) {
    all.add(predicted: predicted, actual: actual)
    byLabel[ExactBytes(label), default: Confusion()].add(predicted: predicted, actual: actual)
  }

  /// F1 of all decisions pooled.
  public var micro: Double { all.f1 }

  /// The mean of the labels' F1, over every label that was ever to be chosen (scikit-learn's `average="macro"`).
  public var macro: Double {
    // Summed in a fixed order: addition of doubles is not associative.
    let scores = byLabel.sorted {
      $0.key.string.utf8.lexicographicallyPrecedes($1.key.string.utf8)
    }.map(\.value.f1)
    return scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
  }

  /// Labels counted.
  public var labelCount: Int { byLabel.count }
}

/// Absolute differences of logits.
public struct LogitErrors: Sendable, Equatable {
  private var errors: [Double] = []

  /// Nothing counted yet.
  public init() {}

  /// Adds |logit − reference|.
  public mutating func add(_ logit: Float, reference: Float) { errors.append(abs(Double(logit) - Double(reference))) }

  /// Differences added.
  public var count: Int { errors.count }
  /// Their mean, NaN where there are none.
  public var mean: Double { errors.isEmpty ? .nan : errors.reduce(0, +) / Double(errors.count) }
  /// NaN where any error is.
  public var maximum: Double { errors.reduce(errors.isEmpty ? .nan : 0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) } }

  /// The smallest error that at least the part `q` of all errors does not exceed (nearest rank).
  public func quantile(_ q: Double) -> Double {
    guard !errors.isEmpty, !errors.contains(where: \.isNaN) else { return .nan }
    let sorted = errors.sorted()
    let rank = Int((q * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }
}
