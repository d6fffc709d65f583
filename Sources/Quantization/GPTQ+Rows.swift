import Dispatch

extension GPTQ {
  /// Features between two products with what is left of a matrix.
  private static let block = 64
  /// Rows that a thread takes at once.
  private static let stripe = 96

  /// Finds the codes of a matrix on a grid, and corrects its scales for them (``ScaleFit``, weighted by H).
  ///
  /// A row loses no more than if its values were rounded to nearest on the same grid and its scale corrected likewise: where it
  /// would, that is what it gets.
  /// - Parameters:
  ///   - matrix: [rows × K], row-major, finite; with input scales, divided by them.
  ///   - grid: scales, and for int4 multipliers, of these rows. Its codes are not read. A row with scale 0 gets zeros.
  ///   - threads: how many work at once.
  public func quantize(_ matrix: [Float], on grid: inout QuantizedMatrix, threads: Int = 1) {
    precondition(grid.columns == columns && matrix.count == grid.rows * columns)
    let stripes = (grid.rows + Self.stripe - 1) / Self.stripe
    guard stripes > 0, columns > 0 else { return }
    let workers = min(max(threads, 1), stripes)
    let start = grid
    grid.codes.withUnsafeMutableBufferPointer { codes in
      grid.scales.withUnsafeMutableBufferPointer { scales in
        // Stripes write rows of their own.
        nonisolated(unsafe) let (codes, scales) = (codes, scales)
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
          for index in stride(from: worker, to: stripes, by: workers) {
            let rows = index * Self.stripe..<min((index + 1) * Self.stripe, start.rows)
            let found = solve(matrix, start, rows)
            _ = UnsafeMutableBufferPointer(rebasing: codes[rows.lowerBound * columns..<rows.upperBound * columns])
              .update(from: found.codes)
            for (row, factor) in zip(rows, found.factors) {
              let scale = scales[row] * factor
              if (scale * Self.largestProduct).isFinite { scales[row] = scale }
            }
          }
        }
      }
    }
  }

  /// Above every code times its multiplier.
  private static let largestProduct: Float = 128

  private func solve(_ matrix: [Float], _ grid: QuantizedMatrix, _ rows: Range<Int>) -> GPTQStripe {
    var stripe = GPTQStripe(
      self, matrix: matrix[rows.lowerBound * columns..<rows.upperBound * columns], scales: grid.scales[rows],
      groupSize: grid.groupSize,
      multipliers: grid.multipliers[rows.lowerBound * grid.groups..<rows.upperBound * grid.groups])
    stripe.solve(block: Self.block)
    return stripe
  }
}
