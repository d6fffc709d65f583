import Verification

/// The drift of micro F1 alone: as `Measures` has it, to the bit, without the time that all others take.
package struct F1Drift {
  /// With its interval.
  package let drift: MetricDrift
  /// What one changed decision does.
  package let unit: Double

  /// `nil` without truth.
  package init?(_ table: DecisionTable, settings: MeasureSettings, threads: Int) {
    guard table.hasTruth, let position = Metric.allCases.firstIndex(of: .microF1) else { return nil }
    let comparison = TruthComparison(table, settings: settings)
    let effects = comparison.effects[position]
    let bootstrap = Bootstrap(textCount: table.textCount, settings: settings, threads: threads)
    guard let interval = bootstrap.intervals([effects]).first else { return nil }
    unit = effects.unit
    let (reference, model) = comparison.values(.microF1)
    drift =
      comparison.hasNaN
      ? MetricDrift(
        metric: .microF1, reference: reference, model: .nan, interval: Interval(lower: .nan, upper: .nan))
      : MetricDrift(metric: .microF1, reference: reference, model: model, interval: interval)
  }
}
