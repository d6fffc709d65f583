import ModelCore

/// A linear axis: from values to pixels, and where its ticks are.
package struct PlotScale {
  /// The value at the start, the smaller one.
  package let low: Double
  /// The value at the end.
  package let high: Double
  /// The pixels at both ends.
  let start: Double
  let end: Double
  /// Multiples of 1, 2 or 5 times a power of ten, within the ends.
  package let ticks: [Double]
  /// Decimals that tell ticks apart.
  let decimals: Int

  /// An axis from `low` to `high`, or around them where they are one value.
  package init(from low: Double, to high: Double, start: Double, end: Double, ticks count: Int = 6) {
    let isFinite = low.isFinite && high.isFinite && (high - low).isFinite
    let center = low.isFinite ? low : 0
    // A range that is too small for its values has no ticks that differ: a tenth around them has.
    let isRange = isFinite && high - low > max(1, center.magnitude) * 1e-9
    let reach = max(0.1, center.magnitude / 10)
    self.low = isRange ? low : center - reach
    self.high = isRange ? high : center + reach
    self.start = start
    self.end = end
    let (step, decimals) = Self.step(for: self.high - self.low, count: count)
    self.decimals = decimals
    let first = (self.low / step).rounded(.up)
    let last = (self.high / step).rounded(.down)
    ticks = first > last ? [] : (0...min(Int(last - first), 20)).map { (first + Double($0)) * step }
  }

  /// An axis that shows every finite one of `values`, with `padding` of the range beyond both ends.
  init(
    covering values: some Sequence<Double>, padding: Double = 0.05, start: Double, end: Double, ticks: Int = 6
  ) {
    let finite = values.filter(\.isFinite)
    let low = finite.min() ?? 0
    let high = finite.max() ?? 1
    let margin = (high - low) * padding
    self.init(from: low - margin, to: high + margin, start: start, end: end, ticks: ticks)
  }

  /// The pixel of `value`.
  package func at(_ value: Double) -> Double { start + (value - low) / (high - low) * (end - start) }

  /// Whether `value` lies on the axis.
  func contains(_ value: Double) -> Bool { value >= low && value <= high }

  /// `value` as ticks are written.
  package func label(_ value: Double) -> String {
    high.magnitude >= 1e9 || low.magnitude >= 1e9 ? "\(Float(value))" : Formatting.decimals(value, decimals)
  }

  /// The smallest of 1, 2 and 5 times powers of ten that gives at most `count` ticks over `span`, and its decimals.
  private static func step(for span: Double, count: Int) -> (Double, Int) {
    let raw = span / Double(count)
    var power = 1.0
    var decimals = 0
    while power > raw, decimals < 12 {
      power /= 10
      decimals += 1
    }
    while power * 10 <= raw, power < 1e300 { power *= 10 }
    for (factor, isWhole) in [(1.0, false), (2, false), (5, false), (10, true)] where power * factor >= raw {
      return (power * factor, isWhole ? max(0, decimals - 1) : decimals)
    }
    return (power * 10, max(0, decimals - 1))
  }
}
