import Quantization
import Testing

/// GPTQ against its definition by explicit inverses, against all codes there are, and against rounding to nearest.
@Suite struct GPTQTests {
  /// The scale that keeps wHŵ at wHw, or that of least error where this costs more than twice as much.
  static func corrected(_ correlations: Correlations, _ row: [Float], _ values: [Float]) -> [Float] {
    let (weights, grid) = (row.map(Double.init), values.map(Double.init))
    let size = correlations.product(weights, weights)
    let shared = correlations.product(weights, grid)
    let square = correlations.product(grid, grid)
    guard size > 0, shared > 0, square > 0 else { return values }
    let factor = 2 * shared * shared >= size * square ? size / shared : shared / square
    return values.map { Float(Double($0) * factor) }
  }

  /// Features in the order of their moments; after each, the rest answers by H⁻¹ of what is left (Optimal Brain Surgeon).
  static func byDefinition(_ correlations: Correlations, _ row: [Float], step: (Int) -> Float, limit: Double) -> [Int8]
  {
    let count = row.count
    let mean = (0..<count).reduce(0) { $0 + correlations[$1, $1] } / Double(count)
    var left = (0..<count).sorted { correlations[$0, $0] > correlations[$1, $1] }
    var (values, codes) = (row.map(Double.init), [Int8](repeating: 0, count: count))
    while let feature = left.first {
      var rest = Correlations(count: left.count)
      for (row, first) in left.enumerated() {
        for (column, second) in left.enumerated() { rest[row, column] = correlations[first, second] }
        rest[row, row] += 0.01 * mean
      }
      let inverse = rest.inverse
      let width = Double(step(feature))
      let code = min(max((values[feature] / width).rounded(.toNearestOrEven), -limit), limit)
      codes[feature] = Int8(code)
      let error = (values[feature] - code * width) / inverse[0, 0]
      for (index, other) in left.enumerated().dropFirst() { values[other] -= error * inverse[0, index] }
      left.removeFirst()
    }
    return codes
  }

  static func rows(_ count: Int, _ columns: Int, _ generator: inout SeededGenerator) -> [[Float]] {
    (0..<count).map { _ in Int4SymmetricTests.row(columns, &generator) }
  }

  /// Codes to nearest.
  static func nearest(_ row: [Float], limit: Float = 7, step: (Int) -> Float) -> [Float] {
    row.indices.map { min(max((row[$0] / step($0)).rounded(.toNearestOrEven), -limit), limit) }
  }

  static func step(_ grid: QuantizedMatrix, _ row: Int) -> (Int) -> Float {
    { column in
      grid.scales[row]
        * (grid.groupSize == 0 ? 1 : Float(grid.multipliers[row * grid.groups + column / grid.groupSize]))
    }
  }

  @Test(arguments: [(1, 64), (2, 64), (9, 4), (24, 8), (24, 0), (70, 32)])
  func definition(_ columns: Int, _ groupSize: Int) {
    var generator = SeededGenerator(state: 20 + UInt64(columns))
    let correlations = Correlations(count: columns, tokens: 400, causes: 3, using: &generator)
    let rows = Self.rows(4, columns, &generator)
    let start = QuantizedMatrix.rounded(rows, groupSize: groupSize)
    var found = start
    GPTQ(correlations: correlations.floats, columns: columns).quantize(rows.flatMap { $0 }, on: &found)
    #expect(found.multipliers == start.multipliers)
    for (index, row) in rows.enumerated() {
      let step = Self.step(start, index)
      let codes = Self.byDefinition(correlations, row, step: step, limit: groupSize == 0 ? 127 : 7)
      let nearest = Self.nearest(row, step: step)
      let own = Array(found.codes[index * columns..<(index + 1) * columns])
      // Where nothing is gained, the codes are the nearest ones.
      #expect(own == codes || (groupSize > 0 && own == nearest.map { Int8($0) }))
      let values = Self.corrected(correlations, row, own.indices.map { Float(own[$0]) * step($0) })
      for (value, expected) in zip(found.row(index), values) {
        #expect(abs(value - expected) <= 1e-4 * max(1, expected.magnitude))
      }
    }
  }

  /// Three features: all 15³ codes on the grid. GPTQ comes close to the best of them, and is never worse than the nearest.
  @Test func everyCode() {
    var generator = SeededGenerator(state: 30)
    var (sum, nearestSum, bestSum) = (0.0, 0.0, 0.0)
    for _ in 0..<60 {
      let correlations = Correlations(count: 3, tokens: 50, causes: 2, using: &generator)
      let row = Int4SymmetricTests.row(3, &generator)
      let grid = QuantizedMatrix.rounded([row], groupSize: 64)
      let step = grid.scales[0] * Float(grid.multipliers[0])
      func loss(_ codes: [Float]) -> Double {
        correlations.loss(row, Self.corrected(correlations, row, codes.map { $0 * step }))
      }
      let codes = (-7...7).map(Float.init)
      var best = Double.infinity
      for first in codes {
        for second in codes { for third in codes { best = min(best, loss([first, second, third])) } }
      }
      let nearest = loss(Self.nearest(row) { _ in step })
      var found = grid
      GPTQ(correlations: correlations.floats, columns: 3).quantize(row, on: &found)
      let own = correlations.loss(row, found.row(0))
      #expect(own <= nearest * 1.0001)
      #expect(own >= best * 0.999)
      (sum, nearestSum, bestSum) = (sum + own, nearestSum + nearest, bestSum + best)
    }
    #expect(sum < 0.9 * nearestSum)
    #expect(sum < 3 * bestSum)
  }

  /// Matrices of several blocks and stripes: every row loses at most what rounding does, all of them much less.
  @Test(arguments: [(64, 100), (0, 100), (32, 7), (64, 1)])
  func betterThanRounding(_ groupSize: Int, _ count: Int) {
    var generator = SeededGenerator(state: 40)
    let correlations = Correlations(count: 150, tokens: 600, causes: 20, using: &generator)
    let rows = Self.rows(count, 150, &generator)
    let nearest = QuantizedMatrix.rounded(rows, groupSize: groupSize)
    var found = nearest
    GPTQ(correlations: correlations.floats, columns: 150).quantize(rows.flatMap { $0 }, on: &found)
    var (sum, nearestSum) = (0.0, 0.0)
    for (index, row) in rows.enumerated() {
      let step = Self.step(nearest, index)
      let limit: Float = groupSize == 0 ? 127 : 7
      let codes = Self.nearest(row, limit: limit, step: step)
      let values = row.indices.map { codes[$0] * step($0) }
      let before = correlations.loss(row, Self.corrected(correlations, row, values))
      let after = correlations.loss(row, found.row(index))
      #expect(after <= before * 1.001)
      (sum, nearestSum) = (sum + after, nearestSum + before)
    }
    #expect(sum < 0.4 * nearestSum)
  }

  /// Inputs that have nothing to do with each other leave codes to nearest.
  @Test func independent() {
    var generator = SeededGenerator(state: 50)
    var correlations = Correlations(count: 40)
    for index in 0..<40 { correlations[index, index] = Double.random(in: 0.1...3, using: &generator) }
    let rows = Self.rows(5, 40, &generator)
    let start = QuantizedMatrix.rounded(rows, groupSize: 16)
    var found = start
    GPTQ(correlations: correlations.floats, columns: 40).quantize(rows.flatMap { $0 }, on: &found)
    for (index, row) in rows.enumerated() {
      let step = Self.step(start, index)
      let nearest = Self.nearest(row, step: step).map { Int8($0) }
      #expect(Array(found.codes[index * 40..<(index + 1) * 40]) == nearest)
    }
  }

  /// Noise of the inputs counts as independent of them: enough of it, and codes are the nearest.
  @Test func inputNoise() {
    var generator = SeededGenerator(state: 60)
    let correlations = Correlations(count: 30, tokens: 200, causes: 4, using: &generator)
    let rows = Self.rows(5, 30, &generator)
    let start = QuantizedMatrix.rounded(rows, groupSize: 16)
    var (little, much, none) = (start, start, start)
    var without = correlations
    for row in 0..<30 { for column in 0..<30 where row != column { without[row, column] = 0 } }
    let flat = rows.flatMap { $0 }
    GPTQ(correlations: correlations.floats, columns: 30).quantize(flat, on: &little)
    GPTQ(correlations: correlations.floats, columns: 30, inputNoise: 1e9).quantize(flat, on: &much)
    GPTQ(correlations: without.floats, columns: 30).quantize(flat, on: &none)
    #expect(much.codes == none.codes)
    #expect(little.codes != none.codes)
  }

  /// Threads share the rows and change nothing.
  @Test func threads() {
    var generator = SeededGenerator(state: 70)
    let correlations = Correlations(count: 70, tokens: 300, causes: 8, using: &generator)
    let rows = Self.rows(300, 70, &generator)
    let start = QuantizedMatrix.rounded(rows, groupSize: 64)
    let gptq = GPTQ(correlations: correlations.floats, columns: 70)
    var alone = start
    gptq.quantize(rows.flatMap { $0 }, on: &alone)
    for threads in [0, 2, 3, 50] {
      var found = start
      gptq.quantize(rows.flatMap { $0 }, on: &found, threads: threads)
      #expect(found.codes == alone.codes && found.scales == alone.scales)
    }
  }
}
