/// Rows of a matrix as codes: what a solver makes of N output channels of K features, before they are packed.
///
/// The value of row r, feature k is `codes[r · K + k] · scales[r]`, for int4 times `multipliers[r · groups + k ÷ groupSize]` (formats/glc.md,
/// "Encodings"). Where the layer has input scales c the matrix is W · diag(1 ÷ c).
public struct QuantizedMatrix: Sendable {
  /// Output channels, N.
  public let rows: Int
  /// Input features, K.
  public let columns: Int
  /// [rows][columns]: int8 in [−127, 127], int4 in [−7, 7].
  public var codes: [Int8]
  /// [rows]
  public var scales: [Float]
  /// Features that share a multiplier; 0 for int8.
  public let groupSize: Int
  /// [rows][groups], each 1…15; empty for int8.
  public var multipliers: [UInt8]

  /// Groups of a row; the last may be shorter.
  public var groups: Int { groupSize == 0 ? 0 : (columns + groupSize - 1) / groupSize }

  /// A matrix of zeros.
  /// - Parameter groupSize: 0 for int8.
  public init(rows: Int, columns: Int, groupSize: Int) {
    self.rows = rows
    self.columns = columns
    self.groupSize = groupSize
    codes = Array(repeating: 0, count: rows * columns)
    scales = Array(repeating: 0, count: rows)
    multipliers = Array(repeating: 1, count: groupSize == 0 ? 0 : rows * ((columns + groupSize - 1) / groupSize))
  }

  /// Copies row `row`.
  /// - Parameters:
  ///   - codes: takes K codes.
  ///   - multipliers: takes one a group.
  /// - Returns: its scale.
  public func copyRow(
    _ row: Int, to codes: UnsafeMutablePointer<Int8>, multipliers: UnsafeMutablePointer<UInt8>
  ) -> Float {
    for column in 0..<columns { codes[column] = self.codes[row * columns + column] }
    for group in 0..<groups { multipliers[group] = self.multipliers[row * groups + group] }
    return scales[row]
  }

  /// Makes every row by `body`, which is given the row's number and where its codes and multipliers go, and returns its scale.
  public mutating func fill(
    _ body: (Int, UnsafeMutablePointer<Int8>, UnsafeMutablePointer<UInt8>) -> Float
  ) {
    let (columns, groups) = (columns, groups)
    codes.withUnsafeMutableBufferPointer { codes in
      multipliers.withUnsafeMutableBufferPointer { multipliers in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { none in
          guard let code = codes.baseAddress, let own = multipliers.baseAddress ?? none.baseAddress else { return }
          for row in 0..<rows { scales[row] = body(row, code + row * columns, own + row * groups) }
        }
      }
    }
  }
}
