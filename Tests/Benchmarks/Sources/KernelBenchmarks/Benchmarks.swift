import CKernels

/// What is measured of one kernel at one shape.
struct Benchmark {
  enum Unit {
    /// Operations (two a multiply-accumulate) a call; compared with the limit of int8 or f32 products.
    case int8(Double)
    case f32(Double)
    /// Elements a call.
    case element(Double)
  }
  var name: String
  var unit: Unit
  /// Prepares the operands; what it returns is timed.
  var prepare: (glck_kernels) -> () -> Void

  static func all() -> [Benchmark] {
    var list: [Benchmark] = []
    for rows in [128, 1024] {
      for (k, blocks) in [(768, 48), (3072, 48), (768, 192), (3072, 192)] {
        list.append(productS8(rows, k, blocks))
      }
    }
    list += [productS8(128, 768, 192, gelu: true), productS8(8, 768, 48), productS8(1, 768, 48)]
    list += [(32, 8), (128, 8), (128, 32), (512, 32)].map { productS8($0, 64, $1, bias: false) }
    list += [productF32(128, 768, 48), productF32(128, 64, 8), productF32(128, 128, 4)]
    list += [quantize(128, 768), quantize(128, 3072), quantize(128, 3072, magnitudesKnown: true)]
    list += [layerNorm(128, 768, quantized: false), layerNorm(128, 768, quantized: true)]
    list += [relativeSoftmax(128), relativeSoftmax(512)]
    list += [elements("exp", 768) { k, n, x in k.exp_rows(n, x) }]
    list += [elements("gelu", 3072) { k, n, x in k.activate_rows(GLCK_ACTIVATION_GELU, n, x) }]
    list += [channelSums(768, 32)]
    return list
  }

  static func productS8(
    _ rows: Int, _ k: Int, _ blocks: Int, gelu: Bool = false, bias hasBias: Bool = true
  ) -> Benchmark {
    let name = "product_s8 \(rows) x \(k) x \(blocks) blocks\(gelu ? ", gelu" : "")"
    return Benchmark(name: name, unit: .int8(2 * Double(rows * k * blocks * 16))) { kernels in
      let channels = 16 * blocks
      let activations = Operand<Int8>(codes: rows * k)
      let tiles = Operand<Int8>(codes: channels * k)
      let sums = Operand<Int32>(channels) { _ in 0 }
      kernels.channel_sums(k, blocks, tiles.pointer, sums.pointer)
      let scales = Operand<Float>(max(rows, channels)) { _ in 0.004 }
      let bias = Operand<Float>(floats: channels)
      let output = Operand<Float>(rows * channels) { _ in 0 }
      return {
        var product = glck_product_s8()
        (product.rows, product.k, product.blocks) = (rows, k, blocks)
        (product.activations, product.activation_stride) = (UnsafePointer(activations.pointer), k)
        (product.tiles, product.channel_sums) = (UnsafePointer(tiles.pointer), UnsafePointer(sums.pointer))
        (product.row_scales, product.channel_scales) = (UnsafePointer(scales.pointer), UnsafePointer(scales.pointer))
        product.bias = hasBias ? UnsafePointer(bias.pointer) : nil
        product.activation = gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE
        (product.output, product.output_stride) = (output.pointer, channels)
        kernels.product_s8(&product)
      }
    }
  }

  static func productF32(_ rows: Int, _ k: Int, _ blocks: Int) -> Benchmark {
    Benchmark(name: "product_f32 \(rows) x \(k) x \(blocks) blocks", unit: .f32(2 * Double(rows * k * blocks * 16))) {
      kernels in
      let channels = 16 * blocks
      let a = Operand<Float>(floats: rows * k)
      let b = Operand<Float>(floats: channels * k)
      let output = Operand<Float>(rows * channels) { _ in 0 }
      return {
        var product = glck_product_f32()
        (product.rows, product.k, product.blocks) = (rows, k, blocks)
        (product.a, product.a_stride, product.b) = (UnsafePointer(a.pointer), k, UnsafeRawPointer(b.pointer))
        (product.b_stride, product.b_block_stride) = (16, 16 * k)
        (product.output, product.output_stride) = (output.pointer, channels)
        kernels.product_f32(&product)
      }
    }
  }

  static func quantize(_ rows: Int, _ n: Int, magnitudesKnown: Bool = false) -> Benchmark {
    let name = "quantize \(rows) x \(n)\(magnitudesKnown ? ", magnitudes known" : "")"
    return Benchmark(name: name, unit: .element(Double(rows * n))) { kernels in
      let input = Operand<Float>(floats: rows * n)
      let codes = Operand<Int8>(codes: rows * n)
      let scales = Operand<Float>(rows) { _ in 0 }
      let magnitudes = Operand<UInt32>(rows) { _ in Float(1).bitPattern }
      return {
        var quantize = glck_quantize()
        (quantize.rows, quantize.n) = (rows, n)
        (quantize.input, quantize.input_stride) = (UnsafePointer(input.pointer), n)
        (quantize.quantized, quantize.quantized_stride, quantize.row_scales) = (codes.pointer, n, scales.pointer)
        if magnitudesKnown { quantize.row_magnitudes = UnsafePointer(magnitudes.pointer) }
        _ = kernels.quantize(&quantize)
      }
    }
  }

  static func layerNorm(_ rows: Int, _ n: Int, quantized: Bool) -> Benchmark {
    let name = "layer_norm \(rows) x \(n), residual\(quantized ? ", quantized" : "")"
    return Benchmark(name: name, unit: .element(Double(rows * n))) { kernels in
      let (input, residual) = (Operand<Float>(floats: rows * n), Operand<Float>(floats: rows * n))
      let (gain, bias) = (Operand<Float>(floats: n), Operand<Float>(floats: n))
      let output = Operand<Float>(floats: rows * n)
      let codes = Operand<Int8>(codes: rows * n)
      let scales = Operand<Float>(rows) { _ in 0 }
      return {
        var norm = glck_layer_norm()
        (norm.rows, norm.n, norm.epsilon) = (rows, n, 1e-7)
        (norm.input, norm.input_stride) = (UnsafePointer(input.pointer), n)
        (norm.residual, norm.residual_stride) = (UnsafePointer(residual.pointer), n)
        (norm.gain, norm.bias) = (UnsafePointer(gain.pointer), UnsafePointer(bias.pointer))
        (norm.output, norm.output_stride) = (output.pointer, n)
        if quantized { (norm.quantized, norm.quantized_stride, norm.row_scales) = (codes.pointer, n, scales.pointer) }
        _ = kernels.layer_norm(&norm)
      }
    }
  }

  /// 16 queries of a text of `keys` tokens, both relative parts; the scores are restored each time, which is timed too.
  static func relativeSoftmax(_ keys: Int) -> Benchmark {
    Benchmark(name: "relative_softmax 16 x \(keys)", unit: .element(Double(16 * keys))) { kernels in
      let width = 512
      let fresh = Operand<Float>(floats: 16 * keys)
      let scores = Operand<Float>(floats: 16 * keys)
      let (queries, relative) = (Operand<Float>(floats: 16 * width), Operand<Float>(floats: keys * width))
      let columns = Operand<Int32>(2 * keys) { Int32(min(max(256 + keys - 1 - $0, 0), width - 1)) }
      let positions = Operand<UInt32>(16) { UInt32($0) }
      let sums = Operand<Float>(16) { _ in 0 }
      return {
        scores.pointer.update(from: fresh.pointer, count: 16 * keys)
        var softmax = glck_relative_softmax()
        (softmax.rows, softmax.keys, softmax.positions) = (16, keys, UnsafePointer(positions.pointer))
        (softmax.scores, softmax.score_stride, softmax.row_sums) = (scores.pointer, keys, sums.pointer)
        (softmax.query_relative, softmax.query_relative_stride) = (UnsafePointer(queries.pointer), width)
        (softmax.key_relative, softmax.key_relative_stride) = (UnsafePointer(relative.pointer), width)
        (softmax.columns, softmax.scale) = (UnsafePointer(columns.pointer), 0.07)
        kernels.relative_softmax(&softmax)
      }
    }
  }

  /// A function of a row in place; the row is restored each time, which is timed too.
  static func elements(
    _ name: String, _ n: Int, _ apply: @escaping (glck_kernels, Int, UnsafeMutablePointer<Float>) -> Void
  ) -> Benchmark {
    Benchmark(name: "\(name) of \(n)", unit: .element(Double(n))) { kernels in
      let (fresh, x) = (Operand<Float>(floats: n), Operand<Float>(floats: n))
      return {
        x.pointer.update(from: fresh.pointer, count: n)
        apply(kernels, n, x.pointer)
      }
    }
  }

  static func channelSums(_ k: Int, _ blocks: Int) -> Benchmark {
    Benchmark(name: "channel_sums \(k) x \(blocks) blocks", unit: .element(Double(16 * k * blocks))) { kernels in
      let tiles = Operand<Int8>(codes: 16 * k * blocks)
      let sums = Operand<Int32>(16 * blocks) { _ in 0 }
      return { kernels.channel_sums(k, blocks, tiles.pointer, sums.pointer) }
    }
  }
}
