import Quantization
import Testing

/// Moments against their definitions, and against integrals that are known.
@Suite struct FeatureMomentsTests {
  private static func random(_ count: Int, _ seed: UInt64) -> FeatureMoments {
    var generator = SeededGenerator(state: seed)
    return FeatureMoments(
      means: (0..<count).map { _ in Double.random(in: -2...2, using: &generator) },
      variances: (0..<count).map { _ in Double.random(in: 0...3, using: &generator) })
  }

  private static func matrix(_ rows: Int, _ columns: Int, _ seed: UInt64) -> [[Float]] {
    var generator = SeededGenerator(state: seed)
    return (0..<rows).map { _ in (0..<columns).map { _ in Float.random(in: -1...1, using: &generator) } }
  }

  /// E[Σwx + b] and the variance of a sum of independent features, for every number of columns beside a multiple of eight.
  @Test(arguments: [1, 7, 8, 9, 31, 64]) func linear(_ columns: Int) {
    let inputs = Self.random(columns, 1)
    let rows = Self.matrix(5, columns, 2)
    let bias: [Float] = [0.5, -1, 2, 0, 3]
    var moments = MatrixMoments(inputs: inputs)
    for row in rows { row.withUnsafeBufferPointer { moments.add($0) } }
    let outputs = moments.outputs(bias: bias)
    for (index, row) in rows.enumerated() {
      let mean = zip(row, inputs.means).reduce(Double(bias[index])) { $0 + Double($1.0) * $1.1 }
      let variance = zip(row, inputs.variances).reduce(0.0) { $0 + Double($1.0) * Double($1.0) * $1.1 }
      #expect(abs(outputs.means[index] - mean) < 1e-12 && abs(outputs.variances[index] - variance) < 1e-12)
    }
    for column in 0..<columns {
      let square = rows.reduce(0.0) { $0 + Double($1[column]) * Double($1[column]) }
      #expect(abs(moments.columnSquares[column] - square) < 1e-12)
    }
    // In two parts, as two threads read them.
    var (first, second) = (MatrixMoments(inputs: inputs), MatrixMoments(inputs: inputs))
    for row in rows[..<2] { row.withUnsafeBufferPointer { first.add($0) } }
    for row in rows[2...] { row.withUnsafeBufferPointer { second.add($0) } }
    first.append(second)
    #expect(first.outputs(bias: bias) == outputs)
  }

  /// Rows of the mean of the means and the mean square of what is left, whatever their size before.
  @Test func layerNorm() {
    let inputs = FeatureMoments(means: [1, 3, 5, 7], variances: [4, 0, 0, 16])
    // Center 4; squares (9 + 4) + 1 + 1 + (9 + 16) over 4 = 10.
    let found = inputs.normalized(gain: [1, 2, 0, -1], bias: [0, 1, 5, 0])
    let inverse = 1 / (10 as Double).squareRoot()
    let means = [-3 * inverse, -2 * inverse + 1, 5, -3 * inverse]
    let variances = [4 * inverse * inverse, 0, 0, 16 * inverse * inverse]
    for index in 0..<4 {
      #expect(abs(found.means[index] - means[index]) < 1e-12)
      #expect(abs(found.variances[index] - variances[index]) < 1e-12)
    }
    let larger = FeatureMoments(means: inputs.means.map { $0 * 8 }, variances: inputs.variances.map { $0 * 64 })
    let again = larger.normalized(gain: [1, 2, 0, -1], bias: [0, 1, 5, 0])
    #expect(zip(again.secondMoments, found.secondMoments).allSatisfy { abs($0 - $1) < 1e-12 })
    // Rows that never differ from their mean become the bias.
    let constant = FeatureMoments(means: [2, 2], variances: [0, 0]).normalized(gain: [3, 3], bias: [1, -1])
    #expect(constant == FeatureMoments(means: [1, -1], variances: [0, 0]))
  }

  /// x: the same. x²: mean σ² + μ², variance 2σ⁴ + 4μ²σ², polynomials that quadrature has exactly. max(x, 0): means σ ÷ √2π, nearly.
  @Test func activations() {
    let inputs = Self.random(20, 3)
    let same = inputs.activated { _ in }
    let squares = inputs.activated { values in for index in values.indices { values[index] *= values[index] } }
    for index in 0..<inputs.count {
      let (mean, variance) = (inputs.means[index], inputs.variances[index])
      #expect(abs(same.means[index] - mean) < 1e-6 && abs(same.variances[index] - variance) < 1e-5)
      #expect(abs(squares.means[index] - (variance + mean * mean)) < 1e-5)
      #expect(abs(squares.variances[index] - (2 * variance * variance + 4 * mean * mean * variance)) < 1e-3)
    }
    let relu = FeatureMoments(means: [0], variances: [4]).activated { $0[0] = max($0[0], 0) }
    #expect(abs(relu.means[0] - 2 / (2 * Double.pi).squareRoot()) < 0.03)
    #expect(abs(relu.secondMoments[0] - 2) < 1e-6)
  }

  @Test func residuals() {
    let (left, right) = (Self.random(9, 4), Self.random(9, 5))
    let sum = left + right
    for index in 0..<9 {
      #expect(sum.means[index] == left.means[index] + right.means[index])
      #expect(sum.variances[index] == left.variances[index] + right.variances[index])
    }
    #expect(left.mixed().means == left.means)
    #expect(zip(left.mixed().variances, left.variances).allSatisfy { $0 < $1 || $1 == 0 })
  }
}
