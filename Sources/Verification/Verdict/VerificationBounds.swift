/// What a verification may not exceed. A bound that is `nil` is not judged; NaN passes none.
package struct VerificationBounds: Sendable, Equatable {
  /// How many decisions may change.
  package enum Flips: Sendable, Equatable {
    case count(Int)
    /// A part of all decisions, 0 to 1.
    case rate(Double)
  }

  /// Largest loss of micro F1 against the true labels, reference minus model: of the upper end of its interval.
  package var f1Drift: Double?
  /// Whether ``f1Drift`` bounds the drift found, in place of its interval's end.
  package var judgesPointEstimate = false
  /// Largest |logit − reference| of any label of any text.
  package var logitError: Double?
  /// Decisions on which model and reference differ.
  package var flips: Flips?
  /// Least micro F1 of the model.
  package var minimumF1: Double?

  /// No bounds.
  package init() {}

  /// Whether a bound needs true labels.
  package var needsTruth: Bool { f1Drift != nil || minimumF1 != nil }

  /// Every bound that was given, beside what was found; and that results are finite, where some are not.
  /// - Parameter notFinite: texts without a finite result.
  func judgements(_ measures: Measures, _ settings: MeasureSettings, notFinite: Int) -> [Judgement] {
    var all: [Judgement] = []
    if notFinite > 0 {
      all.append(
        Judgement(
          name: "finite-results", title: "texts without a finite result", bound: 0, found: Double(notFinite),
          isMaximum: true, isCount: true))
    }
    let micro = measures[.microF1]
    if let f1Drift {
      let interval = "upper end of its \(Figures.coverage(settings.confidence)) interval"
      all.append(
        Judgement(
          name: "max-f1-drift", title: "micro F1 drift, \(judgesPointEstimate ? "point estimate" : interval)",
          bound: f1Drift, found: (judgesPointEstimate ? micro?.drift : micro?.interval.upper) ?? .nan, isMaximum: true))
    }
    if let logitError {
      all.append(
        Judgement(
          name: "max-logit-error", title: "largest logit error", bound: logitError, found: measures.logitError.maximum,
          isMaximum: true))
    }
    // A result that is not finite decided nothing, so that flips say nothing of it.
    let isFinite = !measures.logitError.maximum.isNaN
    switch flips {
    case .count(let bound):
      all.append(
        Judgement(
          name: "max-flips", title: "decisions flipped", bound: Double(bound),
          found: isFinite ? Double(measures.agreement.flipCount) : .nan, isMaximum: true, isCount: true))
    case .rate(let bound):
      all.append(
        Judgement(
          name: "max-flips", title: "part of the decisions flipped", bound: bound,
          found: isFinite ? measures.agreement.flipRate : .nan, isMaximum: true))
    case nil: break
    }
    if let minimumF1 {
      all.append(
        Judgement(
          name: "min-f1", title: "micro F1", bound: minimumF1, found: micro?.model ?? .nan, isMaximum: false))
    }
    return all
  }
}
