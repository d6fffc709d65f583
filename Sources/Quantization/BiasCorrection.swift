/// What a bias must take over because the mean of an input is multiplied with ŵ instead of w.
public enum BiasCorrection {
  /// (W − Ŵ) · E[x], to be added to the bias of the layer.
  ///
  /// Sums run over ascending features in binary64, of products that are exact there.
  /// - Parameters:
  ///   - matrix: [rows × K], row-major; with input scales, divided by them.
  ///   - quantized: its codes.
  ///   - means: [K]: E[x] of the inputs as they are multiplied, input scales included.
  /// - Returns: [rows]; 0 where a sum is not finite.
  public static func delta(_ matrix: [Float], _ quantized: QuantizedMatrix, means: [Float]) -> [Float] {
    let columns = quantized.columns
    precondition(matrix.count == quantized.rows * columns && means.count == columns)
    return (0..<quantized.rows).map { row in
      var sum = 0.0
      for column in 0..<columns {
        let difference = matrix[row * columns + column] - quantized.value(row, column)
        sum += Double(difference) * Double(means[column])
      }
      let result = Float(sum)
      return result.isFinite ? result : 0
    }
  }
}

extension QuantizedMatrix {
  /// What a reader makes of a code (formats/glc.md, "Encodings").
  package func value(_ row: Int, _ column: Int) -> Float {
    let code = Int(codes[row * columns + column])
    guard groupSize > 0 else { return Float(code) * scales[row] }
    return Float(code * Int(multipliers[row * groups + column / groupSize])) * scales[row]
  }
}
