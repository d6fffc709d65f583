import Quantization
import Testing

/// Rows of int4 against the rules written out step by step, against all codes there are, and on values that are none.
@Suite struct Int4SymmetricTests {
  static func row(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in
      (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &generator) }
    }
  }

  static func weights(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in
      let value = Float.random(in: 0.1...2, using: &generator)
      return value * value * value
    }
  }

  /// The documentation of ``SymmetricInt4`` in binary64, one feature at a time: multipliers, codes, and the scale up to rounding.
  static func byDefinition(_ row: [Float], _ groupSize: Int, _ weights: [Float]) -> Int4Row {
    let values = row.map(Double.init)
    let starts = Array(stride(from: 0, to: row.count, by: groupSize))
    func error(_ range: Range<Int>, _ step: Double) -> Double {
      range.reduce(0) {
        let code = min(max((values[$1] / step).rounded(.toNearestOrEven), -7), 7)
        return $0 + Double(weights[$1]) * (values[$1] - code * step) * (values[$1] - code * step)
      }
    }
    let steps = starts.map { start -> Double in
      let range = start..<min(start + groupSize, row.count)
      let reach = (range.map { values[$0].magnitude }.max() ?? 0) / 7
      guard reach > 0 else { return 0 }
      return [1, 0.9, 0.8, 0.7, 0.6].map { $0 * reach }.min { error(range, $0) < error(range, $1) } ?? reach
    }
    let scale = (steps.max() ?? 0) / 15
    var result = Int4Row(codes: [], multipliers: [], scale: 0, groupSize: groupSize)
    result.multipliers = steps.map { UInt8(min(max(($0 / scale).rounded(.toNearestOrEven), 1), 15)) }
    result.codes = values.indices.map {
      let step = scale * Double(result.multipliers[$0 / groupSize])
      return Int8(min(max((values[$0] / step).rounded(.toNearestOrEven), -7), 7))
    }
    let grid = result.integers.map(Float.init)
    result.scale = Float(weightedProduct(weights, row, row) / weightedProduct(weights, row, grid))
    return result
  }

  @Test(
    arguments: [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 192, 300], [32, 64, 128, 320])
  func definition(_ count: Int, _ groupSize: Int) throws {
    var generator = SeededGenerator(state: UInt64(count * 1000 + groupSize))
    for _ in 0..<10 {
      let row = Self.row(count, &generator)
      let weights = Self.weights(count, &generator)
      let found = try #require(quantizedInt4(row, groupSize: groupSize, weights: weights))
      let expected = Self.byDefinition(row, groupSize, weights)
      #expect(found.multipliers == expected.multipliers)
      #expect(found.codes == expected.codes)
      #expect(abs(found.scale - expected.scale) <= 1e-5 * expected.scale)
    }
  }

  /// No weights are weights of one.
  @Test func unweighted() throws {
    var generator = SeededGenerator(state: 2)
    let row = Self.row(200, &generator)
    #expect(quantizedInt4(row, groupSize: 64) == quantizedInt4(row, groupSize: 64, weights: row.map { _ in 3 }))
    let found = try #require(quantizedInt4(row, groupSize: 64))
    #expect(found.codes == Self.byDefinition(row, 64, row.map { _ in 1 }).codes)
  }

  /// One group of four features: all 15⁴ rows of codes, each with the scale of least error.
  @Test func everyCode() throws {
    var generator = SeededGenerator(state: 3)
    var (losses, best) = (0.0, 0.0)
    let codes = (-7...7).map(Float.init)
    for _ in 0..<40 {
      let row = Self.row(4, &generator)
      let weights = Self.weights(4, &generator)
      let size = weightedProduct(weights, row, row)
      var least = size
      for first in codes {
        for second in codes {
          for third in codes {
            for fourth in codes {
              let grid = [first, second, third, fourth]
              let shared = weightedProduct(weights, row, grid)
              let square = weightedProduct(weights, grid, grid)
              if square > 0 { least = min(least, size - shared * shared / square) }
            }
          }
        }
      }
      let found = try #require(quantizedInt4(row, groupSize: 4, weights: weights))
      let error = weightedError(weights, row, found.values)
      #expect(error >= least * 0.999)
      #expect(error <= size * 0.04)
      losses += error / size
      best += least / size
    }
    // Five steps are tried where the enumeration has every one.
    #expect(losses < 4 * best)
  }

  /// Products keep their size: Σ m · w · ŵ = Σ m · w², which neither the largest value nor least squares gives.
  @Test(arguments: [32, 64, 128, 768])
  func size(_ groupSize: Int) throws {
    var generator = SeededGenerator(state: 4)
    for _ in 0..<20 {
      let row = Self.row(768, &generator)
      let weights = Self.weights(768, &generator)
      let found = try #require(quantizedInt4(row, groupSize: groupSize, weights: weights))
      let ratio = weightedProduct(weights, row, found.values) / weightedProduct(weights, row, row)
      #expect(abs(ratio - 1) < 1e-5)
    }
  }

  /// The weighted error is below that of steps which reach the largest value, and more so the larger the group.
  @Test(arguments: [(64, 0.97), (128, 0.92), (768, 0.75)])
  func betterThanTheLargestValue(_ groupSize: Int, _ part: Double) throws {
    var generator = SeededGenerator(state: 5)
    var (error, reaching) = (0.0, 0.0)
    for _ in 0..<20 {
      let row = Self.row(768, &generator).map { $0 * $0 * $0 }
      let weights = Self.weights(768, &generator)
      let found = try #require(quantizedInt4(row, groupSize: groupSize, weights: weights))
      error += weightedError(weights, row, found.values)
      for start in stride(from: 0, to: 768, by: groupSize) {
        let values = Array(row[start..<start + groupSize])
        let step = (values.map(\.magnitude).max() ?? 0) / 7
        reaching += weightedError(
          Array(weights[start..<start + groupSize]), values,
          values.map { ($0 / step).rounded(.toNearestOrEven) * step })
      }
    }
    #expect(error < part * reaching)
  }

  /// A power of two changes the scale alone, and one in the weights nothing.
  @Test func powersOfTwo() throws {
    var generator = SeededGenerator(state: 6)
    let row = Self.row(130, &generator)
    let weights = Self.weights(130, &generator)
    let found = try #require(quantizedInt4(row, groupSize: 64, weights: weights))
    for exponent in [-100, -20, 20, 100] {
      let factor = Float(sign: .plus, exponent: exponent, significand: 1)
      var other = try #require(quantizedInt4(row.map { $0 * factor }, groupSize: 64, weights: weights))
      #expect(other.scale == found.scale * factor)
      other.scale = found.scale
      #expect(other == found)
      #expect(quantizedInt4(row, groupSize: 64, weights: weights.map { $0 * factor }) == found)
    }
  }
}
