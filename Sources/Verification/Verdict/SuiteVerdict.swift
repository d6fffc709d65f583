/// One model held against its reference on several data sets.
package struct SuiteVerdict: Sendable, Equatable {
  /// One data set.
  package struct Row: Sendable, Equatable {
    /// What it is called in tables.
    package var name: String
    package var verdict: Verdict

    package init(name: String, verdict: Verdict) {
      self.name = name
      self.verdict = verdict
    }
  }

  /// The `.glc` of all rows.
  package var model: ModelSummary
  /// In the order they were given.
  package var rows: [Row]

  package init(model: ModelSummary, rows: [Row]) {
    self.model = model
    self.rows = rows
  }

  /// Whether every data set passes; none at all is no pass.
  package var passes: Bool { !rows.isEmpty && rows.allSatisfy(\.verdict.passes) }

  /// The mean of `metric` over the data sets that have true labels, each counting the same; `nil` where none has.
  package func average(_ metric: Metric) -> MetricAverage? {
    let drifts = rows.compactMap { $0.verdict.measures[metric] }
    guard !drifts.isEmpty else { return nil }
    // Summed in the order of the rows: addition of doubles is not associative.
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    return MetricAverage(
      metric: metric, reference: mean(drifts.map(\.reference)), model: mean(drifts.map(\.model)), sets: drifts.count)
  }

  /// Flipped decisions of all data sets.
  package var flips: Int { rows.reduce(0) { $0 + $1.verdict.measures.agreement.flipCount } }

  /// The largest logit error of all data sets; NaN where any is, and where there is no data set.
  package var largestLogitError: Double {
    let errors = rows.map(\.verdict.measures.logitError.maximum)
    return errors.contains(where: \.isNaN) ? .nan : errors.max() ?? .nan
  }
}

/// A metric of both sides, averaged over data sets.
package struct MetricAverage: Sendable, Equatable {
  package var metric: Metric
  package var reference: Double
  package var model: Double
  /// Data sets that it is of.
  package var sets: Int
  /// Reference minus model: positive is a loss.
  package var drift: Double { reference - model }
}
