import CKernels
import Testing

/// One product of int8 activations with all its operands.
struct ProductS8Case {
  var rows: Int
  var k: Int
  var blocks: Int
  var remainder = false
  var hasBias = true
  var gelu = false
  /// A fixed code instead of random ones.
  var activation: Int8?
  var weight: Int8?
  /// int4 weights with as many features a group; `weight` is then a code in −7 … 7.
  var group: Int?
  var multiplier: UInt8?
  /// Whether outputs are multiplied by the next layer's input scales.
  var isScaled = false
  let outputGap = 3

  struct Operands {
    let stride: Int
    let activations: Guarded<Int8>
    let remainders: Guarded<Int8>
    let rowScales: Guarded<Float>
    let remainderScales: Guarded<Float>
    let weights: [Int8]  // [channels][k]
    let tiles: Guarded<Int8>
    let int4: Int4Tiles?
    let scratch: Guarded<Int8>
    let outputScales: Guarded<Float>
    let sums: Guarded<Int32>
    let channelScales: Guarded<Float>
    let bias: Guarded<Float>
  }

  func operands() -> Operands {
    var random = Random(UInt64(rows * 7919 + k * 31 + blocks))
    let channels = 16 * blocks
    // Rows lie apart, and the last ends with its features.
    let stride = k + 64
    let length = rows == 0 ? 0 : (rows - 1) * stride + k
    let int4 = group.map {
      Int4Tiles(k: k, blocks: blocks, group: $0, code: weight, multiplier: multiplier, &random)
    }
    let weights =
      int4?.weights ?? weight.map { [Int8](repeating: $0, count: channels * k) } ?? random.codes(channels * k)
    let tiles = Guarded<Int8>(channels * k)
    for channel in 0..<channels {
      for i in 0..<k {
        tiles.pointer[channel / 16 * 16 * k + i / 4 * 64 + channel % 16 * 4 + i % 4] = weights[channel * k + i]
      }
    }
    let sums = (0..<channels).map { channel in
      weights[channel * k..<(channel + 1) * k].reduce(into: Int32(0)) { $0 += Int32($1) }
    }
    let activations = activation.map { [Int8](repeating: $0, count: length) } ?? random.codes(length)
    return Operands(
      stride: stride, activations: Guarded(activations), remainders: Guarded(random.codes(length)),
      rowScales: Guarded(random.floats(rows, 0.02)), remainderScales: Guarded(random.floats(rows, 0.0001)),
      weights: weights, tiles: tiles, int4: int4,
      scratch: Guarded(int4 == nil ? 0 : Int(GLCK_UNPACKED_BYTES) * k),
      outputScales: Guarded(random.floats(channels, 3)), sums: Guarded(sums),
      channelScales: Guarded(random.floats(channels, 0.01)), bias: Guarded(random.floats(channels, 1)))
  }

  func run(
    _ kernels: glck_kernels, _ operands: Operands, magnitudes: Guarded<UInt32>? = nil
  ) -> Guarded<Float> {
    let stride = 16 * blocks + outputGap
    let output = Guarded<Float>(rows == 0 ? 0 : (rows - 1) * stride + 16 * blocks)
    var product = glck_product_s8(
      rows: rows, k: k, blocks: blocks, activations: operands.activations.pointer,
      activation_stride: operands.stride, row_scales: operands.rowScales.pointer,
      remainders: remainder ? UnsafePointer(operands.remainders.pointer) : nil,
      remainder_scales: remainder ? UnsafePointer(operands.remainderScales.pointer) : nil,
      tiles: operands.int4 == nil ? UnsafePointer(operands.tiles.pointer) : nil,
      packed: operands.int4?.packed ?? glck_tiles_s4(), scratch: operands.scratch.pointer,
      channel_sums: kernels.reads_channel_sums != 0 ? UnsafePointer(operands.sums.pointer) : nil,
      channel_scales: operands.channelScales.pointer,
      bias: hasBias ? UnsafePointer(operands.bias.pointer) : nil,
      activation: gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE,
      output_scales: isScaled ? UnsafePointer(operands.outputScales.pointer) : nil, output: output.pointer,
      output_stride: stride, row_magnitudes: magnitudes?.pointer)
    let environment = glck_enter()
    kernels.product_s8(&product)
    glck_leave(environment)
    #expect(output.isIntact && magnitudes?.isIntact != false && operands.scratch.isIntact)
    return output
  }

  /// The definition: a triple loop over Int, then N4's dequantization.
  func expected(_ operands: Operands, _ gelu: (Float) -> Float) -> Guarded<Float> {
    let stride = 16 * blocks + outputGap
    let output = Guarded<Float>(rows == 0 ? 0 : (rows - 1) * stride + 16 * blocks)
    func sum(_ codes: Guarded<Int8>, _ row: Int, _ channel: Int) -> Float {
      var sum = 0
      for i in 0..<k {
        sum += Int(codes.pointer[row * operands.stride + i]) * Int(operands.weights[channel * k + i])
      }
      return Float(sum)
    }
    for row in 0..<rows {
      for channel in 0..<16 * blocks {
        let g = operands.channelScales.pointer[channel]
        var y: Float = hasBias ? operands.bias.pointer[channel] : 0
        y.addProduct(sum(operands.activations, row, channel), operands.rowScales.pointer[row] * g)
        if remainder {
          y.addProduct(sum(operands.remainders, row, channel), operands.remainderScales.pointer[row] * g)
        }
        if self.gelu { y = gelu(y) }
        output.pointer[row * stride + channel] = isScaled ? y * operands.outputScales.pointer[channel] : y
      }
    }
    return output
  }
}

@Suite struct ProductS8Tests {
  static let cases: [ProductS8Case] = {
    var cases = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 31, 33].map {
      ProductS8Case(rows: $0, k: 64, blocks: 5)
    }
    cases += [1, 2, 3, 4, 5, 6, 7, 8, 9, 48].map { ProductS8Case(rows: 7, k: 128, blocks: $0) }
    // Depths that are no multiple of 64; rows end with their features.
    for k in [16, 32, 48, 80, 96, 112, 144, 208] {
      cases += [
        ProductS8Case(rows: 19, k: k, blocks: 5), ProductS8Case(rows: 3, k: k, blocks: 2, remainder: true),
      ]
    }
    for rows in [1, 5, 14] {
      cases += [
        ProductS8Case(rows: rows, k: 192, blocks: 6, remainder: true),
        ProductS8Case(rows: rows, k: 192, blocks: 6, remainder: true, hasBias: false, gelu: true),
        ProductS8Case(rows: rows, k: 192, blocks: 7, hasBias: false),
        ProductS8Case(rows: rows, k: 768, blocks: 3, gelu: true),
        ProductS8Case(rows: rows, k: 64, blocks: 5, gelu: true, isScaled: true),
        ProductS8Case(rows: rows, k: 80, blocks: 4, remainder: true, isScaled: true),
      ]
    }
    return cases
  }()

  @Test func scalarIsTheDefinition() throws {
    let scalar = try InstructionSet.scalar()
    for c in Self.cases {
      let operands = c.operands()
      let expected = c.expected(operands) { x in
        ElementaryTests.apply({ scalar.activate_rows(GLCK_ACTIVATION_GELU, $0, $1) }, [x])[0]
      }
      #expect(c.run(scalar, operands).bytes == expected.bytes, "\(c)")
    }
  }

  @Test(arguments: InstructionSet.available) func agreesWithScalar(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    for c in Self.cases + [ProductS8Case(rows: 129, k: 768, blocks: 9), ProductS8Case(rows: 20, k: 3072, blocks: 4)] {
      let operands = c.operands()
      #expect(c.run(kernels, operands).bytes == c.run(scalar, operands).bytes, "\(c)")
    }
  }

  @Test(arguments: InstructionSet.available) func magnitudesAreThoseOfTheOutputs(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for c in Self.cases {
      let operands = c.operands()
      // Row 0 knows of a larger one already, row 1 of a smaller one.
      let before: [UInt32] = (0..<c.rows).map { [Float.infinity.bitPattern, 1, 0][min($0, 2)] }
      let magnitudes = Guarded(before)
      let output = c.run(kernels, operands, magnitudes: magnitudes)
      #expect(output.bytes == c.run(kernels, operands).bytes)
      let stride = 16 * c.blocks + c.outputGap
      for row in 0..<c.rows {
        let bits = (0..<16 * c.blocks).map { output.pointer[row * stride + $0].bitPattern & 0x7FFF_FFFF }
        #expect(magnitudes.pointer[row] == max(before[row], bits.max() ?? 0), "\(c)")
      }
    }
  }

  @Test(arguments: InstructionSet.available) func saturatingValuesAtTheLargestK(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for (a, w) in [(127, 127), (127, -127), (-127, 127), (-127, -127)] as [(Int8, Int8)] {
      let c = ProductS8Case(rows: 3, k: 65_536, blocks: 2, hasBias: false, activation: a, weight: w)
      let operands = c.operands()
      let output = c.run(kernels, operands)
      for row in 0..<3 {
        for channel in 0..<32 {
          let scale = operands.rowScales.pointer[row] * operands.channelScales.pointer[channel]
          let expected = Float(Int(a) * Int(w) * 65_536) * scale
          #expect(output.pointer[row * 35 + channel] == expected)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available) func saturatingPairs(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    for a: Int8 in [-127, 127, 0, 1] {
      for w: Int8 in [-127, 127, 0, -1] {
        let c = ProductS8Case(rows: 5, k: 64, blocks: 4, activation: a, weight: w)
        let operands = c.operands()
        #expect(c.run(kernels, operands).bytes == c.run(scalar, operands).bytes)
      }
    }
  }
}
