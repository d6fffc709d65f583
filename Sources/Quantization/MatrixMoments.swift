/// What a linear layer makes of the moments of its inputs, and how large the weights of each input feature are: gathered in one
/// pass over its rows.
public struct MatrixMoments: Sendable {
  private let inputs: FeatureMoments
  /// Σ w² over the rows seen, of each input feature.
  public private(set) var columnSquares: [Double]
  /// Σ w · mean of each row seen, in their order.
  public private(set) var means: [Double] = []
  /// Σ w² · variance of each row seen.
  public private(set) var variances: [Double] = []

  /// No row seen.
  public init(inputs: FeatureMoments) {
    self.inputs = inputs
    columnSquares = Array(repeating: 0, count: inputs.count)
  }

  /// Adds a row of as many weights as there are inputs.
  public mutating func add(_ row: UnsafeBufferPointer<Float>) {
    precondition(row.count == inputs.count)
    let count = row.count
    let whole = count / 8 * 8
    // Eight independent sums, so that additions overlap; their order is fixed.
    var mean = SIMD8<Double>()
    var variance = SIMD8<Double>()
    inputs.means.withUnsafeBufferPointer { means in
      inputs.variances.withUnsafeBufferPointer { variances in
        columnSquares.withUnsafeMutableBufferPointer { columns in
          for start in stride(from: 0, to: whole, by: 8) {
            for lane in 0..<8 {
              let weight = Double(row[start + lane])
              let square = weight * weight
              mean[lane] += weight * means[start + lane]
              variance[lane] += square * variances[start + lane]
              columns[start + lane] += square
            }
          }
          for index in whole..<count {
            let weight = Double(row[index])
            mean[0] += weight * means[index]
            variance[0] += weight * weight * variances[index]
            columns[index] += weight * weight
          }
        }
      }
    }
    means.append(Self.sum(mean))
    variances.append(Self.sum(variance))
  }

  /// Neighbours first: in an order of our own, whatever the standard library's is.
  private static func sum(_ lanes: SIMD8<Double>) -> Double {
    let pairs = lanes.evenHalf + lanes.oddHalf
    let quarters = pairs.evenHalf + pairs.oddHalf
    return quarters[0] + quarters[1]
  }

  /// Adds the rows that `other` has seen behind those seen here.
  public mutating func append(_ other: MatrixMoments) {
    precondition(columnSquares.count == other.columnSquares.count)
    for index in columnSquares.indices { columnSquares[index] += other.columnSquares[index] }
    means += other.means
    variances += other.variances
  }

  /// The moments of the outputs.
  /// - Parameter bias: one a row.
  public func outputs(bias: [Float]) -> FeatureMoments {
    precondition(bias.count == means.count)
    return FeatureMoments(means: zip(means, bias).map { $0 + Double($1) }, variances: variances)
  }
}
