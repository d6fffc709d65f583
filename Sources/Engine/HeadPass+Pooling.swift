import CKernels
import ModelCore

// From states to one row a text (or, with `pass`, one a token) and one row a label (numerics 6.2, 6.3; `poolings.py`,
// `_extract_class_features` of `model.py`).
extension HeadPass {
  /// Fills the text rows of ``HeadBuffers/input``.
  func poolText(_ states: ActivationRows) throws(EngineError) {
    let target = buffers.input
    if weights.lstm.isEmpty {
      for text in batch.texts {
        pool(
          states.advanced(by: text.textRows.lowerBound), text.textRows.count, zeros: text.filledRows,
          into: target.advanced(by: text.projectedRows.lowerBound))
      }
      return
    }
    let output = try runLSTM(states)
    for text in batch.texts {
      // The rows of zeros are not there any more (`pack_padded_sequence`).
      pool(
        output.advanced(by: text.unpooledRows.lowerBound), text.unpooledRows.count, zeros: 0,
        into: target.advanced(by: text.projectedRows.lowerBound))
    }
  }

  /// Fills the label rows of ``HeadBuffers/input``: the average of the states of each label, zeros where it has none.
  func poolLabels(_ states: ActivationRows) {
    let start = batch.projectedRows
    for (label, rows) in batch.labelRows.enumerated() {
      let target = buffers.input[start + label]
      guard let first = rows.first else {
        target.update(repeating: 0, count: size)
        continue
      }
      guard rows.count > 1 else {
        target.update(from: states[first], count: size)
        continue
      }
      sum(states.advanced(by: first), rows.count, into: target)
      for index in 0..<size { target[index] /= Float(rows.count) }
    }
  }

  /// Pools the first `rowCount` rows and as many rows of zeros behind them.
  private func pool(_ rows: ActivationRows, _ rowCount: Int, zeros: Int, into output: ActivationRows) {
    let target = output[0]
    let count = Float(rowCount + zeros)
    switch head.pooling {
    case .first: target.update(from: rows[0], count: size)
    case .last:
      if zeros > 0 {
        target.update(repeating: 0, count: size)
      } else {
        target.update(from: rows[rowCount - 1], count: size)
      }
    case .sum: sum(rows, rowCount, into: target)
    case .average:
      sum(rows, rowCount, into: target)
      for index in 0..<size { target[index] /= count }
    case .rms:
      accumulate(rows, rowCount, into: target) { $0 + $1 * $1 }
      for index in 0..<size { target[index] = (target[index] / count).squareRoot() }
    case .absoluteAverage:
      accumulate(rows, rowCount, into: target) { $0 + $1.magnitude }
      for index in 0..<size { target[index] /= count }
    case .absoluteMax:
      accumulate(rows, rowCount, into: target) { $1.magnitude > $0 || $1.isNaN ? $1.magnitude : $0 }
    case .max:
      target.update(from: rows[0], count: size)
      for number in 1..<max(rowCount, 1) {
        let row = rows[number]
        for index in 0..<size where row[index] > target[index] || row[index].isNaN { target[index] = row[index] }
      }
      if zeros > 0 {
        for index in 0..<size where target[index] < 0 { target[index] = 0 }
      }
    case .pass:
      for row in 0..<rowCount { output[row].update(from: rows[row], count: size) }
    }
  }

  private func sum(_ rows: ActivationRows, _ rowCount: Int, into target: UnsafeMutablePointer<Float>) {
    accumulate(rows, rowCount, into: target) { $0 + $1 }
  }

  /// From +0, row after row.
  @inline(__always)
  private func accumulate(
    _ rows: ActivationRows, _ rowCount: Int, into target: UnsafeMutablePointer<Float>, _ step: (Float, Float) -> Float
  ) {
    target.update(repeating: 0, count: size)
    for number in 0..<rowCount {
      let row = rows[number]
      for index in 0..<size { target[index] = step(target[index], row[index]) }
    }
  }
}
