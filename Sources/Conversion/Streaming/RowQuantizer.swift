import GLCFormat
import Quantization

/// What turns the rows of one tensor into codes.
struct RowQuantizer: Sendable {
  /// Features that share a multiplier; 0 for int8.
  let groupSize: Int
  let columns: Int
  private let solution: LinearSolution
  private let int4: SymmetricInt4?

  init(_ record: TensorRecord, _ solution: LinearSolution) {
    columns = record.shape[record.shape.count - 1]
    groupSize = record.groupSize
    self.solution = solution
    int4 =
      record.encoding == .int4
      ? SymmetricInt4(columns: columns, groupSize: groupSize, weights: solution.errorWeights) : nil
  }

  /// Groups of a row; 0 for int8.
  var groups: Int { groupSize == 0 ? 0 : (columns + groupSize - 1) / groupSize }

  /// Quantizes row `row` of the tensor.
  /// - Parameters:
  ///   - values: its K values, which are divided by the input scales in place.
  ///   - codes: K codes.
  ///   - multipliers: one a group.
  /// - Returns: the scale, or `nil` where a value is infinite or NaN.
  func quantize(
    _ row: Int, _ values: UnsafeMutableBufferPointer<Float>, into codes: UnsafeMutablePointer<Int8>,
    multipliers: UnsafeMutablePointer<UInt8>
  ) -> Float? {
    if let scales = solution.inputScales {
      for column in 0..<columns { values[column] /= scales[column] }
    }
    let values = UnsafeBufferPointer(values)
    if let matrix = solution.matrix {
      guard values.allSatisfy(\.isFinite) else { return nil }
      return matrix.copyRow(row, to: codes, multipliers: multipliers)
    }
    if let grid = solution.grid {
      guard values.allSatisfy(\.isFinite) else { return nil }
      return grid.quantize(row, values, groupSize: groupSize, into: codes, multipliers: multipliers)
    }
    if let int4 { return int4.quantize(values, codes: codes, multipliers: multipliers) }
    return SymmetricInt8.quantize(values, into: codes)
  }

  /// Rounds some rows once more, so that their errors make up for each other, where the solution says how.
  /// - Parameters:
  ///   - count: rows, whose values, codes and multipliers lie one after the other.
  ///   - scales: of all rows; those of these begin at `first`.
  func compensate(
    _ count: Int, _ values: UnsafeMutableBufferPointer<Float>, _ codes: UnsafeMutableBufferPointer<Int8>,
    _ multipliers: UnsafeMutableBufferPointer<UInt8>, _ scales: UnsafeMutableBufferPointer<Float>, at first: Int
  ) {
    guard let gptq = solution.compensation, gptq.columns == columns else { return }
    var matrix = QuantizedMatrix(rows: count, columns: columns, groupSize: groupSize)
    for row in 0..<count { matrix.scales[row] = scales[first + row] }
    for index in 0..<count * groups { matrix.multipliers[index] = multipliers[index] }
    gptq.quantize(Array(values[..<(count * columns)]), on: &matrix)
    for index in matrix.codes.indices { codes[index] = matrix.codes[index] }
    for row in 0..<count { scales[first + row] = matrix.scales[row] }
  }
}
