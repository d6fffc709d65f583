import Quantization
import Testing

/// Correlations that are singular, constant, zero, or no numbers; grids of zeros.
@Suite struct GPTQEdgeTests {
  private static let columns = 20

  static func solve(_ correlations: [Float], _ rows: [[Float]], groupSize: Int = 8) -> (QuantizedMatrix, Double?) {
    var found = QuantizedMatrix.rounded(rows, groupSize: groupSize)
    let gptq = GPTQ(correlations: correlations, columns: rows[0].count)
    gptq.quantize(rows.flatMap { $0 }, on: &found)
    return (found, gptq.damping)
  }

  static func isValid(_ matrix: QuantizedMatrix) -> Bool {
    matrix.codes.allSatisfy { (-7...7).contains($0) } && matrix.scales.allSatisfy { $0.isFinite && $0 >= 0 }
      && matrix.multipliers.allSatisfy { (1...15).contains($0) }
  }

  /// Codes to nearest on the grid of the start.
  static func nearest(_ rows: [[Float]], groupSize: Int = 8) -> [Int8] {
    let grid = QuantizedMatrix.rounded(rows, groupSize: groupSize)
    return rows.indices.flatMap { index in
      GPTQTests.nearest(rows[index], step: GPTQTests.step(grid, index)).map { Int8($0) }
    }
  }

  @Test func nothingKnown() {
    var generator = SeededGenerator(state: 80)
    let rows = GPTQTests.rows(3, Self.columns, &generator)
    let count = Self.columns * Self.columns
    for value: Float in [0, -1, .nan, .infinity] {
      let (found, damping) = Self.solve(Array(repeating: value, count: count), rows)
      #expect(damping == nil)
      #expect(found.codes == Self.nearest(rows))
      #expect(found.scales == QuantizedMatrix.rounded(rows, groupSize: 8).scales)
    }
  }

  /// All inputs the same; one token; fewer tokens than features.
  @Test(arguments: [1, 2, 19])
  func singular(_ tokens: Int) {
    var generator = SeededGenerator(state: 90 + UInt64(tokens))
    let rows = GPTQTests.rows(6, Self.columns, &generator)
    var correlations = Correlations(count: Self.columns)
    for token in 0..<tokens {
      let inputs = (0..<Self.columns).map { _ in token == 0 ? 1 : Double.random(in: -2...2, using: &generator) }
      for row in 0..<Self.columns {
        for column in 0..<Self.columns { correlations[row, column] += inputs[row] * inputs[column] }
      }
    }
    let (found, damping) = Self.solve(correlations.floats, rows)
    #expect(Self.isValid(found))
    #expect(damping == 0.01)
    for (index, row) in rows.enumerated() {
      // The sum over a constant input, which is all that counts with one token, is met more closely than a step.
      if tokens == 1 { #expect(correlations.loss(row, found.row(index)) < 0.01) }
      let nearest = QuantizedMatrix.rounded([row], groupSize: 8).row(0)
      #expect(correlations.loss(row, found.row(index)) <= correlations.loss(row, nearest) * 1.1 + 1e-6)
    }
  }

  /// Damping is raised as long as there is no factor: without any, and with moments that no inputs can have.
  @Test func notPositiveDefinite() throws {
    var generator = SeededGenerator(state: 100)
    let rows = GPTQTests.rows(3, Self.columns, &generator)
    let ones = [Float](repeating: 1, count: Self.columns * Self.columns)
    let undamped = GPTQ(correlations: ones, columns: Self.columns, damping: 0)
    let raised = try #require(undamped.damping)
    #expect(raised > 0)
    var impossible = ones.map { _ in Float(-5) }
    for index in 0..<Self.columns { impossible[index * (Self.columns + 1)] = 1 }
    let (found, damping) = Self.solve(impossible, rows)
    let amount = try #require(damping)
    #expect(amount > 5)
    #expect(Self.isValid(found))
  }

  /// A feature of which nothing is known is rounded to nearest, and the others do not answer for it.
  @Test func deadFeatures() {
    var generator = SeededGenerator(state: 110)
    let rows = GPTQTests.rows(4, Self.columns, &generator)
    let whole = Correlations(count: Self.columns, tokens: 100, causes: 3, using: &generator)
    for value in [Double.nan, .infinity, 0] {
      var correlations = whole
      for index in 0..<Self.columns {
        correlations[3, index] = value
        correlations[index, 3] = value
      }
      let (found, damping) = Self.solve(correlations.floats, rows)
      #expect(damping == 0.01)
      #expect(Self.isValid(found))
      let nearest = Self.nearest(rows)
      for row in 0..<4 { #expect(found.codes[row * Self.columns + 3] == nearest[row * Self.columns + 3]) }
    }
  }

  /// The unit of the inputs does not matter, however large or small.
  @Test func units() {
    var generator = SeededGenerator(state: 120)
    let rows = GPTQTests.rows(4, Self.columns, &generator)
    let correlations = Correlations(count: Self.columns, tokens: 100, causes: 3, using: &generator).floats
    let (expected, _) = Self.solve(correlations, rows)
    for exponent in [-100, 100] {
      let factor = Float(sign: .plus, exponent: exponent, significand: 1)
      let (found, _) = Self.solve(correlations.map { $0 * factor }, rows)
      #expect(found.codes == expected.codes && found.scales == expected.scales)
      let scaled = rows.map { $0.map { $0 * factor } }
      #expect(Self.solve(correlations, scaled).0.codes == expected.codes)
    }
  }

  @Test func zeroRows() {
    var generator = SeededGenerator(state: 130)
    let correlations = Correlations(count: Self.columns, tokens: 100, causes: 3, using: &generator).floats
    let zeros = [Float](repeating: 0, count: Self.columns)
    let rows = [zeros, Int4SymmetricTests.row(Self.columns, &generator), zeros]
    let (found, _) = Self.solve(correlations, rows)
    #expect(found.codes[..<Self.columns].allSatisfy { $0 == 0 } && found.scales[0] == 0 && found.scales[2] == 0)
    #expect(found.codes[Self.columns..<2 * Self.columns].contains { $0 != 0 } && found.scales[1] > 0)
    // A scale of zero leaves nothing to choose, whatever the values.
    var grid = QuantizedMatrix(rows: 1, columns: Self.columns, groupSize: 8)
    GPTQ(correlations: correlations, columns: Self.columns).quantize(rows[1], on: &grid)
    #expect(grid.codes.allSatisfy { $0 == 0 } && grid.scales == [0])
  }

  @Test func empty() {
    var none = QuantizedMatrix(rows: 0, columns: 3, groupSize: 64)
    GPTQ(correlations: [1, 0, 0, 0, 1, 0, 0, 0, 1], columns: 3).quantize([], on: &none)
    #expect(none.codes.isEmpty)
    var narrow = QuantizedMatrix(rows: 2, columns: 0, groupSize: 64)
    GPTQ(correlations: [], columns: 0).quantize([], on: &narrow)
    #expect(narrow.scales == [0, 0])
  }
}
