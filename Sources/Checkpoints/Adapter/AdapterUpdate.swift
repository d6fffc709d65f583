import ModelCore

/// What a LoRA adapter adds to a tensor, applied while the tensor is read: no merged copy is kept.
///
/// The formulas are those of PEFT's `merge_and_unload` (`peft/tuners/lora/layer.py`, `get_delta_weight`; `dora.py`). Sums
/// run over the rank in ascending order in binary64 and are rounded once, so that the result is the same on every machine.
struct AdapterUpdate: Sendable {
  enum Rule: Sendable {
    /// W + scale · B·A, with A [r, inputs] and B [outputs, r] (arXiv 2106.09685).
    case linear
    /// W + scale · (B·A)ᵀ, with A [r, rows] and B [columns, r].
    case embedding
    /// magnitude ⊙ V ÷ ‖V‖ by rows, with V = W + scale · B·A (DoRA, arXiv 2402.09353).
    case weightDecomposed(magnitude: [Float])
    /// b + scale · (bias of B), with the bias in `b` and no A.
    case bias
  }

  let rule: Rule
  let rank: Int
  let scale: Double
  /// Row-major; see ``Rule``.
  let a: [Float]
  let b: [Float]

  /// Changes `values`, the elements `range` of `tensor` as they are stored.
  func apply(
    to values: UnsafeMutableBufferPointer<Float>, elements range: Range<Int>, of tensor: TensorView
  ) throws(CheckpointError) {
    let columns = max(1, tensor.shape.last ?? 1)
    var element = range.lowerBound
    while element < range.upperBound {
      let (row, column) = element.quotientAndRemainder(dividingBy: columns)
      let count = min(columns - column, range.upperBound - element)
      let part = UnsafeMutableBufferPointer(
        rebasing: values[element - range.lowerBound..<element - range.lowerBound + count])
      switch rule {
      case .bias:
        for index in 0..<count { part[index] = Float(Double(part[index]) + scale * Double(b[column + index])) }
      case .linear:
        add(delta(row, column..<column + count, of: tensor.shape), to: part)
      case .embedding:
        add(embeddingDelta(row, column..<column + count, of: tensor.shape), to: part)
      case .weightDecomposed(let magnitude):
        try decompose(row, column, part, magnitude[row], tensor)
      }
      element += count
    }
  }

  private func add(_ delta: [Double], to part: UnsafeMutableBufferPointer<Float>) {
    for (index, value) in delta.enumerated() { part[index] = Float(Double(part[index]) + scale * value) }
  }

  /// Row `row` of B·A, the columns `range`.
  private func delta(_ row: Int, _ range: Range<Int>, of shape: [Int]) -> [Double] {
    var sums = [Double](repeating: 0, count: range.count)
    let columns = shape[1]
    sums.withUnsafeMutableBufferPointer { sums in
      a.withUnsafeBufferPointer { a in
        for k in 0..<rank {
          let factor = Double(b[row * rank + k])
          let start = k * columns + range.lowerBound
          for index in sums.indices { sums[index] += factor * Double(a[start + index]) }
        }
      }
    }
    return sums
  }

  /// Row `row` of (B·A)ᵀ, the columns `range`.
  private func embeddingDelta(_ row: Int, _ range: Range<Int>, of shape: [Int]) -> [Double] {
    let rows = shape[0]
    return range.map { column in
      (0..<rank).reduce(0.0) { $0 + Double(b[column * rank + $1]) * Double(a[$1 * rows + row]) }
    }
  }

  /// The norm of a row needs all of it, also where only a part is asked for.
  private func decompose(
    _ row: Int, _ column: Int, _ part: UnsafeMutableBufferPointer<Float>, _ magnitude: Float, _ tensor: TensorView
  ) throws(CheckpointError) {
    let columns = tensor.shape[1]
    var plain = tensor
    plain.update = nil
    let weights = try plain.floats(elements: row * columns..<(row + 1) * columns)
    let merged = zip(weights, delta(row, 0..<columns, of: tensor.shape)).map { Double($0) + scale * $1 }
    let norm = merged.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
    for index in part.indices { part[index] = Float(Double(magnitude) / norm * merged[column + index]) }
  }
}
