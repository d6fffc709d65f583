import COpenBLAS

/// Some rows of a matrix on their way through ``GPTQ``, in units of their scales: a code of int8 is worth 1, one of int4 its multiplier.
struct GPTQStripe {
  private let gptq: GPTQ
  /// [rows × K], in the order of the features: weights ÷ scale. Zeros where the scale is 0.
  private let values: [Float]
  /// [rows × K]: what a code is worth.
  private let steps: [Float]
  /// The largest code.
  private let limit: Float
  private let rows: Int
  /// [rows × K]: what was found.
  private(set) var codes: [Int8]
  /// [rows]: by how much the scales change.
  private(set) var factors: [Float]

  private var columns: Int { gptq.columns }

  /// - Parameters:
  ///   - matrix: [rows × K] weights.
  ///   - scales: [rows]
  ///   - multipliers: [rows × groups], empty for int8.
  init(
    _ gptq: GPTQ, matrix: ArraySlice<Float>, scales: ArraySlice<Float>, groupSize: Int, multipliers: ArraySlice<UInt8>
  ) {
    self.gptq = gptq
    let columns = gptq.columns
    rows = scales.count
    limit = groupSize == 0 ? SymmetricInt8.limit : SymmetricInt4.limit
    let groups = groupSize == 0 ? 0 : (columns + groupSize - 1) / groupSize
    var (values, steps) = (Array(matrix), Array(repeating: Float(1), count: matrix.count))
    for (row, scale) in scales.enumerated() {
      for column in 0..<columns {
        let index = row * columns + column
        let quotient = values[index] / scale
        values[index] = quotient.isFinite ? quotient : 0
        if groupSize > 0 {
          steps[index] = Float(multipliers[multipliers.startIndex + row * groups + column / groupSize])
        }
      }
    }
    self.values = values
    self.steps = steps
    codes = Array(repeating: 0, count: matrix.count)
    factors = Array(repeating: 1, count: rows)
  }

  /// Finds codes and factors.
  /// - Parameter block: features between two products with what is left of the rows.
  mutating func solve(block: Int) {
    let own = product(values)
    codes = zip(values, steps).map { Int8(code($0, $1)) }
    let nearest = outcomes(codes, own)
    factors = nearest.map(\.factor)
    guard gptq.damping != nil else { return }
    let candidate = propagated(block: block)
    for (row, found) in outcomes(candidate, own).enumerated() where found.error < nearest[row].error {
      let range = row * columns..<(row + 1) * columns
      codes.replaceSubrange(range, with: candidate[range])
      factors[row] = found.factor
    }
  }

  /// The code nearest to a value.
  private func code(_ value: Float, _ step: Float) -> Float {
    min(max((value / step).rounded(.toNearestOrEven), -limit), limit)
  }

  /// Codes with the error of each feature spread over those behind it: within a block at once, beyond it by one product.
  private func propagated(block: Int) -> [Int8] {
    let (rows, columns) = (rows, columns)
    var result = codes
    var errors = [Float](repeating: 0, count: rows * block)
    var rest = [Float](repeating: 0, count: values.count)
    for row in 0..<rows {
      for (position, feature) in gptq.order.enumerated() {
        rest[row * columns + position] = values[row * columns + feature]
      }
    }
    rest.withUnsafeMutableBufferPointer { rest in
      gptq.factor.withUnsafeBufferPointer { factor in
        guard let rest = rest.baseAddress, let factor = factor.baseAddress else { return }
        for start in stride(from: 0, to: columns, by: block) {
          let end = min(start + block, columns)
          for row in 0..<rows {
            for position in start..<end {
              let index = row * columns + gptq.order[position]
              let value = rest[row * columns + position]
              let nearest = code(value, steps[index])
              result[index] = Int8(nearest)
              let error = (value - nearest * steps[index]) / factor[position * (columns + 1)]
              errors[row * block + position - start] = error
              let (left, answers) = (rest + row * columns, factor + position * columns)
              for other in position + 1..<max(end, position + 1) { left[other] -= error * answers[other] }
            }
          }
          guard end < columns else { break }
          cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns - end), blasint(end - start), -1,
            errors, blasint(block), factor + start * columns + end, blasint(columns), 1, rest + end, blasint(columns))
        }
      }
    }
    return result
  }

  /// For each row the factor of its scale, and with d = w − factor · ŵ the loss d · H · dᵀ.
  /// - Parameter own: the product of the values with H.
  private func outcomes(_ codes: [Int8], _ own: [Float]) -> [(factor: Float, error: Double)] {
    var differences = values
    for index in differences.indices { differences[index] -= Float(codes[index]) * steps[index] }
    let weighted = product(differences)
    return (0..<rows).map { row in
      var (size, shared, error) = (0.0, 0.0, 0.0)
      for index in row * columns..<(row + 1) * columns {
        size += Double(values[index]) * Double(own[index])
        shared += Double(differences[index]) * Double(own[index])
        error += Double(differences[index]) * Double(weighted[index])
      }
      // With e = w − ŵ: wHŵ = wHw − wHe, ŵHŵ = wHw − 2wHe + eHe, and d = (1 − f) · w + f · e.
      var fit = ScaleFit()
      fit.add((values: size, products: size - shared, codes: size - 2 * shared + error))
      let (factor, rest) = (Double(fit.factor), 1 - Double(fit.factor))
      return (fit.factor, rest * rest * size + 2 * factor * rest * shared + factor * factor * error)
    }
  }

  /// [rows × K] · H.
  private func product(_ left: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: left.count) { buffer, count in
      cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(columns), 1,
        left, blasint(columns), gptq.correlations, blasint(columns), 0, buffer.baseAddress, blasint(columns))
      count = left.count
    }
  }
}
