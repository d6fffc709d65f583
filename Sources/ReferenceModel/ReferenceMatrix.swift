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

  /// The rows of `range`, as far as they exist; zeros in place of the others.
  func selecting(rows range: Range<Int>) -> ReferenceMatrix {
    var result = ReferenceMatrix(rows: range.count, columns: columns)
    let known = range.clamped(to: 0..<rows)
    if !known.isEmpty {
      let first = (known.lowerBound - range.lowerBound) * columns
      result.values.replaceSubrange(
        first..<first + known.count * columns,
        with: values[known.lowerBound * columns..<known.upperBound * columns])
    }
    return result
  }

  /// The columns of `range`.
  func selecting(columns range: Range<Int>) -> ReferenceMatrix {
    ReferenceMatrix(
      rows: rows, columns: range.count,
      values: (0..<rows).flatMap { self[row: $0].dropFirst(range.lowerBound).prefix(range.count) })
  }

  /// `body` of every element.
  func mapped(_ body: (Float) -> Float) -> ReferenceMatrix {
    ReferenceMatrix(rows: rows, columns: columns, values: values.map(body))
  }

  /// Its rows, each followed by the row of `other` with the same number.
  func beside(_ other: ReferenceMatrix) -> ReferenceMatrix {
    precondition(rows == other.rows)
    return ReferenceMatrix(
      rows: rows, columns: columns + other.columns, values: (0..<rows).flatMap { self[row: $0] + other[row: $0] })
  }

  /// Its one row `count` times.
  func repeated(_ count: Int) -> ReferenceMatrix {
    precondition(rows == 1)
    return ReferenceMatrix(rows: count, columns: columns, values: (0..<count).flatMap { _ in values })
  }

  /// `body` of each two elements at the same place.
  func combined(with other: ReferenceMatrix, _ body: (Float, Float) -> Float) -> ReferenceMatrix {
    precondition(rows == other.rows && columns == other.columns)
    return ReferenceMatrix(rows: rows, columns: columns, values: zip(values, other.values).map(body))
  }

  /// Calls `body` with the elements of one row after the other.
  package mutating func forEachRow(_ body: (Int, UnsafeMutableBufferPointer<Float>) -> Void) {
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
