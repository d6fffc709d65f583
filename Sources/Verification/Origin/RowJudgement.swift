/// Whether what a row differs by is what its encoding costs; and if not, whether it is a multiple of the original.
struct RowJudgement {
  let isExplained: Bool
  /// What the row is a multiple of the original by; `nil` where it is explained, or differs otherwise.
  let factor: Double?

  /// - Parameters:
  ///   - features: those that are judged.
  ///   - left: of them, those that are left out, because what is the matter with them is known.
  init(
    _ model: [Float], _ original: [Float], _ features: Range<Int>, leavingOut left: [ClosedRange<Int>] = [],
    _ cost: RowCost, _ figures: RowBlock.Figures
  ) {
    let allowed = cost.allowance(features, signal: figures.signal)
    // Nearly always.
    if figures.error <= allowed {
      isExplained = true
      factor = nil
      return
    }
    let columns = left.isEmpty ? Array(features) : features.filter { column in !left.contains { $0.contains(column) } }
    /// Where `scale` times the original is what was meant, and clipping costs nothing.
    func error(scale: Double) -> (unclipped: Double, all: Double) {
      columns.reduce(into: (0.0, 0.0)) { sums, column in
        let (m, r) = (Double(model[column]), scale * Double(original[column]))
        let square = (m - r) * (m - r)
        sums.1 += square
        if abs(m) < 0.999 * cost.limit(column) || abs(r) < abs(m) || m * r < 0 { sums.0 += square }
      }
    }
    let own = error(scale: 1)
    // Clipping is for the few: a row that loses half its energy by it is not the original.
    isExplained = own.unclipped <= allowed && own.all <= max(allowed, figures.signal / 2)
    guard !isExplained,
      let median = Self.medianRatio(model, original, columns, cost)
    else {
      factor = nil
      return
    }
    let ratio = Self.ratio(model, original, columns, near: median)
    let scaled = error(scale: ratio)
    let isMultiple =
      abs(ratio - 1) > 0.002 && abs(ratio) > 1e-6
      && scaled.unclipped <= max(1, ratio * ratio) * allowed
      && scaled.all <= max(allowed, ratio * ratio * figures.signal / 2)
    factor = isMultiple ? ratio : nil
  }

  /// The median of model ÷ original, over values that rounding did not change much.
  private static func medianRatio(
    _ model: [Float], _ original: [Float], _ columns: [Int], _ cost: RowCost
  ) -> Double? {
    func ratios(aboveSteps least: Double) -> [Double] {
      columns.compactMap { column in
        let (m, r, bound) = (Double(model[column]), Double(original[column]), least * cost.step(column))
        return abs(m) > bound && abs(r) > bound ? m / r : nil
      }
    }
    // int8 codes above 16, or int4 codes above 2.
    let found = [16.0, 2].lazy.map { ratios(aboveSteps: $0) }.first { $0.count >= 3 } ?? ratios(aboveSteps: 0)
    guard !found.isEmpty else { return nil }
    let median = found.sorted()[found.count / 2]
    return median.isFinite ? median : nil
  }

  /// Σ model · original ÷ Σ original², over values that are about `median` times the original: others were clipped.
  private static func ratio(_ model: [Float], _ original: [Float], _ columns: [Int], near median: Double) -> Double {
    var (product, square) = (0.0, 0.0)
    for column in columns {
      let (m, r) = (Double(model[column]), Double(original[column]))
      guard abs(m - median * r) <= 0.1 * abs(median * r) else { continue }
      product += m * r
      square += r * r
    }
    return square > 0 ? product / square : median
  }
}
