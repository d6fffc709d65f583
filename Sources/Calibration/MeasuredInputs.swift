import Quantization
import ReferenceModel

/// What the rows that a group of linear layers multiplies were found to be.
///
/// Every sum has one order, whatever the number of threads: they share the features, not the rows.
package struct MeasuredInputs: Sendable {
  /// K.
  package let columns: Int
  /// Rows seen.
  package private(set) var count = 0
  private var features: FeatureSums
  /// [K × K]: Σ x · xᵀ, of blocks on and above the diagonal.
  private var products: [Float]
  /// Some of the rows, for what depends on a whole row.
  private var sample: [[Float]] = []
  private let sampleStep: Int

  private static let sampleSize = 512

  /// - Parameters:
  ///   - columns: K.
  ///   - expected: rows that will be added.
  package init(columns: Int, expected: Int) {
    self.columns = columns
    features = FeatureSums(columns)
    products = Array(repeating: 0, count: columns * columns)
    sampleStep = max(1, expected / Self.sampleSize)
  }

  /// Adds the rows of some texts, all finite.
  package mutating func add(_ texts: [ReferenceMatrix], threads: Int) {
    var rows: [Float] = []
    rows.reserveCapacity(texts.reduce(0) { $0 + $1.values.count })
    for text in texts {
      precondition(text.columns == columns)
      for row in 0..<text.rows where (count + row) % sampleStep == 0 { sample.append(Array(text[row: row])) }
      rows += text.values
      count += text.rows
    }
    features.add(rows, threads: threads)
    accumulateProducts(of: rows, columns: columns, into: &products, threads: threads)
  }

  /// Features that were 0 in every row.
  package var zeroFeatures: Int { features.extremes.count { $0.0 == 0 && $0.1 == 0 } }
  /// Features that had one value in every row, and not 0.
  package var constantFeatures: Int { features.extremes.count { $0.0 == $0.1 && $0.0 != 0 } }

  /// Mean and variance of each feature.
  package var moments: FeatureMoments {
    let means = features.sums.map { $0 / Double(count) }
    return FeatureMoments(
      means: means, variances: zip(features.squares, means).map { max(0, $0 / Double(count) - $1 * $1) })
  }

  /// [K × K]: E[x · xᵀ] of the features times their scales.
  package func correlations(scaledBy scales: [Float]?) -> [Float] {
    var result = [Float](repeating: 0, count: columns * columns)
    let part = 1 / Double(count)
    for row in 0..<columns {
      for column in row..<columns {
        let scale = scales.map { Double($0[row]) * Double($0[column]) } ?? 1
        let value = Float(Double(products[row * columns + column]) * part * scale)
        result[row * columns + column] = value
        result[column * columns + row] = value
      }
    }
    return result
  }

  /// The variance of what rounding to int8 adds to each feature: step² ÷ 12, the step of a row being max|x| ÷ 127 (numerics 3); its
  /// mean over rows.
  package func roundingNoise(scaledBy scales: [Float]?) -> Double {
    guard !sample.isEmpty else { return 0 }
    let squares = sample.map { row in
      let reach = row.indices.reduce(0.0) { max($0, abs(Double(row[$1]) * Double(scales?[$1] ?? 1))) }
      return reach / 127 * (reach / 127) / 12
    }
    return squares.reduce(0, +) / Double(squares.count)
  }
}

/// Sums over rows, one a feature.
struct FeatureSums: Sendable {
  private(set) var sums: [Double]
  private(set) var squares: [Double]
  /// The smallest and the largest value.
  private(set) var extremes: [(Float, Float)]

  /// Features that a thread takes at once.
  private static let block = 64

  init(_ count: Int) {
    sums = Array(repeating: 0, count: count)
    squares = Array(repeating: 0, count: count)
    extremes = Array(repeating: (.infinity, -.infinity), count: count)
  }

  /// - Parameter rows: of as many values as there are features.
  mutating func add(_ rows: [Float], threads: Int) {
    let old = self
    let blocks = stride(from: 0, to: sums.count, by: Self.block).map { $0..<min($0 + Self.block, sums.count) }
    let parts = performed(blocks.count, threads: threads) { old.part(blocks[$0], adding: rows) }
    for (range, part) in zip(blocks, parts) {
      sums.replaceSubrange(range, with: part.sums)
      squares.replaceSubrange(range, with: part.squares)
      extremes.replaceSubrange(range, with: part.extremes)
    }
  }

  /// The sums of some features, with more rows.
  private func part(_ range: Range<Int>, adding rows: [Float]) -> FeatureSums {
    var part = FeatureSums(0)
    part.sums = Array(sums[range])
    part.squares = Array(squares[range])
    part.extremes = Array(extremes[range])
    for start in stride(from: range.lowerBound, to: rows.count, by: sums.count) {
      for index in range.indices {
        let offset = index - range.lowerBound
        let value = rows[start + offset]
        part.sums[offset] += Double(value)
        part.squares[offset] += Double(value) * Double(value)
        part.extremes[offset] = (min(part.extremes[offset].0, value), max(part.extremes[offset].1, value))
      }
    }
    return part
  }
}
