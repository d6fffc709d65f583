/// Rows of activations in the forms that products take.
struct ActivationRows {
  /// [rows][floatStride]
  var floats: UnsafeMutablePointer<Float>
  var floatStride: Int
  /// [rows][quantizedStride], used by quantized layers
  var quantized: UnsafeMutablePointer<Int8>
  var quantizedStride: Int
  /// [rows]
  var scales: UnsafeMutablePointer<Float>
  var remainders: UnsafeMutablePointer<Int8>?
  var remainderScales: UnsafeMutablePointer<Float>?

  /// The floats of one row.
  subscript(row: Int) -> UnsafeMutablePointer<Float> { floats + row * floatStride }

  /// The same rows from `row` on.
  func advanced(by row: Int) -> ActivationRows {
    ActivationRows(
      floats: floats + row * floatStride, floatStride: floatStride,
      quantized: quantized + row * quantizedStride, quantizedStride: quantizedStride, scales: scales + row,
      remainders: remainders.map { $0 + row * quantizedStride }, remainderScales: remainderScales.map { $0 + row })
  }
}

/// Bits of the largest magnitude of some rows, as each thread found them among the channels it made: a row is then quantized in
/// one pass.
struct RowMagnitudes {
  /// [threads][rows]
  private let values: UnsafeMutablePointer<UInt32>
  private let threads: Int
  private let count: Int

  init(rows: Int, threads: Int, _ place: inout Placer) {
    values = place.take(UInt32.self, threads * rows)
    self.threads = threads
    count = rows
  }

  func clear() { values.update(repeating: 0, count: threads * count) }

  func rows(of thread: Int) -> UnsafeMutablePointer<UInt32> { values + thread * count }

  /// Those of `rows` over all threads, from the first of them on.
  func combined(_ rows: Range<Int>) -> UnsafePointer<UInt32> {
    for thread in 1..<max(threads, 1) {
      for row in rows { values[row] = max(values[row], values[thread * count + row]) }
    }
    return UnsafePointer(values + rows.lowerBound)
  }
}
