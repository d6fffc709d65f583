/// Energies of a reference and of what differs from it, summed over any number of rows in binary64.
struct ErrorEnergy: Sendable, Equatable {
  /// Σ reference².
  private(set) var signal = 0.0
  /// Σ (model − reference)².
  private(set) var error = 0.0
  private var cosines = 0.0
  private var rows = 0

  /// Whether nothing was added.
  var isEmpty: Bool { rows == 0 }

  /// Adds one row of both sides.
  mutating func add(_ model: UnsafeBufferPointer<Float>, reference: UnsafeBufferPointer<Float>) {
    var (own, theirs, product, difference) = (0.0, 0.0, 0.0, 0.0)
    for index in 0..<min(model.count, reference.count) {
      let (m, r) = (Double(model[index]), Double(reference[index]))
      own += m * m
      theirs += r * r
      product += m * r
      difference += (m - r) * (m - r)
    }
    signal += theirs
    error += difference
    // Rows of zeros have no direction: two of them agree.
    cosines += own * theirs == 0 ? (own == theirs ? 1 : 0) : product / (own * theirs).squareRoot()
    rows += 1
  }

  /// Adds a row of which nothing is known: everything is NaN from now on.
  mutating func addUnknown() {
    error = .nan
    cosines = .nan
    rows += 1
  }

  /// Signal to error in dB: infinite where nothing differs, NaN where something was not finite.
  var sqnr: Double { Self.decibels(signal: signal, error: error) }

  /// The mean over rows of the cosine between both sides.
  var cosine: Double {
    let mean = cosines / Double(rows)
    return mean.isFinite ? min(mean, 1) : .nan
  }

  /// 10 · log₁₀ (signal ÷ error).
  static func decibels(signal: Double, error: Double) -> Double {
    guard signal.isFinite, error.isFinite else { return .nan }
    guard error > 0 else { return .infinity }
    let ratio = signal / error
    // The logarithm knows normal numbers.
    guard ratio >= .leastNormalMagnitude, ratio.isFinite else { return ratio.isFinite ? -.infinity : .infinity }
    return 10 * Logarithm.natural(ratio) / Logarithm.natural(10)
  }
}
