/// A dense matrix of `Float`, row-major.
public struct ReferenceMatrix: Sendable, Equatable {
  /// Rows, usually tokens.
  public let rows: Int
  /// Columns, usually features.
  public let columns: Int
  /// Element (r, c) at `r * columns + c`.
  public var values: [Float]

  /// A matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: Array(repeating: 0, count: rows * columns))
  }

  /// A matrix of `rows * columns` values.
  public init(rows: Int, columns: Int, values: [Float]) {
    precondition(values.count == rows * columns, "\(values.count) values for \(rows) x \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// The elements of one row.
  public subscript(row row: Int) -> ArraySlice<Float> { values[row * columns..<(row + 1) * columns] }

  /// Whether no element is infinite or NaN.
  public var isFinite: Bool { values.allSatisfy(\.isFinite) }

  /// The rows at `indices`, in that order.
  func selecting(rows indices: [Int]) -> ReferenceMatrix {
    ReferenceMatrix(rows: indices.count, columns: columns, values: indices.flatMap { self[row: $0] })
  }

  /// Calls `body` with the elements of one row after the other.
  mutating func forEachRow(_ body: (Int, UnsafeMutableBufferPointer<Float>) -> Void) {
    values.withUnsafeMutableBufferPointer { all in
      for row in 0..<rows {
        body(row, UnsafeMutableBufferPointer(rebasing: all[row * columns..<(row + 1) * columns]))
      }
    }
  }

  static func + (left: ReferenceMatrix, right: ReferenceMatrix) -> ReferenceMatrix {
    precondition(left.rows == right.rows && left.columns == right.columns)
    var sum = left
    right.values.withUnsafeBufferPointer { addend in
      sum.forEachRow { row, values in
        for column in values.indices { values[column] += addend[row * right.columns + column] }
      }
    }
    return sum
  }
}
