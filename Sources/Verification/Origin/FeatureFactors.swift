import GLCFormat

/// Looks for features that are a multiple of the original in all rows of a tensor with input scales: what a wrong input scale does.
///
/// Everything is counted in steps of the encoding, by which rows whose codes are zero there say nothing.
struct FeatureFactors {
  /// Σ of products over rows.
  private struct Sums {
    var rows = 0
    var codes = 0.0
    var originals = 0.0
    var products = 0.0
  }

  private let stored: StoredTensor
  private let inputScales: [Double]
  private let groups: [Range<Int>]
  private let largestCode: Double
  private var sums: [Sums]

  /// `nil` for a tensor without input scales.
  init?(_ stored: StoredTensor) {
    guard stored.record.inputScalesOffset > 0 else { return nil }
    self.stored = stored
    inputScales = (0..<stored.columns).map { Double(stored.inputScale($0) ?? 1) }
    groups = stored.groups
    largestCode = stored.record.encoding == .int4 ? 7 : 127
    sums = Array(repeating: Sums(), count: stored.columns)
  }

  /// Adds a row that is no multiple of its original, without the features that are zero in its block.
  mutating func add(_ row: Int, _ block: RowBlock, leavingOut zeros: [ClosedRange<Int>]) {
    let (model, original, scale) = (block.model(row), block.expected(row), Double(stored.scale(row) ?? 0))
    for (index, features) in groups.enumerated() {
      let step = Double(stored.multiplier(row, group: index)) * scale
      guard step > 0, step.isFinite else { continue }
      for feature in features where !zeros.contains(where: { $0.contains(feature) }) {
        let own = step * inputScales[feature]
        let (code, value) = (Double(model[feature]) / own, Double(original[feature]) / own)
        // Clipped values are not in proportion.
        guard abs(code) < 0.999 * largestCode, value.isFinite else { continue }
        sums[feature].rows += 1
        sums[feature].codes += code * code
        sums[feature].originals += value * value
        sums[feature].products += code * value
      }
    }
  }

  /// Features whose slope of codes over originals is off by more than a twentieth and five standard errors (on models with outliers and
  /// without, rounded to nearest or with GPTQ, none was off by more than half of that), and that are what rounding leaves of such multiples:
  /// other values are no matter of input scales.
  var found: [(feature: Int, factor: Double)] {
    sums.indices.compactMap { feature in
      let own = sums[feature]
      // Codes of a typical size of two, in enough rows.
      guard own.rows >= 8, own.codes > 4 * Double(own.rows), own.originals > 0 else { return nil }
      let slope = own.products / own.originals
      let residual = max(0, own.codes - slope * own.products)
      guard residual <= EncodingCost.compensatedSlack * max(1, slope * slope) * Double(own.rows) else { return nil }
      let deviation = (residual / Double(own.rows) / own.originals).squareRoot()
      return abs(slope - 1) > 0.05 + 5 * deviation ? (feature, slope) : nil
    }
  }
}
