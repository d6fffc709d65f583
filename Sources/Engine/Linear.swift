import CKernels
import GLCFormat
import ModelCore

/// A linear layer as it lies in the file: y = x · Wᵀ + b.
struct Linear {
  enum Weights {
    case int8(tiles: UnsafePointer<Int8>, scales: UnsafePointer<Float>, sums: UnsafePointer<Int32>)
    case f32(panels: UnsafePointer<Float>)
  }

  /// Input features K, and K as stored.
  let inputs: Int
  let paddedInputs: Int
  /// Output channels N, in blocks of 16.
  let outputs: Int
  let weights: Weights
  let bias: UnsafePointer<Float>?

  /// Blocks of 16 output channels.
  var blocks: Int { (outputs + 15) / 16 }
  var isQuantized: Bool { if case .int8 = weights { true } else { false } }

  /// Finds `name.weight` and, where it has one, `name.bias` in `file`.
  /// - Parameter isSmall: whether the weights are f32 in every file (formats/glc.md, "What version 2.0 adds").
  init(
    _ file: GLCFile, _ name: String, inputs: Int, outputs: Int, hasBias: Bool = true, isSmall: Bool = false
  ) throws(EngineError) {
    self.inputs = inputs
    self.outputs = outputs
    bias = hasBias ? try file.vector("\(name).bias", count: outputs) : nil
    let weight = "\(name).weight"
    let record = try file.tensor(weight, shape: [outputs, inputs])
    let extent = file.extent(record)
    switch (record.encoding, record.layout) {
    case (.int8, .tiles) where !isSmall:
      guard record.inputScalesOffset == 0 else {
        throw .unsupported(path: file.path, field: weight, expected: "no input scale vector", found: "one")
      }
      // Sums of more products could leave 32 bits (formats/numerics.md 4).
      guard inputs <= Self.maximumQuantizedInputs else {
        throw .unsupported(
          path: file.path, field: weight, expected: "at most \(Self.maximumQuantizedInputs) int8 inputs",
          found: "\(inputs)")
      }
      paddedInputs = inputs.roundedUp(toMultipleOf: 64)
      weights = .int8(
        tiles: try extent.typed(Int8.self, at: 0, file, weight),
        scales: try extent.typed(Float.self, at: record.scalesOffset, file, weight),
        sums: try extent.typed(Int32.self, at: record.channelSumsOffset, file, weight))
    case (.f32, .panels):
      paddedInputs = inputs
      weights = .f32(panels: try extent.typed(Float.self, at: 0, file, weight))
    default:
      throw .format(
        .unexpectedTensor(
          path: file.path, tensor: weight, expected: isSmall ? "f32 panels" : "int8 tiles or f32 panels",
          found: record.summary))
    }
  }

  private static let maximumQuantizedInputs = 65_536

  /// Quantizes rows of activations in place of their other form.
  /// - Parameter magnitudes: bits of the largest magnitude of each row in `rows`, where they are known.
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

  /// Computes the output channels of `blockRange` for all rows.
  /// - Parameters:
  ///   - output: [rows][stride], where column 0 is this layer's channel 0.
  ///   - magnitudes: takes the bits of the largest magnitude of each row in `rows`, of an int8 product whose activation function
  ///     is its own.
  func multiply(
    _ kernels: UnsafePointer<glck_kernels>, _ input: ActivationRows, rows: Range<Int>, blocks blockRange: Range<Int>,
    activation: Activation = .linear, output: UnsafeMutablePointer<Float>, stride: Int,
    magnitudes: UnsafeMutablePointer<UInt32>? = nil
  ) {
    guard !rows.isEmpty, !blockRange.isEmpty else { return }
    let channel = blockRange.lowerBound * 16
    let target = output + rows.lowerBound * stride + channel
    let fused = activation == .gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE
    defer {
      if !activation.isFused {
        for row in 0..<rows.count {
          kernels.pointee.activate_rows(activation.kernel, blockRange.count * 16, target + row * stride)
        }
      }
    }
    switch weights {
    case .int8(let tiles, let scales, let sums):
      var product = glck_product_s8()
      product.rows = rows.count
      product.k = paddedInputs
      product.blocks = blockRange.count
      product.activations = UnsafePointer(input.quantized + rows.lowerBound * input.quantizedStride)
      product.activation_stride = input.quantizedStride
      product.row_scales = UnsafePointer(input.scales + rows.lowerBound)
      if let remainders = input.remainders, let remainderScales = input.remainderScales {
        product.remainders = UnsafePointer(remainders + rows.lowerBound * input.quantizedStride)
        product.remainder_scales = UnsafePointer(remainderScales + rows.lowerBound)
      }
      product.tiles = tiles + channel * paddedInputs
      product.channel_sums = sums + channel
      product.channel_scales = scales + channel
      product.bias = bias.map { $0 + channel }
      product.activation = fused
      product.output = target
      product.output_stride = stride
      product.row_magnitudes = magnitudes
      kernels.pointee.product_s8(&product)
    case .f32(let panels):
      var product = glck_product_f32()
      product.rows = rows.count
      product.k = inputs
      product.blocks = blockRange.count
      product.a = UnsafePointer(input.floats + rows.lowerBound * input.floatStride)
      product.a_stride = input.floatStride
      product.b = panels + channel * inputs
      product.b_stride = 16
      product.b_block_stride = 16 * inputs
      product.bias = bias.map { $0 + channel }
      product.activation = fused
      product.output = target
      product.output_stride = stride
      kernels.pointee.product_f32(&product)
    }
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

extension Activation {
  /// Whether products apply it themselves.
  var isFused: Bool { self == .gelu || self == .linear }

  /// The kernels' name for it.
  var kernel: glck_activation {
    switch self {
    case .linear: GLCK_ACTIVATION_NONE
    case .gelu: GLCK_ACTIVATION_GELU
    case .geluTanh: GLCK_ACTIVATION_GELU_TANH
    case .gelu10: GLCK_ACTIVATION_GELU_10
    case .quickGELU: GLCK_ACTIVATION_QUICK_GELU
    case .relu: GLCK_ACTIVATION_RELU
    case .relu2: GLCK_ACTIVATION_RELU2
    case .relu6: GLCK_ACTIVATION_RELU6
    case .leakyReLU: GLCK_ACTIVATION_LEAKY_RELU
    case .sigmoid: GLCK_ACTIVATION_SIGMOID
    case .silu: GLCK_ACTIVATION_SILU
    case .tanh: GLCK_ACTIVATION_TANH
    case .hardSwish: GLCK_ACTIVATION_HARDSWISH
    case .mish: GLCK_ACTIVATION_MISH
    case .laplace: GLCK_ACTIVATION_LAPLACE
    }
  }
}

extension GLCFile {
  /// The record of `name`, with this shape.
  func tensor(_ name: String, shape: [Int]) throws(EngineError) -> TensorRecord {
    let record: TensorRecord
    do throws(GLCFormatError) { record = try self.record(name) } catch { throw .format(error) }
    guard record.shape == shape else {
      throw .format(
        .unexpectedTensor(path: path, tensor: name, expected: "shape \(shape)", found: "shape \(record.shape)"))
    }
    return record
  }

  /// A vector of `count` floats, readable in whole blocks of 16.
  func vector(_ name: String, count: Int) throws(EngineError) -> UnsafePointer<Float> {
    let record = try tensor(name, shape: [count])
    guard record.encoding == .f32, record.layout == .rows else {
      throw .format(.unexpectedTensor(path: path, tensor: name, expected: "f32 rows", found: record.summary))
    }
    return try extent(record).typed(Float.self, at: 0, self, name)
  }
}

extension UnsafeRawBufferPointer {
  /// A typed pointer into an extent whose parts the directory has checked. Files start at pages and parts at 64 bytes, so
  /// it is aligned.
  func typed<Element>(
    _: Element.Type, at offset: Int, _ file: GLCFile, _ tensor: String
  ) throws(EngineError) -> UnsafePointer<Element> {
    guard let base = baseAddress, offset < count else {
      throw .format(.missingTensor(path: file.path, tensor: tensor))
    }
    return (base + offset).assumingMemoryBound(to: Element.self)
  }
}
