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
    guard case .f32(let panels) = own.squeeze.weights, let bias = own.squeeze.bias else {
      preconditionFailure("small layers are f32")
    }
    for (index, text) in batch.texts.enumerated() {
      for state in 0..<own.count {
        var sum: Float = 0
        for row in text.rows { sum += squeezed(buffers.states + (state * tokens + row) * size, panels) + bias[0] }
        buffers.near[index][state] = sum / Float(text.rows.count)
      }
    }
  }

  /// The f32 product of one row with the only channel of a panel.
  private func squeezed(_ row: UnsafePointer<Float>, _ panel: UnsafePointer<Float>) -> Float {
    var product = glck_product_f32()
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 16) { output in
      product.rows = 1
      product.k = size
      product.blocks = 1
      product.a = row
      product.a_stride = size
      product.b = panel
      product.b_stride = 16
      product.b_block_stride = 16 * size
      product.output = output.baseAddress
      product.output_stride = 16
      kernels.pointee.product_f32(&product)
      return output[0]
    }
  }
}
