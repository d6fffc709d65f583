import Verification

/// What one candidate made of the texts that candidates are compared on.
package struct Measured: Sendable {
  /// Loss of micro F1, reference minus model; NaN where it was not measured, or a result is not finite.
  package var drift: Double
  /// The upper end of its interval.
  package var upper: Double
  /// What that is believed to stay below on other texts.
  package var reach: Double
  /// Of all labels of all texts, in order.
  package var logits: [Float]

  /// What was measured.
  package init(drift: Double = .nan, upper: Double = .nan, reach: Double = .nan, logits: [Float]) {
    self.drift = drift
    self.upper = upper
    self.reach = reach
    self.logits = logits
  }

  /// Mean squared difference of logits; infinite where any is not finite.
  package func squaredDistance(to other: Measured) -> Double {
    precondition(logits.count == other.logits.count)
    guard !logits.isEmpty else { return 0 }
    var sum = 0.0
    for (own, theirs) in zip(logits, other.logits) {
      let difference = Double(own) - Double(theirs)
      sum += difference * difference
    }
    return sum.isFinite ? sum / Double(logits.count) : .infinity
  }
}

/// What a search tries candidates with. What it gives depends on the candidate alone.
package protocol CandidateEvaluator {
  /// Makes and runs the candidate in which each unit has the choice of that index.
  /// - Parameter probing: whether logits of the first few texts are enough; all else is then NaN.
  mutating func measure(_ choices: [Int], probing: Bool) throws(RecipeSearchError) -> Measured
}

/// Time that a search may take: decides how far it goes, and nothing else.
package struct SearchBudget {
  /// Seconds from the start.
  package let seconds: Double
  /// Seconds since the start.
  package let elapsed: () -> Double

  /// - Parameter elapsed: a clock.
  package init(seconds: Double, elapsed: @escaping () -> Double) {
    self.seconds = seconds
    self.elapsed = elapsed
  }

  /// On the monotonic clock, from now on.
  package init(seconds: Double) {
    let start = MonotonicSeconds.now
    self.init(seconds: seconds) { MonotonicSeconds.now - start }
  }

  /// Whether it is used up but for what `reserve` seconds are kept for.
  package func isExhausted(reserving reserve: Double = 0) -> Bool { elapsed() + reserve >= seconds }
}
