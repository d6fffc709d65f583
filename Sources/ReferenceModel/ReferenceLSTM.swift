import Glibc

/// One bidirectional layer of `torch.nn.LSTM` over the rows of a text (`LstmSeq2SeqEncoder` of `layers.py`).
struct ReferenceLSTM: Sendable {
  private let forward: Direction
  private let backward: Direction

  init(_ loader: WeightLoader) throws(ReferenceModelError) {
    forward = try Direction(loader, suffix: "")
    backward = try Direction(loader, suffix: "_reverse")
  }

  /// What both directions say of each row, side by side.
  func callAsFunction(_ rows: ReferenceMatrix) -> ReferenceMatrix {
    forward.states(rows, order: Array(0..<rows.rows)).beside(backward.states(rows, order: (0..<rows.rows).reversed()))
  }

  private struct Direction: Sendable {
    let input: ReferenceLinear
    let hidden: ReferenceLinear

    init(_ loader: WeightLoader, suffix: String) throws(ReferenceModelError) {
      func linear(_ part: String) throws(ReferenceModelError) -> ReferenceLinear {
        ReferenceLinear(
          weight: try loader.matrix("\(ReferenceTensors.lstm).weight_\(part)_l0\(suffix)"),
          bias: try loader.floats("\(ReferenceTensors.lstm).bias_\(part)_l0\(suffix)"))
      }
      input = try linear("ih")
      hidden = try linear("hh")
    }

    /// `i, f, g, o = W_ih·x + b_ih + W_hh·h + b_hh; c = σ(f)·c + σ(i)·tanh(g); h = σ(o)·tanh(c)`.
    func states(_ rows: ReferenceMatrix, order: [Int]) -> ReferenceMatrix {
      let size = hidden.weight.columns
      let inputs = input(rows)
      var cell = [Float](repeating: 0, count: size)
      var state = ReferenceMatrix(rows: 1, columns: size)
      var result = ReferenceMatrix(rows: rows.rows, columns: size)
      for row in order {
        let gates = (hidden(state) + inputs.selecting(rows: [row])).values
        for index in 0..<size {
          let (i, f) = (logistic(gates[index]), logistic(gates[size + index]))
          let (g, o) = (tanhf(gates[2 * size + index]), logistic(gates[3 * size + index]))
          cell[index] = f * cell[index] + i * g
          state.values[index] = o * tanhf(cell[index])
        }
        result.values.replaceSubrange(row * size..<(row + 1) * size, with: state.values)
      }
      return result
    }
  }
}
