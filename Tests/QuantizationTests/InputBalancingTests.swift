import Quantization
import Testing

/// Factors against quantized products of random matrices, and against values worked out by hand.
@Suite struct InputBalancingTests {
  static func scales(
    _ features: [Double], _ weights: [Double], isMeasured: Bool = true
  ) -> [Float]? {
    let moments = FeatureMoments(means: features.map { _ in 0 }, variances: features.map { $0 * $0 })
    return InputBalancing.scales(inputs: moments, weights: weights, isMeasured: isMeasured)
  }

  /// Features of 1 but for one of 100: measured, √(1 ÷ √(ρ² + 1/16)) over that of the median feature.
  @Test func byHand() throws {
    let found = try #require(Self.scales([1, 1, 100, 1, 1], [2, 2, 2, 2, 2]))
    let expected = ((1.0625 as Double).squareRoot() / (10_000.0625 as Double).squareRoot()).squareRoot()
    #expect(found[0] == 1 && found[1] == 1 && found[3] == 1 && found[4] == 1)
    #expect(abs(Double(found[2]) - expected) < 1e-6 * expected)
    // The floor is 3 where weights are all that is known.
    let estimated = try #require(Self.scales([1, 1, 100, 1, 1], [2, 2, 2, 2, 2], isMeasured: false))
    let bounded = ((10 as Double).squareRoot() / (10_009 as Double).squareRoot()).squareRoot()
    #expect(abs(Double(estimated[2]) - bounded) < 1e-6 * bounded)
  }

  /// A mean counts as much as a deviation.
  @Test func meansCount() {
    let still = FeatureMoments(means: [0, 60, 0, 0], variances: [1, 0, 1, 1])
    #expect(
      InputBalancing.scales(inputs: still, weights: [1, 1, 1, 1], isMeasured: true)
        == Self.scales([1, 60, 1, 1], [1, 1, 1, 1]))
  }

  /// Where weights are as much smaller as their feature is larger, both become those of the others.
  @Test func sharesBetweenBoth() throws {
    var features = [Double](repeating: 1, count: 40)
    var weights = features
    features[7] = 64
    weights[7] = 1 / 64.0
    let found = try #require(Self.scales(features, weights))
    // 1.0625^¼ ÷ 64: of the floor.
    #expect(abs(Double(found[7]) * 64 - 1.0153) < 0.001)
    #expect(found.filter { $0 == 1 }.count == 39)
  }

  /// Where features and weights are alike there is nothing to win.
  @Test(arguments: [1, 2, 3, 64, 1000])
  func alike(_ count: Int) {
    let ones = [Double](repeating: 1, count: count)
    #expect(Self.scales(ones, ones) == nil)
    #expect(Self.scales(ones.map { $0 * 1e-3 }, ones.map { $0 * 1e9 }, isMeasured: false) == nil)
  }

  /// Other units of features or weights change nothing; features in another order are the same features.
  @Test func invariances() throws {
    var generator = SeededGenerator(state: 3)
    let features = (0..<65).map { _ in Double(generator.spread(6)) }
    let weights = (0..<65).map { _ in Double(generator.spread(4)) }
    for isMeasured in [false, true] {
      let found = try #require(Self.scales(features, weights, isMeasured: isMeasured))
      #expect(Self.scales(features.map { $0 * 0x1p20 }, weights.map { $0 * 0x1p-8 }, isMeasured: isMeasured) == found)
      let reversed = try #require(Self.scales(features.reversed(), weights.reversed(), isMeasured: isMeasured))
      #expect(Array(reversed.reversed()) == found)
      #expect(found.sorted()[32] == 1 && found.allSatisfy { $0.isFinite && $0 > 0 })
    }
  }

  /// Columns of zeros, features that never differ from zero: factors stay in range, and those of the others do not depend on them.
  @Test func nothingThere() throws {
    var features = [Double](repeating: 1, count: 50)
    var weights = features
    features[0] = 80
    let before = try #require(Self.scales(features, weights))
    features[1] = 0
    weights[2] = 0
    let found = try #require(Self.scales(features, weights))
    #expect(found[0] == before[0] && found[3...] == before[3...])
    // √(√1.0625 ÷ ¼): no more than what is not known of it.
    #expect(found[1] > 1.9 && found[1] < 2.1)
    #expect(found[2] < 0.01 && found[2] > 0)
  }

  /// What nothing can be expected of.
  @Test func refused() {
    let ones = [Double](repeating: 1, count: 8)
    for bad in [Double.nan, .infinity, 1e200] {
      var values = ones
      values[3] = bad
      #expect(Self.scales(values, ones) == nil)
      #expect(Self.scales(ones, values) == nil)
    }
    let mostlyZero = [0, 0, 0, 0, 0, 1, 1, 100.0]
    #expect(Self.scales(mostlyZero, ones) == nil)
    #expect(Self.scales(ones, mostlyZero) == nil)
    #expect(Self.scales(ones.map { _ in 0 }, ones) == nil)
    #expect(Self.scales(ones.map { _ in 1e-60 }, ones) == nil)
    #expect(Self.scales([], []) == nil)
  }

  /// The largest ratios leave weights and activations within the range of f32.
  @Test func extremes() throws {
    var features = [Double](repeating: 1, count: 16)
    features[5] = 1e25
    let found = try #require(Self.scales(features, features.map { 1 / $0 }))
    #expect(found.allSatisfy { $0 >= 0x1p-16 && $0 <= 0x1p16 })
  }

  /// Quantized products of random rows with outliers of any strength: the error with the factors found is near the least that factors of the
  /// outliers between 1 and 2⁻¹² of the others give.
  @Test(arguments: [4, 20, 100, 400])
  func quantizedProducts(_ strength: Int) throws {
    let trial = QuantizedProduct(features: 96, outliers: [3, 40, 77], strength: Double(strength), seed: 5)
    let found = try #require(Self.scales(trial.features, trial.weights))
    let error = trial.error(found)
    var best = Double.infinity
    for step in 0...24 {
      var factors = [Float](repeating: 1, count: 96)
      for outlier in [3, 40, 77] { factors[outlier] = Float(0.5.squareRoot().power(step)) }
      best = min(best, trial.error(factors))
    }
    #expect(error < 1.1 * best)
    #expect(strength < 20 || error < 0.2 * trial.error([Float](repeating: 1, count: 96)))
  }

  /// Moments that are wrong by factors of up to two cost little.
  @Test func roughMoments() throws {
    let trial = QuantizedProduct(features: 96, outliers: [3, 40, 77], strength: 40, seed: 6)
    var generator = SeededGenerator(state: 8)
    let rough = trial.features.map { $0 * Double.random(in: 0.5...2, using: &generator) }
    let found = try #require(Self.scales(rough, trial.weights, isMeasured: false))
    let exact = try #require(Self.scales(trial.features, trial.weights, isMeasured: false))
    #expect(trial.error(found) < 1.2 * trial.error(exact))
  }
}

/// A product of normally distributed rows and weights, quantized as the engine does.
private struct QuantizedProduct {
  let features: [Double]
  /// Root mean squares, measured.
  let weights: [Double]
  private let rows: [[Float]]
  private let channels: [[Float]]

  init(features count: Int, outliers: [Int], strength: Double, seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    var features = [Double](repeating: 1, count: count)
    for outlier in outliers { features[outlier] = strength }
    rows = (0..<120).map { _ in features.map { Float($0 * generator.normal()) } }
    channels = (0..<48).map { _ in features.map { _ in Float(0.05 * generator.normal()) } }
    self.features = features
    let channels = channels
    weights = (0..<count).map { column in
      (channels.reduce(0.0) { $0 + Double($1[column]) * Double($1[column]) } / Double(channels.count)).squareRoot()
    }
  }

  /// Mean squared error of the products with activations times `scales`, weights divided by them.
  func error(_ scales: [Float]) -> Double {
    let left = rows.map { Self.rounded(zip($0, scales).map { $0 * $1 }) }
    let right = channels.map { Self.rounded(zip($0, scales).map { $0 / $1 }) }
    var sum = 0.0
    for (row, rounded) in zip(rows, left) {
      for (channel, code) in zip(channels, right) {
        var difference = 0.0
        for feature in row.indices {
          difference += rounded[feature] * code[feature] - Double(row[feature]) * Double(channel[feature])
        }
        sum += difference * difference
      }
    }
    return sum / Double(rows.count * channels.count)
  }

  private static func rounded(_ values: [Float]) -> [Double] {
    let step = Double(values.map(\.magnitude).max() ?? 0) / 127
    return values.map { (Double($0) / step).rounded(.toNearestOrEven) * step }
  }
}

extension SeededGenerator {
  /// Nearly normally distributed, variance 1 (Irwin–Hall).
  fileprivate mutating func normal() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
  }

  /// A power of two between 2^−n and 2^n.
  fileprivate mutating func spread(_ n: Int) -> Float {
    Float(sign: .plus, exponent: Int.random(in: -n...n, using: &self), significand: 1)
  }
}

extension Double {
  fileprivate func power(_ exponent: Int) -> Double { (0..<exponent).reduce(1) { product, _ in product * self } }
}
