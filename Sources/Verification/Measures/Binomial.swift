/// Exact figures of the binomial distribution, without a library of functions: terms are made from their neighbours.
package enum Binomial {
  /// The probability of at most `count` successes in `trials`, each of probability `p`; `q` is 1 − p, given for itself
  /// because a small p is lost in it.
  ///
  /// The terms relative to the largest, each from the one before, and their sum: no factorial, so nothing overflows.
  /// They begin at 2^900, so that a tail of 10⁻³⁰⁰ still has all its digits; one below the smallest double is 0.
  static func tail(_ count: Int, of trials: Int, _ p: Double, _ q: Double) -> Double {
    if count >= trials { return 1 }
    if count < 0 || q <= 0 { return 0 }
    if p <= 0 { return 1 }
    let mode = min(trials, Int(Double(trials + 1) * p))
    var (below, above) = (0.0, 0.0)
    func add(_ term: Double, _ successes: Int) { if successes <= count { below += term } else { above += term } }
    add(largest, mode)
    // Downwards as far as it matters to what is wanted: below `count` to that tail, and above it always.
    var term = largest
    for successes in stride(from: mode, to: 0, by: -1) {
      term *= Double(successes) * q / (Double(trials - successes + 1) * p)
      add(term, successes - 1)
      if term == 0 || (successes - 1 <= count && term < below * negligible) { break }
    }
    term = largest
    for successes in mode..<trials {
      term *= Double(trials - successes) * p / (Double(successes + 1) * q)
      add(term, successes + 1)
      if term < (below + above) * negligible { break }
    }
    return below / (below + above)
  }

  private static let largest = 0x1p900
  private static let negligible = 0x1p-70

  /// The two-sided p-value of `first` against `second` for a fair coin: twice the smaller tail, at most 1; what SciPy's
  /// `binomtest(first, first + second, 0.5)` gives.
  package static func signTest(_ first: Int, _ second: Int) -> Double {
    precondition(first >= 0 && second >= 0)
    if first == second { return 1 }
    return min(1, 2 * tail(min(first, second), of: first + second, 0.5, 0.5))
  }

  /// The exact interval of a probability (Clopper & Pearson, Biometrika 26, 1934): at either end the part of the
  /// distribution that lies as far out as what was found, or farther, is half of what `confidence` leaves. NaN without
  /// trials.
  package static func clopperPearson(_ count: Int, of trials: Int, confidence: Double) -> Interval {
    precondition(count >= 0 && count <= trials && confidence > 0 && confidence < 1)
    if trials == 0 { return Interval(lower: .nan, upper: .nan) }
    let outside = (1 - confidence) / 2
    return Interval(
      lower: count == 0 ? 0 : bisect { tail(trials - count, of: trials, 1 - $0, $0) > outside },
      upper: count == trials ? 1 : bisect { tail(count, of: trials, $0, 1 - $0) < outside })
  }

  /// Where a predicate that holds for all larger numbers of 0...1 begins to hold, to the last place.
  private static func bisect(_ isAbove: (Double) -> Bool) -> Double {
    var (lower, upper) = (0.0, 1.0)
    while true {
      let middle = lower + (upper - lower) / 2
      if middle <= lower || middle >= upper { return middle }
      if isAbove(middle) { upper = middle } else { lower = middle }
    }
  }
}
