import CKernels
import Testing

/// What quantizing some rows wrote.
struct QuantizedRows: Equatable {
  var failed: Bool
  var codes: Bytes
  var scales: [UInt32]
  var remainders: Bytes
  var remainderScales: [UInt32]
}

/// One quantization of rows of n features.
struct QuantizeCase {
  var n: Int
  var rows: [[Float]]
  var inputScales: [Float]?
  var remainder = true

  init(n: Int, rows: Int, magnitude: Float = 2, scaled: Bool = false, remainder: Bool = true) {
    var random = Random(UInt64(n * 131 + rows))
    self.n = n
    self.rows = (0..<rows).map { _ in random.floats(n, magnitude) }
    inputScales = scaled ? random.floats(n, 1.5) : nil
    self.remainder = remainder
  }

  init(_ rows: [[Float]]) {
    n = rows[0].count
    self.rows = rows
  }

  var padded: Int { (n + 63) / 64 * 64 }

  func run(_ kernels: glck_kernels, magnitudesKnown: Bool = false) -> QuantizedRows {
    let inputStride = n + 3
    let codeStride = padded + 64
    let input = Guarded<Float>((rows.count - 1) * inputStride + n)
    for (r, row) in rows.enumerated() {
      for (i, x) in row.enumerated() { input.pointer[r * inputStride + i] = x }
    }
    let scales = Guarded(inputScales ?? [])
    let codes = Guarded<Int8>((rows.count - 1) * codeStride + padded)
    let remainders = Guarded<Int8>(codes.count)
    let rowScales = Guarded<Float>(rows.count)
    let remainderScales = Guarded<Float>(rows.count)
    var quantize = glck_quantize(
      rows: rows.count, n: n, input: input.pointer, input_stride: inputStride,
      input_scales: inputScales == nil ? nil : UnsafePointer(scales.pointer), quantized: codes.pointer,
      quantized_stride: codeStride, row_scales: rowScales.pointer, remainders: remainder ? remainders.pointer : nil,
      remainder_scales: remainder ? remainderScales.pointer : nil,
      row_magnitudes: nil)
    let magnitudes = Guarded(rows.map { row in row.map { $0.bitPattern & 0x7FFF_FFFF }.max() ?? 0 })
    if magnitudesKnown { quantize.row_magnitudes = UnsafePointer(magnitudes.pointer) }
    let environment = glck_enter()
    let failed = kernels.quantize(&quantize) != 0
    glck_leave(environment)
    #expect(codes.isIntact && remainders.isIntact && rowScales.isIntact && remainderScales.isIntact)
    return QuantizedRows(
      failed: failed, codes: codes.bytes, scales: rowScales.elements.map(\.bitPattern), remainders: remainders.bytes,
      remainderScales: remainderScales.elements.map(\.bitPattern))
  }

  /// The definition (N3).
  func expected() -> QuantizedRows {
    let codeStride = padded + 64
    let codes = Guarded<Int8>((rows.count - 1) * codeStride + padded)
    let remainders = Guarded<Int8>(codes.count)
    let rowScales = Guarded<Float>(rows.count)
    let remainderScales = Guarded<Float>(rows.count)
    var failed = false
    for (r, row) in rows.enumerated() {
      let x = inputScales.map { scales in zip(row, scales).map { $0 * $1 } } ?? row
      let first = Self.row(x)
      failed = failed || !first.finite
      rowScales.pointer[r] = first.scale
      for i in 0..<padded { codes.pointer[r * codeStride + i] = i < n ? first.codes[i] : 0 }
      if remainder {
        let left = zip(x, first.codes).map { x, q in x.addingProduct(-first.scale, Float(q)) }
        let second = Self.row(left)
        remainderScales.pointer[r] = second.scale
        for i in 0..<padded { remainders.pointer[r * codeStride + i] = i < n ? second.codes[i] : 0 }
      }
    }
    return QuantizedRows(
      failed: failed, codes: codes.bytes, scales: rowScales.elements.map(\.bitPattern), remainders: remainders.bytes,
      remainderScales: remainderScales.elements.map(\.bitPattern))
  }

  static func row(_ x: [Float]) -> (codes: [Int8], scale: Float, finite: Bool) {
    let bits = x.map { $0.bitPattern & 0x7FFF_FFFF }.max() ?? 0
    let zeros = [Int8](repeating: 0, count: x.count)
    if bits >= 0x7F80_0000 { return (zeros, 0, false) }
    if bits < 0x0380_0000 { return (zeros, 0, true) }
    let a = Float(bitPattern: bits)
    let inverse = 127 / a
    return (x.map { Int8(max(-127, min(127, ($0 * inverse).rounded(.toNearestOrEven)))) }, a / 127, true)
  }
}

@Suite struct QuantizeTests {
  static let cases: [QuantizeCase] =
    awkwardLengths.map { QuantizeCase(n: $0, rows: 3) }
    + awkwardLengths.map { QuantizeCase(n: $0, rows: 2, scaled: true, remainder: false) }
    + [
      QuantizeCase(n: 100, rows: 5, scaled: true),
      QuantizeCase(n: 65, rows: 2, magnitude: .greatestFiniteMagnitude / 4),
      QuantizeCase(n: 65, rows: 2, magnitude: 1e-35),
      QuantizeCase(n: 65, rows: 2, magnitude: 1e-37),
      QuantizeCase(n: 65, rows: 2, magnitude: 1000 * .leastNonzeroMagnitude),
      QuantizeCase([[Float](repeating: 0, count: 70), [Float](repeating: -0.0, count: 70)]),
      // Ties, both signs: 127 / a is exactly 1.
      QuantizeCase([[127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, 125.5, -127, 3.49999976]]),
      // On either side of the smallest magnitude that is quantized.
      QuantizeCase([
        [Float(bitPattern: 0x0380_0000), 0, .leastNonzeroMagnitude],
        [Float(bitPattern: 0x037F_FFFF), 0, .leastNonzeroMagnitude],
      ]),
      QuantizeCase([[.greatestFiniteMagnitude, 1, -.greatestFiniteMagnitude]]),
    ]

  @Test(arguments: InstructionSet.available) func followsTheDefinition(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    let scalar = try InstructionSet.scalar()
    for c in Self.cases {
      let found = c.run(kernels)
      #expect(found == c.run(scalar), "n \(c.n)")
      // What is not finite before scaling never occurs here, so the definition decides all of it.
      #expect(!found.failed)
      #expect(found == c.expected(), "n \(c.n)")
      if c.inputScales == nil { #expect(found == c.run(kernels, magnitudesKnown: true), "n \(c.n)") }
    }
  }

  @Test(arguments: InstructionSet.available) func rowsThatAreNotFiniteFail(_ set: InstructionSet) throws {
    let kernels = try set.kernels()
    for n in [1, 15, 16, 17, 64, 65] {
      for bad: Float in [.nan, -.nan, .infinity, -.infinity, Float(bitPattern: 0x7F80_0001)] {
        var c = QuantizeCase(n: n, rows: 3)
        c.rows[1][n - 1] = bad
        let found = c.run(kernels)
        #expect(found.failed)
        #expect(found == c.expected())
        #expect(found == c.run(kernels, magnitudesKnown: true))
      }
    }
    // The product with an input scale can overflow.
    var c = QuantizeCase(n: 20, rows: 1)
    c.rows[0][19] = 1e38
    c.inputScales = [Float](repeating: 10, count: 20)
    #expect(c.run(kernels).failed)
  }
}
