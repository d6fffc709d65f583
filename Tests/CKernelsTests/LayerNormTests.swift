import CKernels
import Testing

/// One LayerNorm over rows, with every option.
struct LayerNormCase {
  enum Target { case separate, input, residual }

  var n: Int
  var rows = 3
  var residual = true
  var quantized = true
  var scaled = false
  var target = Target.separate
  var magnitude: Float = 2
  /// Placed in the second row's last feature.
  var bad: Float?

  struct Result: Equatable {
    var failed: Bool
    var output: Bytes
    var values: [Float]
    var codes: Bytes
    var scales: [UInt32]
  }

  var stride: Int { n + 5 }
  var padded: Int { (n + 63) / 64 * 64 }

  func operands() -> (input: [Float], residual: [Float], gain: [Float], bias: [Float], scales: [Float]) {
    var random = Random(UInt64(n * 17 + rows))
    var input = random.floats((rows - 1) * stride + n, magnitude)
    if let bad { input[stride + n - 1] = bad }
    let residual = random.floats(input.count, magnitude)
    return (input, residual, random.floats(n, 1.5), random.floats(n, 0.3), random.floats(n, 3))
  }

  func run(_ kernels: glck_kernels) -> Result {
    let values = operands()
    let input = Guarded(values.input)
    let other = Guarded(values.residual)
    let gain = Guarded(values.gain)
    let bias = Guarded(values.bias)
    let scales = Guarded(values.scales)
    let separate = Guarded<Float>(input.count)
    let codes = Guarded<Int8>((rows - 1) * (padded + 64) + padded)
    let rowScales = Guarded<Float>(rows)
    let output = target == .input ? input : target == .residual ? other : separate
    var layerNorm = glck_layer_norm(
      rows: rows, n: n, input: input.pointer, input_stride: stride,
      residual: residual ? UnsafePointer(other.pointer) : nil, residual_stride: stride, gain: gain.pointer,
      bias: bias.pointer, epsilon: 1e-7, output: output.pointer, output_stride: stride,
      input_scales: scaled ? UnsafePointer(scales.pointer) : nil, quantized: quantized ? codes.pointer : nil,
      quantized_stride: padded + 64, row_scales: quantized ? rowScales.pointer : nil)
    let environment = glck_enter()
    let failed = kernels.layer_norm(&layerNorm) != 0
    glck_leave(environment)
    #expect(output.isIntact && codes.isIntact && rowScales.isIntact)
    // Between rows nothing is written: what lies there is what lay there.
    let untouched = Guarded<Float>(input.count).elements
    let before = target == .input ? values.input : target == .residual ? values.residual : untouched
    let after = output.elements
    for row in 0..<rows - 1 {
      let gap = row * stride + n..<(row + 1) * stride
      #expect(sameBits(Array(before[gap]), Array(after[gap])))
    }
    let result = (0..<rows).flatMap { after[$0 * stride..<$0 * stride + n] }
    return Result(
      failed: failed, output: Bytes(result), values: result, codes: codes.bytes,
      scales: rowScales.elements.map(\.bitPattern))
  }

  /// The definition (N5.2): rows of output alone.
  func expected() -> Bytes {
    let values = operands()
    let result = (0..<rows).flatMap { row -> [Float] in
      let start = row * stride
      let x = (start..<start + n).map { residual ? values.input[$0] + values.residual[$0] : values.input[$0] }
      let mean = lanesSum(x) / Float(n)
      let d = x.map { $0 - mean }
      let variance = lanesSum(d) { lane, d in lane.addingProduct(d, d) } / Float(n)
      let factor = 1 / (variance + 1e-7).squareRoot()
      return (0..<n).map { values.bias[$0].addingProduct(d[$0] * factor, values.gain[$0]) }
    }
    return Bytes(result)
  }
}

@Suite struct LayerNormTests {
  static let cases: [LayerNormCase] =
    awkwardLengths.map { LayerNormCase(n: $0) }
    + awkwardLengths.map { LayerNormCase(n: $0, residual: false, scaled: true) }
    + [1, 2, 3, 4, 5, 6, 7, 8, 9].map { LayerNormCase(n: 100, rows: $0) }
    + [
      LayerNormCase(n: 100, target: .input), LayerNormCase(n: 100, target: .residual),
      LayerNormCase(n: 100, residual: false, target: .input), LayerNormCase(n: 65, quantized: false),
      LayerNormCase(n: 768, magnitude: 1e17), LayerNormCase(n: 768, magnitude: 1e-20),
      LayerNormCase(n: 768, magnitude: 1000 * .leastNonzeroMagnitude), LayerNormCase(n: 48, magnitude: 0),
    ]

  @Test(arguments: InstructionSet.available) func followsTheDefinition(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for c in Self.cases {
      let found = c.run(kernels)
      #expect(!found.failed)
      #expect(found.output == c.expected(), "\(c)")
      let same = try found == c.run(InstructionSet.scalar())
      #expect(same, "\(c)")
      guard c.quantized else { continue }
      // Its codes are those of the quantize kernel for the same rows.
      let scales = c.scaled ? c.operands().scales : nil
      var again = QuantizeCase(n: c.n, rows: c.rows, remainder: false)
      again.rows = (0..<c.rows).map { Array(found.values[$0 * c.n..<($0 + 1) * c.n]) }
      again.inputScales = scales
      let codes = again.run(kernels)
      #expect(codes.codes == found.codes && codes.scales == found.scales)
    }
  }

  @Test(arguments: InstructionSet.available) func rowsThatAreNotFiniteFail(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for n in [1, 15, 16, 17, 768] {
      for bad: Float in [.nan, .infinity, -.infinity] {
        for quantized in [false, true] {
          #expect(LayerNormCase(n: n, quantized: quantized, bad: bad).run(kernels).failed)
        }
      }
    }
    // The squares overflow although every value is finite.
    #expect(LayerNormCase(n: 100, quantized: false, magnitude: 1e30).run(kernels).failed)
  }
}
