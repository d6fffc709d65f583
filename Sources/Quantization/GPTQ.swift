import COpenBLAS

/// GPTQ (Frantar et al., arXiv 2210.17323): rounds the features of a matrix one after the other, and lets those that are left make up
/// for the error so far, as far as the inputs go together.
///
/// One value serves all matrices with the same inputs. With H = E[x · xᵀ] a row w loses (w − ŵ) · H · (w − ŵ)ᵀ. Features come in the order of
/// their own moment, largest first, and the grid (scales and multipliers) stays that of the whole matrix. The factor U of H⁻¹ = Uᵀ · U,
/// U upper triangular, holds what rounding a feature costs and how the others answer.
public struct GPTQ: Sendable {
  /// Input features K.
  public let columns: Int
  /// What was added to the diagonal in the end, as a part of its mean; `nil` where no amount would do, or nothing is known of any feature:
  /// then codes are rounded to nearest.
  public let damping: Double?
  /// [K]: features in the order in which they are rounded.
  let order: [Int]
  /// [K × K], row-major, in that order: U.
  let factor: [Float]
  /// [K × K], in the order of the features: H in units of its mean diagonal, zeros for features of which nothing is known.
  let correlations: [Float]

  /// - Parameters:
  ///   - correlations: [K × K], symmetric, of the inputs as they are multiplied (input scales included). Features whose own moment is not
  ///     above 0, or that have an entry which is not finite, are rounded to nearest and make up for nothing.
  ///   - columns: K.
  ///   - damping: what is added to the diagonal, as a part of its mean; ten times as much as long as the matrix is not positive definite.
  ///   - inputNoise: variance of the error of a quantized input, added to the diagonal (step² ÷ 12, see numerics 3).
  public init(correlations: [Float], columns: Int, damping: Double = 0.01, inputNoise: Double = 0) {
    precondition(correlations.count == columns * columns && damping >= 0)
    self.columns = columns
    let known = Self.known(correlations, columns)
    let total = known.reduce(0) { $0 + Double(correlations[$1 * (columns + 1)]) }
    let unit = total / Double(max(known.count, 1))
    let noise = inputNoise > 0 && inputNoise < .infinity ? inputNoise / unit : 0
    var normal = Array(repeating: Float(0), count: columns * columns)
    for row in known {
      for column in known {
        normal[row * columns + column] = Float(Double(correlations[row * columns + column]) / unit)
      }
      normal[row * (columns + 1)] += Float(noise)
    }
    self.correlations = normal
    let ranked = known.sorted { left, right in
      let (first, second) = (normal[left * (columns + 1)], normal[right * (columns + 1)])
      return first == second ? left < right : first > second
    }
    order = ranked + Set(0..<columns).subtracting(known).sorted()
    (factor, self.damping) = Self.factor(normal, order, known: known.count, damping: damping)
  }

  /// Features with a moment of their own, without those that make an entry which is not finite.
  private static func known(_ correlations: [Float], _ columns: Int) -> [Int] {
    let positive = (0..<columns).filter {
      let own = correlations[$0 * (columns + 1)]
      return own > 0 && own < .infinity
    }
    return positive.filter { row in positive.allSatisfy { correlations[row * columns + $0].isFinite } }
  }
}

extension GPTQ {
  /// U for the first `known` features of the order, the identity for the others.
  ///
  /// With R the upper triangular factor of H = R · Rᵀ, U is R⁻¹. R is found as the lower one L of the matrix with rows and columns in reverse:
  /// U[i][j] = L⁻¹[n − 1 − i][n − 1 − j].
  private static func factor(
    _ correlations: [Float], _ order: [Int], known: Int, damping: Double
  ) -> (factor: [Float], damping: Double?) {
    let columns = order.count
    var result = Array(repeating: Float(0), count: columns * columns)
    for index in 0..<columns { result[index * (columns + 1)] = 1 }
    var amount = damping
    for _ in 0..<(known > 0 ? 12 : 0) {
      if let inverse = inverseFactor(correlations, Array(order.prefix(known).reversed()), damping: amount) {
        for row in 0..<known {
          let source = known - 1 - row
          for column in row..<known {
            // LAPACK's lower triangle of columns is the upper one of rows.
            result[row * columns + column] = Float(inverse[(known - 1 - column) * known + source])
          }
        }
        return (result, amount)
      }
      amount = max(amount * 10, 1e-6)
    }
    return (result, nil)
  }

  /// The inverse of the Cholesky factor L of the damped matrix in an order, column-major; `nil` where there is none in f32.
  private static func inverseFactor(_ correlations: [Float], _ order: [Int], damping: Double) -> [Double]? {
    let columns = order.count
    let stride = Int(Double(correlations.count).squareRoot())
    guard var size = blasint(exactly: columns) else { return nil }
    var matrix = [Double](unsafeUninitializedCapacity: columns * columns) { buffer, count in
      for (row, feature) in order.enumerated() {
        for (column, other) in order.enumerated() {
          buffer[row * columns + column] = Double(correlations[feature * stride + other])
        }
        buffer[row * (columns + 1)] += damping
      }
      count = columns * columns
    }
    var information: blasint = 0
    dpotrf_("L", &size, &matrix, &size, &information)
    guard information == 0 else { return nil }
    dtrtri_("L", "N", &size, &matrix, &size, &information)
    guard information == 0 else { return nil }
    for index in 0..<columns {
      let own = Float(matrix[index * (columns + 1)])
      guard own.isNormal, own > 0 else { return nil }
    }
    return matrix
  }
}
