import CKernels
import Testing

/// One f32 product with all its operands.
struct ProductF32Case {
  var rows: Int
  var k: Int
  var blocks: Int
  /// b as panels [blocks][k][16], or as rows [k][columns].
  var panels = true
  var hasBias = false
  var gelu = false
  var magnitude: Float = 2
  let outputGap = 5

  struct Operands {
    let stride: Int
    let a: Guarded<Float>
    let b: Guarded<Float>
    let bias: Guarded<Float>
  }

  var bStride: Int { panels ? 16 : 16 * blocks }
  var bBlockStride: Int { panels ? 16 * k : 16 }

  func operands() -> Operands {
    var random = Random(UInt64(rows * 7919 + k * 31 + blocks))
    let stride = k + 7
    return Operands(
      stride: stride, a: Guarded(random.floats(rows == 0 ? 0 : (rows - 1) * stride + k, magnitude)),
      b: Guarded(random.floats(k * 16 * blocks, magnitude)), bias: Guarded(random.floats(16 * blocks)))
  }

  /// - Parameter halves: what is taken in place of `b`.
  func run(
    _ kernels: glck_kernels, _ operands: Operands, _ halves: Guarded<UInt16>? = nil, _ type: glck_float = GLCK_F32
  ) -> Guarded<Float> {
    let stride = 16 * blocks + outputGap
    let output = Guarded<Float>(rows == 0 ? 0 : (rows - 1) * stride + 16 * blocks)
    var product = glck_product_f32(
      rows: rows, k: k, blocks: blocks, a: operands.a.pointer, a_stride: operands.stride,
      b: halves.map { UnsafeRawPointer($0.pointer) } ?? UnsafeRawPointer(operands.b.pointer), b_type: type,
      b_stride: bStride, b_block_stride: bBlockStride, bias: hasBias ? UnsafePointer(operands.bias.pointer) : nil,
      activation: gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE, output: output.pointer, output_stride: stride)
    let environment = glck_enter()
    kernels.product_f32(&product)
    glck_leave(environment)
    #expect(output.isIntact)
    return output
  }

  func expected(_ operands: Operands, _ gelu: (Float) -> Float) -> Guarded<Float> {
    let stride = 16 * blocks + outputGap
    let output = Guarded<Float>(rows == 0 ? 0 : (rows - 1) * stride + 16 * blocks)
    for row in 0..<rows {
      for column in 0..<16 * blocks {
        var y: Float = 0
        for i in 0..<k {
          let b = operands.b.pointer[column / 16 * bBlockStride + i * bStride + column % 16]
          y.addProduct(operands.a.pointer[row * operands.stride + i], b)
        }
        if hasBias { y += operands.bias.pointer[column] }
        output.pointer[row * stride + column] = self.gelu ? gelu(y) : y
      }
    }
    return output
  }
}

@Suite struct ProductF32Tests {
  static let cases: [ProductF32Case] =
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 17].map { ProductF32Case(rows: $0, k: 33, blocks: 5) }
    + [1, 2, 3, 4, 5, 6, 7, 8].map { ProductF32Case(rows: 7, k: 64, blocks: $0, panels: false) }
    + [0, 1, 15, 16, 17, 31, 63, 65].map { ProductF32Case(rows: 3, k: $0, blocks: 4, hasBias: true) }
    + [
      ProductF32Case(rows: 9, k: 96, blocks: 7, hasBias: true, gelu: true),
      ProductF32Case(rows: 2, k: 96, blocks: 3, gelu: true),
      ProductF32Case(rows: 8, k: 64, blocks: 4, magnitude: 1e-22),
      ProductF32Case(rows: 8, k: 64, blocks: 4, magnitude: 1e19),
    ]

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

  @Test(arguments: InstructionSet.available) func widensPanelsOf16Bits(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for c in Self.cases + [ProductF32Case(rows: 13, k: 600, blocks: 6, hasBias: true, gelu: true)] {
      for type in [GLCK_F16, GLCK_BF16] {
        let operands = c.operands()
        let halves = Guarded(
          operands.b.elements.map { type == GLCK_F16 ? Float16($0).bitPattern : UInt16($0.bitPattern >> 16) })
        for (i, half) in halves.elements.enumerated() { operands.b.pointer[i] = RowTests.widened(half, type) }
        #expect(c.run(kernels, operands, halves, type).bytes == c.run(kernels, operands).bytes, "\(c)")
      }
    }
  }

  @Test(arguments: InstructionSet.available) func agreesWithScalar(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    for c in Self.cases + [ProductF32Case(rows: 50, k: 768, blocks: 6, hasBias: true, gelu: true)] {
      let operands = c.operands()
      #expect(c.run(kernels, operands).bytes == c.run(scalar, operands).bytes, "\(c)")
    }
  }
}
