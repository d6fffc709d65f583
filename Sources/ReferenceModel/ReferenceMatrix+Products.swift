import COpenBLAS

extension ReferenceMatrix {
  /// `self[:, columns] · other[:, columns]ᵀ`: rows × other.rows.
  func product(transposed other: ReferenceMatrix, columns range: Range<Int>) -> ReferenceMatrix {
    var result = ReferenceMatrix(rows: rows, columns: other.rows)
    result.accumulate(self, transposed: other, columns: range)
    return result
  }

  /// `self += left[:, columns] · right[:, columns]ᵀ`.
  mutating func accumulate(_ left: ReferenceMatrix, transposed right: ReferenceMatrix, columns range: Range<Int>) {
    precondition(rows == left.rows && columns == right.rows)
    precondition(range.lowerBound >= 0 && range.upperBound <= min(left.columns, right.columns))
    guard !values.isEmpty, !range.isEmpty else { return }
    left.values.withUnsafeBufferPointer { left_ in
      right.values.withUnsafeBufferPointer { right_ in
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(columns), blasint(range.count), 1,
          left_.baseAddress.map { $0 + range.lowerBound }, blasint(left.columns),
          right_.baseAddress.map { $0 + range.lowerBound }, blasint(right.columns), 1, &values, blasint(columns))
      }
    }
  }

  /// `self[:, columns] = left · right[:, columns]`.
  mutating func setProduct(columns range: Range<Int>, of left: ReferenceMatrix, _ right: ReferenceMatrix) {
    precondition(rows == left.rows && left.columns == right.rows && columns == right.columns)
    precondition(range.lowerBound >= 0 && range.upperBound <= columns)
    guard !values.isEmpty, !range.isEmpty, left.columns > 0 else { return }
    left.values.withUnsafeBufferPointer { left_ in
      right.values.withUnsafeBufferPointer { right_ in
        values.withUnsafeMutableBufferPointer { result in
          cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(left.rows), blasint(range.count), blasint(left.columns),
            1, left_.baseAddress, blasint(left.columns), right_.baseAddress.map { $0 + range.lowerBound },
            blasint(right.columns), 0, result.baseAddress.map { $0 + range.lowerBound }, blasint(columns))
        }
      }
    }
  }
}
