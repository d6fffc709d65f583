import CKernels
import ModelCore

extension Linear {
  /// Quantizes rows of activations in place of their other form.
  /// - Parameter magnitudes: bits of the largest magnitude of each row in `rows`, where they are known of rows that are multiplied by the
  ///   input scales already.
  /// - Returns: whether one of them was not finite.
  func quantize(
    _ kernels: UnsafePointer<glck_kernels>, _ activations: ActivationRows, rows: Range<Int>,
    magnitudes: UnsafePointer<UInt32>? = nil
  ) -> Bool {
    var arguments = glck_quantize()
    arguments.rows = rows.count
    arguments.n = inputs
    arguments.input = UnsafePointer(activations[rows.lowerBound])
    arguments.input_stride = activations.floatStride
    arguments.input_scales = magnitudes == nil ? inputScales : nil
    arguments.quantized = activations.quantized + rows.lowerBound * activations.quantizedStride
    arguments.quantized_stride = activations.quantizedStride
    arguments.row_scales = activations.scales + rows.lowerBound
    arguments.row_magnitudes = magnitudes
    if let remainders = activations.remainders, let scales = activations.remainderScales {
      arguments.remainders = remainders + rows.lowerBound * activations.quantizedStride
      arguments.remainder_scales = scales + rows.lowerBound
    }
    return kernels.pointee.quantize(&arguments) != 0
  }

  /// What is done with the outputs of a product of quantized rows besides storing them, for the layer that reads them.
  struct Follow {
    /// That layer's input scales, which they are multiplied by.
    var outputScales: UnsafePointer<Float>?
    /// Takes the bits of the largest magnitude of each row that is made. The activation function must be one that products apply
    /// themselves.
    var magnitudes: UnsafeMutablePointer<UInt32>?
  }

  /// Computes the output channels of `blockRange` for all rows.
  /// - Parameters:
  ///   - scratch: of the thread, for int4 weights (``BatchBuffers/unpacked``).
  ///   - output: [rows][stride], where column 0 is this layer's channel 0.
  func multiply(
    _ kernels: UnsafePointer<glck_kernels>, _ input: ActivationRows, rows: Range<Int>, blocks blockRange: Range<Int>,
    scratch: UnsafeMutablePointer<Int8>, activation: Activation = .linear, output: UnsafeMutablePointer<Float>,
    stride: Int, follow: Follow = Follow()
  ) {
    guard !rows.isEmpty, !blockRange.isEmpty else { return }
    let target = output + rows.lowerBound * stride + blockRange.lowerBound * 16
    switch weights {
    case .floats(let panels):
      var product = floatProduct(panels, input, rows, blockRange)
      product.activation = activation.fused
      product.output = target
      product.output_stride = stride
      kernels.pointee.product_f32(&product)
    case .int8, .int4:
      var product = quantizedProduct(input, rows, blockRange, scratch)
      product.activation = activation.fused
      product.output = target
      product.output_stride = stride
      product.output_scales = follow.outputScales.map { $0 + blockRange.lowerBound * 16 }
      product.row_magnitudes = follow.magnitudes
      kernels.pointee.product_s8(&product)
    }
    if !activation.isFused {
      for row in 0..<rows.count {
        kernels.pointee.activate_rows(activation.kernel, blockRange.count * 16, target + row * stride)
      }
    }
  }

  /// The product of quantized rows, but for where its results go.
  private func quantizedProduct(
    _ input: ActivationRows, _ rows: Range<Int>, _ blocks: Range<Int>, _ scratch: UnsafeMutablePointer<Int8>
  ) -> glck_product_s8 {
    var product = glck_product_s8()
    product.rows = rows.count
    product.k = paddedInputs
    product.blocks = blocks.count
    product.activations = UnsafePointer(input.quantized + rows.lowerBound * input.quantizedStride)
    product.activation_stride = input.quantizedStride
    product.row_scales = UnsafePointer(input.scales + rows.lowerBound)
    if let remainders = input.remainders, let remainderScales = input.remainderScales {
      product.remainders = UnsafePointer(remainders + rows.lowerBound * input.quantizedStride)
      product.remainder_scales = UnsafePointer(remainderScales + rows.lowerBound)
    }
    let channel = blocks.lowerBound * 16
    switch weights {
    case .int8(let tiles, let channels):
      product.tiles = tiles + channel * paddedInputs
      product.take(channels.advanced(by: channel))
    case .int4(let packed, let channels):
      product.packed = packed.advanced(by: blocks.lowerBound, features: paddedInputs)
      product.scratch = scratch
      product.take(channels.advanced(by: channel))
    case .floats: preconditionFailure("a product of floats")
    }
    product.bias = bias.map { $0 + channel }
    return product
  }

  /// The product of rows of floats, but for where its results go.
  private func floatProduct(
    _ panels: FloatValues, _ input: ActivationRows, _ rows: Range<Int>, _ blocks: Range<Int>
  ) -> glck_product_f32 {
    var product = glck_product_f32()
    product.rows = rows.count
    product.k = inputs
    product.blocks = blocks.count
    product.a = UnsafePointer(input.floats + rows.lowerBound * input.floatStride)
    product.a_stride = input.floatStride
    let channel = blocks.lowerBound * 16
    product.b = panels[channel * inputs]
    product.b_type = panels.type
    product.b_stride = 16
    product.b_block_stride = 16 * inputs
    product.bias = bias.map { $0 + channel }
    return product
  }
}

extension glck_product_s8 {
  fileprivate mutating func take(_ channels: Linear.Channels) {
    channel_scales = channels.scales
    channel_sums = channels.sums
  }
}
