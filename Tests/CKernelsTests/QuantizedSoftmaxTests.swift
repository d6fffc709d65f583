import CKernels
import Testing

/// What the softmax of int8 attention leaves: codes, remainders, and their scales (N5.7).
@Suite struct QuantizedSoftmaxTests {
  struct Result: Equatable {
    var codes: [Int8]
    var remainders: [Int8]
    var scales: [UInt32]
    var remainderScales: [UInt32]
    var failed: Bool
  }

  /// Scales of values: ordinary, zero, and one large.
  private static func valueScales(_ keys: Int) -> [Float] {
    var random = Random(UInt64(keys) * 17)
    return (0..<keys).map { $0 % 7 == 3 ? 0 : $0 == keys / 2 ? 5 : Float.random(in: 0.001...0.03, using: &random) }
  }

  private static func run(
    _ c: RelativeSoftmaxCase, _ kernels: glck_kernels, _ operands: RelativeSoftmaxCase.Operands, _ values: [Float]
  ) -> Result {
    let rows = c.positions.count
    let padded = (c.keys + 63) / 64 * 64
    let scores = Guarded(operands.scores)
    let positions = Guarded(c.positions.map { UInt32($0) })
    let valueScales = Guarded(values)
    let codes = Guarded<Int8>(rows * padded)
    let remainders = Guarded<Int8>(rows * padded)
    let scales = Guarded<Float>(rows)
    let remainderScales = Guarded<Float>(rows)
    var softmax = c.arguments(operands, scores: scores.pointer, positions: positions.pointer)
    softmax.value_scales = UnsafePointer(valueScales.pointer)
    softmax.quantized = codes.pointer
    softmax.quantized_stride = padded
    softmax.row_scales = scales.pointer
    softmax.remainders = remainders.pointer
    softmax.remainder_scales = remainderScales.pointer
    let environment = glck_enter()
    let failed = kernels.relative_softmax(&softmax) != 0
    glck_leave(environment)
    #expect(codes.isIntact && remainders.isIntact && scales.isIntact && remainderScales.isIntact && scores.isIntact)
    return Result(
      codes: codes.elements, remainders: remainders.elements, scales: scales.elements.map(\.bitPattern),
      remainderScales: remainderScales.elements.map(\.bitPattern), failed: failed)
  }

  /// N3 by hand: codes and scale of a row.
  private static func quantized(_ x: [Float], padded: Int) -> (codes: [Int8], scale: Float) {
    let a = x.map(abs).max() ?? 0
    guard a.bitPattern >= 0x0380_0000 else { return ([Int8](repeating: 0, count: padded), 0) }
    let v = 127 / a
    let codes = x.map { Int8(min(127, max(-127, ($0 * v).rounded(.toNearestOrEven)))) }
    return (codes + [Int8](repeating: 0, count: padded - x.count), a / 127)
  }

  /// The definition, from the f32 softmax, which has a test of its own.
  private static func expected(
    _ c: RelativeSoftmaxCase, _ operands: RelativeSoftmaxCase.Operands, _ values: [Float], _ scalar: glck_kernels
  ) -> Result {
    let softmax = c.expected(operands, scalar)
    let padded = (c.keys + 63) / 64 * 64
    var result = Result(codes: [], remainders: [], scales: [], remainderScales: [], failed: false)
    for row in c.positions.indices {
      let p = (0..<c.keys).map { softmax.scores.float(row * c.scoreStride + $0) }
      let u = zip(p, values).map { $0 * $1 }
      let z = Float(bitPattern: softmax.sums[row])
      let first = quantized(u, padded: padded)
      let inverse: Float = first.scale == 0 ? 0 : 127 / (u.max() ?? 0)
      let rest = zip(u, first.codes).map { (value, code) -> Int8 in
        Int8((value.addingProduct(-first.scale, Float(code)) * inverse * 254).rounded(.toNearestOrEven))
      }
      result.codes += first.codes
      result.remainders += rest + [Int8](repeating: 0, count: padded - c.keys)
      result.scales.append((first.scale / z).bitPattern)
      result.remainderScales.append((first.scale / 254 / z).bitPattern)
    }
    return result
  }

  @Test(arguments: InstructionSet.available) func followsTheDefinition(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    for c in RelativeSoftmaxTests.cases {
      let operands = c.operands()
      let values = Self.valueScales(c.keys)
      #expect(Self.run(c, kernels, operands, values) == Self.expected(c, operands, values, scalar), "\(c)")
    }
  }

  /// The reciprocal of the step times 254 would be infinite.
  @Test(arguments: InstructionSet.available) func stepsMayBeTiny(_ set: InstructionSet) throws {
    let c = RelativeSoftmaxCase(keys: 40)
    let operands = c.operands()
    for magnitude: Float in [1e-33, 1e-34, 3e-36, 1e-36, 1e-37] {
      let values = Self.valueScales(40).map { $0 * magnitude }
      let expected = Self.expected(c, operands, values, try InstructionSet.scalar())
      #expect(Self.run(c, try set.kernels(), operands, values) == expected, "\(magnitude)")
    }
  }

  @Test(arguments: InstructionSet.available) func whatIsNotFiniteIsReported(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let c = RelativeSoftmaxCase(keys: 20)
    let operands = c.operands()
    for bad: Float in [.nan, .infinity] {
      var scores = operands.scores
      scores[c.scoreStride + 18] = bad
      let spoilt = RelativeSoftmaxCase.Operands(
        table: operands.table, width: operands.width, scores: scores, queryRelative: operands.queryRelative,
        keyRelative: operands.keyRelative)
      #expect(Self.run(c, kernels, spoilt, Self.valueScales(20)).failed)
    }
    #expect(!Self.run(c, kernels, operands, Self.valueScales(20)).failed)
    #expect(Self.run(c, kernels, operands, [Float](repeating: 0, count: 20)).scales.allSatisfy { $0 == 0 })
  }
}
