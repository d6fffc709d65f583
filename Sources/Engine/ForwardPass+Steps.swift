import CKernels
import ModelCore

extension ForwardPass {
  /// output[r] = linear(input[r]) for `rows`, divided over the threads by output channel.
  /// - Parameters:
  ///   - outputScales: input scales of the layer that reads the output, which a product of quantized rows multiplies it by.
  ///   - magnitudes: takes the largest magnitude of each row of such a product.
  func multiply(
    _ linear: Linear, _ input: ActivationRows, rows: Range<Int>,
    activation: Activation = .linear, output: UnsafeMutablePointer<Float>, stride: Int,
    outputScales: UnsafePointer<Float>? = nil, magnitudes: RowMagnitudes? = nil
  ) {
    magnitudes?.clear()
    pool.split(
      linear.blocks, work: linear.work(rows: rows.count),
      (
        pass: self, linear: linear, input: input, rows: rows, activation: activation, output: output, stride: stride,
        outputScales: outputScales, magnitudes: magnitudes
      )
    ) { own, thread, blocks in
      own.linear.multiply(
        own.pass.kernels, own.input, rows: own.rows, blocks: blocks, scratch: own.pass.buffers.unpacked[thread],
        activation: own.activation, output: own.output, stride: own.stride,
        follow: Linear.Follow(outputScales: own.outputScales, magnitudes: own.magnitudes?.rows(of: thread)))
    }
  }

  /// The f32 product of activations: output = a · b, b in panels of 16 columns.
  func multiply(
    _ a: UnsafePointer<Float>, rows: Int, k: Int, _ aStride: Int, _ b: UnsafePointer<Float>, bStride: Int = 16,
    blockStride: Int? = nil, blocks: Int, into output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    var product = glck_product_f32()
    product.rows = rows
    product.k = k
    product.blocks = blocks
    product.a = a
    product.a_stride = aStride
    product.b = UnsafeRawPointer(b)
    product.b_stride = bStride
    product.b_block_stride = blockStride ?? 16 * k
    product.output = output
    product.output_stride = outputStride
    kernels.pointee.product_f32(&product)
  }

  /// Quantizes the first `rows` rows in place of their other form, where `linear` takes it.
  /// - Parameter magnitudes: those of the rows, where the product that made them has taken them, and has multiplied the rows by the
  ///   input scales of `linear`.
  func quantize(
    _ activations: ActivationRows, rows: Int, for linear: Linear, magnitudes: RowMagnitudes? = nil,
    _ place: @autoclosure () -> String
  ) throws(EngineError) {
    guard linear.isQuantized else { return }
    pool.split(
      rows, work: Work.pass(rows: rows, size: linear.inputs),
      (pass: self, linear: linear, activations: activations, magnitudes: magnitudes)
    ) { own, thread, range in
      own.pass.session.failures[thread] = own.linear.quantize(
        own.pass.kernels, own.activations, rows: range, magnitudes: own.magnitudes?.combined(range))
    }
    try checkFailures(place())
  }

  /// LayerNorm of the first `rows` rows (input + residual) into both forms, divided over the threads.
  /// - Parameter reader: the layer that reads the output: its quantized form is for it.
  func layerNorm(
    _ weights: LayerNormWeights, input: UnsafeMutablePointer<Float>, inputStride: Int, residual: ActivationRows?,
    into output: ActivationRows, reader: Linear?, rows: Int, _ place: @autoclosure () -> String
  ) throws(EngineError) {
    let size = encoder.hiddenSize
    let arguments = (
      pass: self, weights: weights, input: input, inputStride: inputStride, residual: residual, output: output,
      reader: reader
    )
    pool.split(rows, work: Work.pass(rows: rows, size: size), arguments) { own, thread, range in
      let encoder = own.pass.encoder
      own.pass.session.failures[thread] = own.pass.layerNorm(
        own.weights, size: encoder.hiddenSize, input: own.input, inputStride: own.inputStride, residual: own.residual,
        epsilon: encoder.layerNormEpsilon, into: own.output, reader: own.reader, rows: range)
    }
    try checkFailures(place())
  }

  /// LayerNorm of `rows` (input + residual), and where `reader` takes it the quantized form too. Returns whether a row was not
  /// finite.
  func layerNorm(
    _ weights: LayerNormWeights, size: Int, input: UnsafeMutablePointer<Float>, inputStride: Int,
    residual: ActivationRows?, epsilon: Float, into output: ActivationRows, reader: Linear?, rows: Range<Int>
  ) -> Bool {
    var arguments = glck_layer_norm()
    arguments.rows = rows.count
    arguments.n = size
    arguments.input = UnsafePointer(input + rows.lowerBound * inputStride)
    arguments.input_stride = inputStride
    if let residual {
      arguments.residual = UnsafePointer(residual.floats + rows.lowerBound * residual.floatStride)
      arguments.residual_stride = residual.floatStride
    }
    arguments.gain = weights.gain
    arguments.bias = weights.bias
    arguments.epsilon = epsilon
    arguments.output = output.floats + rows.lowerBound * output.floatStride
    arguments.output_stride = output.floatStride
    if let reader, reader.isQuantized {
      arguments.input_scales = reader.inputScales
      arguments.quantized = output.quantized + rows.lowerBound * output.quantizedStride
      arguments.quantized_stride = output.quantizedStride
      arguments.row_scales = output.scales + rows.lowerBound
    }
    return kernels.pointee.layer_norm(&arguments) != 0
  }

  /// Throws where any thread met a row that was not finite in the step before, and forgets it.
  func checkFailures(_ place: @autoclosure () -> String) throws(EngineError) {
    guard session.failures.any else { return }
    session.failures.clear()
    throw .notFinite(path: session.model.file.path, place: place())
  }
}

/// One flag a thread.
final class Failures: @unchecked Sendable {
  // Each thread writes its own element only.
  private let flags: UnsafeMutableBufferPointer<Bool>

  init(_ count: Int) {
    flags = .allocate(capacity: count)
    flags.initialize(repeating: false)
  }

  deinit { flags.deallocate() }

  var any: Bool { flags.contains(true) }

  func clear() { flags.update(repeating: false) }

  subscript(thread: Int) -> Bool {
    get { flags[thread] }
    set { flags[thread] = newValue }
  }
}
