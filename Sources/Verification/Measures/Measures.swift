/// How logits become decisions.
package enum DecisionMode: String, Sendable, CaseIterable {
  /// A label is predicted where its sigmoid reaches the threshold.
  case multiLabel = "multi-label"
  /// The label with the largest logit is predicted, the first of several, and no other.
  case singleLabel = "single-label"
}

/// What is measured, and how surely.
package struct MeasureSettings: Sendable, Equatable {
  /// How logits become decisions.
  package var mode: DecisionMode = .multiLabel
  /// The score from which a label is predicted.
  package var threshold: Float = 0.5
  /// Coverage of the two-sided intervals.
  package var confidence: Double = 0.95
  /// Resamplings of the bootstrap.
  package var replicates: Int = 2000
  /// What the resamplings are derived from: the same seed gives the same intervals on every machine.
  package var seed: UInt64 = 0

  /// The defaults.
  package init() {}
}

/// A figure of merit against the true labels, higher is better.
package enum Metric: String, Sendable, CaseIterable {
  case microF1 = "micro_f1"
  case macroF1 = "macro_f1"
  case weightedF1 = "weighted_f1"
  case microPrecision = "micro_precision"
  case macroPrecision = "macro_precision"
  case weightedPrecision = "weighted_precision"
  case microRecall = "micro_recall"
  case macroRecall = "macro_recall"
  case weightedRecall = "weighted_recall"
  /// Texts of whose labels every one is decided rightly (scikit-learn's `accuracy_score` of indicators).
  case subsetAccuracy = "subset_accuracy"
  /// Texts whose best label is right: for single-label data.
  case accuracy = "accuracy"

  /// The name for people.
  package var title: String { rawValue.replacing("_", with: " ").replacing("f1", with: "F1") }
}

/// Two ends of a confidence interval.
package struct Interval: Sendable, Equatable {
  package var lower: Double
  package var upper: Double

  package init(lower: Double, upper: Double) { (self.lower, self.upper) = (lower, upper) }
}

/// A metric of both sides, and what was lost.
package struct MetricDrift: Sendable, Equatable {
  package var metric: Metric
  package var reference: Double
  package var model: Double
  /// Of the drift: paired bootstrap over texts.
  package var interval: Interval
  /// Reference minus model: positive is a loss.
  package var drift: Double { reference - model }

  /// What was measured.
  package init(metric: Metric, reference: Double, model: Double, interval: Interval) {
    self.metric = metric
    self.reference = reference
    self.model = model
    self.interval = interval
  }
}

/// Precision, recall and F1 of one label; 0 where undefined (scikit-learn's `zero_division=0`).
package struct LabelScores: Sendable, Equatable {
  package var precision: Double
  package var recall: Double
  package var f1: Double
}

/// One label on both sides.
package struct LabelDrift: Sendable, Equatable {
  package var label: String
  /// Texts it was to be chosen for.
  package var offered: Int
  /// Texts it is right for.
  package var support: Int
  package var reference: LabelScores
  package var model: LabelScores
  /// Decisions on it that changed.
  package var flips: Int
  /// Of the drift of F1.
  package var interval: Interval
  /// Of F1, reference minus model.
  package var drift: Double { reference.f1 - model.f1 }
}

/// McNemar's exact test on decisions: whether those that only one side has right are as many on either side.
package struct McNemarTest: Sendable, Equatable {
  /// Decisions that only the reference has right.
  package var onlyReferenceRight: Int
  /// Decisions that only the model has right.
  package var onlyModelRight: Int
  /// Two-sided, of the binomial distribution with probability 1/2 (SciPy's `binomtest`); 1 where there are none.
  package var pValue: Double
}

/// Absolute differences of all decisions; NaN where any is.
package struct ErrorDistribution: Sendable, Equatable {
  package var mean: Double
  /// Nearest rank, as ``p99``.
  package var p50: Double
  package var p99: Double
  package var maximum: Double
}

/// A decision on which the sides differ.
package struct Flip: Sendable, Equatable {
  /// Of the data set, from 1.
  package var line: Int
  package var label: String
  /// Whether the reference predicts it; the model does not, and the other way round.
  package var referencePredicts: Bool
  /// Whether it is right; `nil` without truth.
  package var isTrue: Bool?
  package var referenceLogit: Float
  package var modelLogit: Float
  /// How far the reference was from deciding otherwise, as a difference of logits: of its logit to that of the threshold, and in
  /// single-label mode of its best two.
  package var margin: Double
}

/// How far both sides decide alike, whatever is true.
package struct Agreement: Sendable, Equatable {
  /// Decisions on which they differ.
  package var flipCount: Int
  /// The part of all decisions, with a Clopper-Pearson interval.
  package var flipRate: Double
  package var flipRateInterval: Interval
  /// Of all flips: the largest margins first, at most 100.
  package var flips: [Flip]
  /// The largest and the median margin of all flips; NaN without any.
  package var largestMargin: Double
  package var medianMargin: Double
  /// Texts whose best label is the same (the first of several that are equal).
  package var top1: Double
  /// Texts whose decisions are all the same.
  package var wholeTexts: Double
  /// Micro F1 of the model's decisions with the reference's for true.
  package var f1: Double
}

/// Micro and macro F1 of both sides at many thresholds (multi-label only).
package struct ThresholdSweep: Sendable, Equatable {
  package struct Point: Sendable, Equatable {
    package var threshold: Double
    package var referenceMicroF1: Double
    package var modelMicroF1: Double
    package var referenceMacroF1: Double
    package var modelMacroF1: Double
  }

  /// Ascending, 0.01 to 0.99 by 0.01.
  package var points: [Point]
  /// Where micro F1 is largest over all thresholds there are (every score is one), the middle between two scores that decide
  /// alike; and what it is there.
  package var bestReferenceThreshold: Double
  package var bestReferenceF1: Double
  package var bestModelThreshold: Double
  package var bestModelF1: Double
}

/// Everything that is measured.
package struct Measures: Sendable, Equatable {
  package var logitError: ErrorDistribution
  /// Of sigmoids, in single-label mode of softmaxes.
  package var probabilityError: ErrorDistribution
  package var agreement: Agreement
  /// One a ``Metric``, in their order; empty without truth.
  package var metrics: [MetricDrift]
  /// One a label, those with the largest loss first; empty without truth.
  package var labels: [LabelDrift]
  /// `nil` without truth.
  package var mcNemar: McNemarTest?
  /// `nil` without truth and in single-label mode.
  package var sweep: ThresholdSweep?

  /// The drift of `metric`, `nil` without truth.
  package subscript(metric: Metric) -> MetricDrift? { metrics.first { $0.metric == metric } }
}
