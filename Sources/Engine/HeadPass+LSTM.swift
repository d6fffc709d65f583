import CKernels
import ModelCore

// A bidirectional LSTM over the rows of each text (numerics 6.4; `LstmSeq2SeqEncoder` of `layers.py`, `torch.nn.LSTM`).
extension HeadPass {
  /// Rows of all texts, one after another: forward in the first half of the features, backward in the second.
  func runLSTM(_ states: ActivationRows) throws(EngineError) -> ActivationRows {
    guard let rows = buffers.unpooled, let own = buffers.lstm else { preconditionFailure("called without an LSTM") }
    let count = batch.unpooledRows
    for text in batch.texts {
      for (row, state) in zip(text.unpooledRows, text.textRows) { rows[row].update(from: states[state], count: size) }
    }
    for (index, direction) in weights.lstm.enumerated() {
      try pass.quantize(rows, rows: count, for: direction.input, "LSTM")
      pass.multiply(direction.input, rows, rows: 0..<count, output: own.gates[index], stride: own.gateStride)
    }
    // Their inputs are in the gates: the rows take the outputs.
    let work = 2 * count * weights.lstm[0].hidden.work(rows: 1)
    pass.pool.split(2 * batch.texts.count, work: work, (head: self, rows: rows)) { own, thread, items in
      for item in items {
        let range = own.head.batch.texts[item / 2].unpooledRows
        if own.head.recur(range, direction: item % 2, own.rows, thread) {
          own.head.pass.session.failures[thread] = true
        }
      }
    }
    try pass.checkFailures("LSTM")
    return rows
  }

  /// One direction over one text. Returns whether a hidden state was not finite.
  private func recur(_ range: Range<Int>, direction: Int, _ output: ActivationRows, _ thread: Int) -> Bool {
    guard let own = buffers.lstm else { return false }
    let half = size / 2
    let (hidden, cell, added) = (own.hidden.advanced(by: thread), own.cells[thread], own.fromHidden[thread])
    hidden.floats.update(repeating: 0, count: half)
    cell.update(repeating: 0, count: half)
    var failed = false
    for step in 0..<range.count {
      let row = direction == 0 ? range.lowerBound + step : range.upperBound - 1 - step
      failed = multiply(weights.lstm[direction].hidden, hidden, into: added, own.gateStride, thread) || failed
      let gates = own.gates[direction] + row * own.gateStride
      for index in 0..<4 * half { gates[index] += added[index] }
      activate(gates, half)
      for index in 0..<half {
        cell[index] = gates[half + index] * cell[index] + gates[index] * gates[2 * half + index]
        hidden.floats[index] = cell[index]
      }
      kernels.pointee.activate_rows(GLCK_ACTIVATION_TANH, half, hidden.floats)
      for index in 0..<half { hidden.floats[index] *= gates[3 * half + index] }
      (output[row] + direction * half).update(from: hidden.floats, count: half)
    }
    return failed
  }

  /// σ of input, forget and output gates, tanh of the third, in their order i, f, g, o.
  private func activate(_ gates: UnsafeMutablePointer<Float>, _ half: Int) {
    kernels.pointee.activate_rows(GLCK_ACTIVATION_SIGMOID, 2 * half, gates)
    kernels.pointee.activate_rows(GLCK_ACTIVATION_TANH, half, gates + 2 * half)
    kernels.pointee.activate_rows(GLCK_ACTIVATION_SIGMOID, half, gates + 3 * half)
  }

  /// One row, on this thread alone.
  private func multiply(
    _ linear: Linear, _ row: ActivationRows, into output: UnsafeMutablePointer<Float>, _ stride: Int, _ thread: Int
  ) -> Bool {
    let failed = linear.isQuantized && linear.quantize(kernels, row, rows: 0..<1)
    linear.multiply(
      kernels, row, rows: 0..<1, blocks: 0..<linear.blocks, scratch: pass.buffers.unpacked[thread], output: output,
      stride: stride)
    return failed
  }
}
