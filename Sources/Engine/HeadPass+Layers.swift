import CKernels
import ModelCore

// The states of several layers weighted and added up (numerics 6.1; `LayerwiseAttention` of `layers.py`).
extension HeadPass {
  /// The states that the head then reads: all rows.
  func weighLayers() throws(EngineError) -> ActivationRows {
    guard let own = weights.layerWeights, let sums = buffers.unpooled else {
      preconditionFailure("called without layer weights")
    }
    squeeze(own)
    let factors = try apply(own.excitation, rows: batch.texts.count, "layer weights")
    for text in batch.texts.indices { kernels.pointee.activate_rows(GLCK_ACTIVATION_SIGMOID, own.count, factors[text]) }
    let tokens = batch.tokens.count
    for (index, text) in batch.texts.enumerated() {
      for row in text.rows {
        sums[row].update(repeating: 0, count: size)
        for state in 0..<own.count {
          kernels.pointee.add_scaled(
            size, factors[index][state], buffers.states + (state * tokens + row) * size, sums[row])
        }
      }
    }
    let output = pass.buffers.headHidden
    try apply(own.output, sums, tokens, into: output, .linear, "layer weights")
    return output
  }

  /// near[text][state] = the mean over the text's tokens of dot(w, state) + b.
  private func squeeze(_ own: LayerWeights) {
    let tokens = batch.tokens.count
    guard case .floats(let values) = own.squeeze.weights, let panels = values.floats(from: 0),
      let bias = own.squeeze.bias
    else {
      preconditionFailure("small layers are f32")
    }
    // A block of 16 channels, of which the first is there.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { block in
      guard let output = block.baseAddress else { return }
      for (index, text) in batch.texts.enumerated() {
        for state in 0..<own.count {
          var sum: Float = 0
          for row in text.rows {
            pass.multiply(
              buffers.states + (state * tokens + row) * size, rows: 1, k: size, size, panels, blocks: 1, into: output,
              16)
            sum += output[0] + bias[0]
          }
          buffers.near[index][state] = sum / Float(text.rows.count)
        }
      }
    }
  }
}
