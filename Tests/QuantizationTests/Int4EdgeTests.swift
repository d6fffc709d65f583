import Quantization
import Testing

/// Rows and weights that are zero, tiny, huge, or no numbers.
@Suite struct Int4EdgeTests {
  static func zeros(_ count: Int, _ groupSize: Int) -> Int4Row {
    Int4Row(
      codes: Array(repeating: 0, count: count),
      multipliers: Array(repeating: 1, count: (count + groupSize - 1) / groupSize), scale: 0, groupSize: groupSize)
  }

  @Test func zeroRows() {
    #expect(quantizedInt4([0, -0, 0], groupSize: 2) == Self.zeros(3, 2))
    let small = Float(sign: .plus, exponent: -116, significand: 1)
    #expect(quantizedInt4([small.nextDown, -small.nextDown, 0], groupSize: 2) == Self.zeros(3, 2))
    #expect(quantizedInt4([.leastNonzeroMagnitude, 0, .leastNormalMagnitude], groupSize: 64) == Self.zeros(3, 64))
    let smallest = quantizedInt4([small, 0, 0], groupSize: 64)
    #expect(smallest?.codes == [7, 0, 0] && smallest.map { $0.scale.isNormal } == true)
  }

  @Test func noNumbers() {
    for value in [Float.nan, .infinity, -.infinity, -.nan] {
      for position in [0, 3, 8, 9] {
        var row = [Float](repeating: 1, count: 10)
        row[position] = value
        #expect(quantizedInt4(row, groupSize: 4) == nil)
      }
    }
  }

  /// Groups of zeros, or of values far below the others.
  @Test func uneven() throws {
    var row = [Float](repeating: 0, count: 24)
    row[0] = 7
    row[1] = -3
    for index in 8..<16 { row[index] = 1e-30 }
    row[16] = .leastNonzeroMagnitude
    let found = try #require(quantizedInt4(row, groupSize: 8))
    #expect(found.multipliers == [15, 1, 1])
    #expect(found.codes == [7, -3] + Array(repeating: 0, count: 22))
    #expect(abs(found.values[0] - 7) < 1e-6 && abs(found.values[1] + 3) < 1e-6)
  }

  /// Groups of equal steps in different sizes, which fit exactly: 15, 10, 5 and 1 times the scale.
  @Test func exact() throws {
    let codes: [Float] = [7, -7, 3, -1, 0, 5, 7, 2]
    let row = [15, 10, 5, 1].flatMap { multiplier in codes.map { $0 * Float(multiplier) * 0.25 } }
    let found = try #require(quantizedInt4(row, groupSize: 8))
    #expect(found.multipliers == [15, 10, 5, 1])
    #expect(found.codes == [1, 2, 3, 4].flatMap { _ in codes.map { Int8($0) } })
    #expect(found.values == row)
  }

  /// The largest numbers stay finite.
  @Test func huge() throws {
    let largest = Float.greatestFiniteMagnitude
    for row in [[largest, -largest, largest / 2, 1], [largest, largest * 0.45, largest * 0.02, 0], [largest]] {
      let found = try #require(quantizedInt4(row, groupSize: 2))
      #expect(!found.values.contains { !$0.isFinite })
      #expect(found.scale.isNormal)
      #expect(abs(found.values[0] / 2 - largest / 2) < largest * 0.05)
    }
  }

  /// Weights of zero, negative, infinite, or none.
  @Test func oddWeights() throws {
    let row: [Float] = [0.9, -0.31, 0.17, 0.05, 0.44, -0.6, 0.21, -0.02, 0.33]
    let plain = try #require(quantizedInt4(row, groupSize: 4))
    for odd: Float in [0, -1, .nan] {
      #expect(quantizedInt4(row, groupSize: 4, weights: row.map { _ in odd }) == plain)
    }
    #expect(quantizedInt4(row, groupSize: 4, weights: row.map { _ in .infinity }) == plain)
    #expect(quantizedInt4(row, groupSize: 4, weights: row.map { _ in .greatestFiniteMagnitude }) == plain)
    #expect(quantizedInt4(row, groupSize: 4, weights: row.map { _ in .leastNonzeroMagnitude }) == plain)
    var weights = row.map { _ in Float(1) }
    weights[2] = .infinity
    #expect(quantizedInt4(row, groupSize: 4, weights: weights) == plain)
    weights[2] = .nan
    let one = quantizedInt4(row, groupSize: 4, weights: weights)
    weights[2] = 0
    #expect(one == quantizedInt4(row, groupSize: 4, weights: weights))
  }

  /// A weight on a feature that is rounded to zero does not carry the scale away: least squares where the size cannot be kept.
  @Test func weightOnWhatIsLost() throws {
    let row: [Float] = [100, -90, 70, 0.5]
    for weight: Float in [1e2, 1e4, 1e6, 1e30] {
      let found = try #require(quantizedInt4(row, groupSize: 4, weights: [1, 1, 1, weight]))
      #expect(found.codes[0] == 7 && found.codes[3] == 0)
      #expect(abs(found.values[0] - 100) < 40)
    }
  }

  @Test func oneFeature() throws {
    for value: Float in [1, -1, 0.3, 1e20] {
      let found = try #require(quantizedInt4([value], groupSize: 64))
      #expect(found.codes == [value > 0 ? 7 : -7] && found.multipliers == [15])
      #expect(abs(found.values[0] - value) <= value.magnitude * 1e-6)
    }
  }
}
