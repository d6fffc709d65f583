import COpenBLAS

/// Adds Xᵀ · X to a symmetric matrix, in blocks on and above the diagonal.
///
/// Each block is one product by one thread, so that its sums have one order, however many share the blocks.
/// - Parameters:
///   - rows: [count × columns] X.
///   - products: [columns × columns].
func accumulateProducts(of rows: [Float], columns: Int, into products: inout [Float], threads: Int) {
  let size = 256
  let count = rows.count / max(columns, 1)
  let blocks = stride(from: 0, to: columns, by: size).map { $0..<min($0 + size, columns) }
  let pairs = blocks.indices.flatMap { row in (row..<blocks.count).map { (blocks[row], blocks[$0]) } }
  products.withUnsafeMutableBufferPointer { products in
    rows.withUnsafeBufferPointer { rows in
      guard count > 0, let products = products.baseAddress, let rows = rows.baseAddress else { return }
      // Each pair of blocks has places of its own.
      nonisolated(unsafe) let (target, source) = (products, rows)
      perform(pairs.count, threads: threads) { index in
        let (left, right) = pairs[index]
        cblas_sgemm(
          CblasRowMajor, CblasTrans, CblasNoTrans, blasint(left.count), blasint(right.count), blasint(count), 1,
          source + left.lowerBound, blasint(columns), source + right.lowerBound, blasint(columns), 1,
          target + left.lowerBound * columns + right.lowerBound, blasint(columns))
      }
    }
  }
}

/// Σ a · H · aᵀ over the rows a of a matrix.
/// - Parameters:
///   - matrix: [rows × columns].
///   - correlations: [columns × columns] H.
func energy(_ matrix: [Float], _ correlations: [Float], columns: Int, threads: Int) -> Double {
  let rows = matrix.count / max(columns, 1)
  let stripes = stride(from: 0, to: rows, by: 128).map { $0..<min($0 + 128, rows) }
  let parts = performed(stripes.count, threads: threads) { index in
    let own = Array(matrix[stripes[index].lowerBound * columns..<stripes[index].upperBound * columns])
    var product = [Float](repeating: 0, count: own.count)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(stripes[index].count), blasint(columns), blasint(columns), 1,
      own, blasint(columns), correlations, blasint(columns), 0, &product, blasint(columns))
    return zip(own, product).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
  }
  return parts.reduce(0, +)
}
