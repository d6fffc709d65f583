import Testing
import Verification

/// Axes of the report's plots.
@Suite struct PlotReportTests {
  @Test func ticksAreRoundNumbersWithinTheEnds() {
    for (low, high, ticks) in [
      (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (-10.2, 9.7, [-10, -5, 0, 5]),
      (0.81, 0.84, [0.81, 0.815, 0.82, 0.825, 0.83, 0.835, 0.84]), (-0.0021, 0.0017, [-0.002, -0.001, 0, 0.001]),
      (0, 12_345, [0, 5_000, 10_000]),
    ] {
      let scale = PlotScale(from: low, to: high, start: 0, end: 100)
      #expect(scale.ticks.count == ticks.count, "\(scale.ticks)")
      for (found, expected) in zip(scale.ticks, ticks) { #expect(abs(found - expected) < 1e-9 * max(1, high)) }
    }
  }

  @Test func ticksAreToldApart() {
    for exponent in -8...8 {
      for mantissa in [1.0, 1.7, 3.3, 9.9] {
        var span = mantissa
        for _ in 0..<abs(exponent) { span = exponent < 0 ? span / 10 : span * 10 }
        let scale = PlotScale(from: -span, to: span, start: 0, end: 1)
        let labels = scale.ticks.map { scale.label($0) }
        #expect(Set(labels).count == labels.count && labels.count >= 2 && labels.count <= 8, "\(labels)")
        for (label, tick) in zip(labels, scale.ticks) {
          #expect(abs((Double(label) ?? .nan) - tick) <= span * 1e-6, "\(label) \(tick)")
        }
      }
    }
  }

  @Test func pixelsFollowValues() {
    let scale = PlotScale(from: -2, to: 2, start: 100, end: 20)
    #expect(scale.at(-2) == 100 && scale.at(0) == 60 && scale.at(2) == 20)
  }

  /// One value, and none: an axis around it.
  @Test func emptyRangesAreWidened() {
    for (low, high) in [(0.0, 0.0), (0.8, 0.8), (-7, -7), (1e30, 1e30), (.nan, .nan), (0, .infinity), (3, 2)] {
      let scale = PlotScale(from: low, to: high, start: 0, end: 100)
      #expect(scale.low < scale.high && scale.at(scale.low).isFinite && !scale.ticks.isEmpty)
      if low.isFinite { #expect(scale.low < low && scale.high > low) }
    }
  }
}
