import Quantization

/// One row of int4 from the code under test.
struct Int4Row: Equatable {
  var codes: [Int8]
  var multipliers: [UInt8]
  var scale: Float
  var groupSize: Int

  /// (code · multiplier) of each feature: values in units of the scale.
  var integers: [Int] { codes.indices.map { Int(codes[$0]) * Int(multipliers[$0 / groupSize]) } }
  /// What a reader gets.
  var values: [Float] { integers.map { Float($0) * scale } }
}

func quantizedInt4(_ row: [Float], groupSize: Int, weights: [Float]? = nil) -> Int4Row? {
  let solver = SymmetricInt4(columns: row.count, groupSize: groupSize, weights: weights)
  var result = Int4Row(
    codes: Array(repeating: 99, count: row.count), multipliers: Array(repeating: 99, count: solver.groups), scale: 0,
    groupSize: groupSize)
  let scale = row.withUnsafeBufferPointer { row in
    result.codes.withUnsafeMutableBufferPointer { codes in
      result.multipliers.withUnsafeMutableBufferPointer { multipliers -> Float? in
        guard let codes = codes.baseAddress, let multipliers = multipliers.baseAddress else { return nil }
        return solver.quantize(row, codes: codes, multipliers: multipliers)
      }
    }
  }
  guard let scale else { return nil }
  result.scale = scale
  return result
}

/// Σ m · a · b in binary64.
func weightedProduct(_ weights: [Float], _ left: [Float], _ right: [Float]) -> Double {
  zip(weights, zip(left, right)).reduce(0) { $0 + Double($1.0) * Double($1.1.0) * Double($1.1.1) }
}

/// Σ m · (w − ŵ)² in binary64.
func weightedError(_ weights: [Float], _ row: [Float], _ values: [Float]) -> Double {
  zip(weights, zip(row, values)).reduce(0) {
    let difference = Double($1.1.0) - Double($1.1.1)
    return $0 + Double($1.0) * difference * difference
  }
}

/// A matrix in binary64, for definitions written out.
struct Correlations {
  let count: Int
  var values: [Double]

  subscript(row: Int, column: Int) -> Double {
    get { values[row * count + column] }
    set { values[row * count + column] = newValue }
  }

  init(count: Int) {
    self.count = count
    values = Array(repeating: 0, count: count * count)
  }

  /// E[x · xᵀ] of inputs that go together: a few common causes and a part of their own, of different sizes.
  init(count: Int, tokens: Int, causes: Int, using generator: inout SeededGenerator) {
    self.init(count: count)
    func normal() -> Double { (0..<6).reduce(0) { sum, _ in sum + Double.random(in: -1...1, using: &generator) } }
    let mixing = (0..<count * causes).map { _ in normal() }
    let sizes = (0..<count).map { _ in Double.random(in: 0.3...2, using: &generator) }
    for _ in 0..<tokens {
      let common = (0..<causes).map { _ in normal() }
      let inputs = (0..<count).map { feature in
        sizes[feature] * (normal() + common.indices.reduce(0) { $0 + common[$1] * mixing[feature * causes + $1] })
      }
      for row in 0..<count {
        for column in 0..<count { self[row, column] += inputs[row] * inputs[column] / Double(tokens) }
      }
    }
  }

  var floats: [Float] { values.map { Float($0) } }

  /// d · H · dᵀ.
  func loss(_ differences: [Double]) -> Double {
    (0..<count).reduce(0) { sum, row in
      sum + differences[row] * (0..<count).reduce(0) { $0 + self[row, $1] * differences[$1] }
    }
  }

  func loss(_ row: [Float], _ values: [Float]) -> Double { loss(zip(row, values).map { Double($0) - Double($1) }) }

  /// a · H · bᵀ.
  func product(_ left: [Double], _ right: [Double]) -> Double {
    (0..<count).reduce(0) { sum, row in sum + left[row] * (0..<count).reduce(0) { $0 + self[row, $1] * right[$1] } }
  }

  /// Gauss–Jordan elimination without a choice of pivots, which positive definite matrices do not need.
  var inverse: Correlations {
    var (matrix, result) = (self, Correlations(count: count))
    for index in 0..<count { result[index, index] = 1 }
    for pivot in 0..<count {
      let factor = 1 / matrix[pivot, pivot]
      for column in 0..<count {
        matrix[pivot, column] *= factor
        result[pivot, column] *= factor
      }
      for row in 0..<count where row != pivot {
        let factor = matrix[row, pivot]
        for column in 0..<count {
          matrix[row, column] -= factor * matrix[pivot, column]
          result[row, column] -= factor * result[pivot, column]
        }
      }
    }
    return result
  }
}

extension QuantizedMatrix {
  /// What a reader gets of a row.
  func row(_ row: Int) -> [Float] { (0..<columns).map { value(row, $0) } }

  /// Rows of int4 by ``SymmetricInt4``, or of int8 by ``SymmetricInt8`` for group size 0.
  static func rounded(_ rows: [[Float]], groupSize: Int) -> QuantizedMatrix {
    var result = QuantizedMatrix(rows: rows.count, columns: rows.first?.count ?? 0, groupSize: groupSize)
    for (index, row) in rows.enumerated() {
      let span = index * row.count..<(index + 1) * row.count
      if groupSize == 0 {
        guard let found = quantized(row) else { continue }
        result.codes.replaceSubrange(span, with: found.codes)
        result.scales[index] = found.scale
      } else {
        guard let found = quantizedInt4(row, groupSize: groupSize) else { continue }
        result.codes.replaceSubrange(span, with: found.codes)
        result.multipliers.replaceSubrange(index * result.groups..<(index + 1) * result.groups, with: found.multipliers)
        result.scales[index] = found.scale
      }
    }
    return result
  }
}
