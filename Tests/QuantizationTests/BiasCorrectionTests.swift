import Quantization
import Testing

/// What a bias takes over, by hand and as the mean of outputs over tokens.
@Suite struct BiasCorrectionTests {
  @Test func byHand() {
    var matrix = QuantizedMatrix(rows: 2, columns: 3, groupSize: 2)
    matrix.codes = [7, -1, 2, 0, 0, 1]
    matrix.multipliers = [1, 2, 15, 3]
    matrix.scales = [0.5, 0.25]
    // ŵ = 3.5, −0.5, 2 and 0, 0, 0.75.
    let delta = BiasCorrection.delta([4, 0, 2, 1, -1, 0.5], matrix, means: [2, -4, 100])
    // Differences 0.5, 0.5, 0 and 1, −1, −0.25: 1 − 2 and 2 + 4 − 25.
    let expected: [Float] = [-1, -19]
    #expect(delta == expected)
  }

  @Test func int8() {
    var matrix = QuantizedMatrix(rows: 1, columns: 2, groupSize: 0)
    matrix.codes = [127, -3]
    matrix.scales = [2]
    #expect(BiasCorrection.delta([255, -5], matrix, means: [3, 10]) == [13])
  }

  /// With it, the mean of the outputs over the tokens is what it was.
  @Test func meanOfOutputs() {
    var generator = SeededGenerator(state: 140)
    let rows = GPTQTests.rows(7, 33, &generator)
    let tokens = GPTQTests.rows(50, 33, &generator).map { $0.map { $0 + 0.7 } }
    let means = (0..<33).map { feature in Float(tokens.reduce(0.0) { $0 + Double($1[feature]) } / 50) }
    let matrix = QuantizedMatrix.rounded(rows, groupSize: 32)
    let delta = BiasCorrection.delta(rows.flatMap { $0 }, matrix, means: means)
    for (index, row) in rows.enumerated() {
      let ones = [Float](repeating: 1, count: 33)
      func mean(_ weights: [Float]) -> Double {
        tokens.reduce(0.0) { $0 + weightedProduct(ones, weights, $1) } / 50
      }
      let (before, after) = (mean(row), mean(matrix.row(index)))
      #expect(abs(after - before) > 1e-3)
      #expect(abs(after + Double(delta[index]) - before) < 1e-5)
    }
  }

  @Test func notFinite() {
    var matrix = QuantizedMatrix(rows: 2, columns: 1, groupSize: 0)
    matrix.scales = [1, 1]
    #expect(BiasCorrection.delta([.greatestFiniteMagnitude, 1], matrix, means: [4]) == [0, 4])
    #expect(BiasCorrection.delta([1, 2], matrix, means: [.nan]) == [0, 0])
  }
}
