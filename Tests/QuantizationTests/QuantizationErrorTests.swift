import Quantization
import Testing

/// Sums of squares against the plain loop, and figures worked out by hand.
@Suite struct QuantizationErrorTests {
  static func error(_ row: [Float], _ codes: [Int8], _ scale: Float) -> QuantizationError {
    var error = QuantizationError()
    row.withUnsafeBufferPointer { row in
      codes.withUnsafeBufferPointer { codes in
        if let base = codes.baseAddress { error.add(row, codes: base, scale: scale) }
      }
    }
    return error
  }

  /// Σ w² and Σ (w − ŵ)², one after the other, ŵ being the f32 that a reader gets.
  static func naive(_ row: [Float], _ codes: [Int8], _ scale: Float) -> (signal: Double, noise: Double) {
    var (signal, noise) = (0.0, 0.0)
    for (value, code) in zip(row, codes) {
      let difference = Double(value) - Double(Float(code) * scale)
      signal += Double(value) * Double(value)
      noise += difference * difference
    }
    return (signal, noise)
  }

  static func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(abs(a), abs(b)) }

  @Test func byHand() {
    let error = Self.error([3, -4, 0], [1, -2, 0], 2)
    // ŵ = 2, −4, 0: differences 1, 0, 0 of values whose squares sum to 25.
    #expect(error.signal == 25 && error.noise == 1 && error.relative == 0.2)
    let exact = Self.error([127, -1, 64], [127, -1, 64], 1)
    #expect(exact.noise == 0 && exact.relative == 0)
    let lost = Self.error([1, 2, 2], [0, 0, 0], 0)
    #expect(lost.signal == 9 && lost.noise == 9 && lost.relative == 1)
  }

  @Test func nothing() {
    #expect(QuantizationError().relative == 0)
    #expect(Self.error([0, 0], [0, 0], 0).relative == 0)
    #expect(Self.error([], [], 1) == QuantizationError())
  }

  @Test(arguments: 0...70)
  func lengths(_ count: Int) throws {
    var generator = SeededGenerator(state: 100 + UInt64(count))
    for _ in 0..<20 {
      let row = generator.row(count)
      let found = count == 0 ? QuantizedRow(codes: [], scale: 0) : try #require(quantized(row))
      let error = Self.error(row, found.codes, found.scale)
      let (signal, noise) = Self.naive(row, found.codes, found.scale)
      #expect(Self.near(error.signal, signal))
      #expect(Self.near(error.noise, noise))
      #expect(Self.near(error.relative, signal > 0 ? (noise / signal).squareRoot() : 0))
    }
  }

  /// Of a uniform row, rounding loses one twelfth of a squared step on average.
  @Test func uniformRows() throws {
    var generator = SeededGenerator(state: 11)
    let row = [1] + (0..<100_000).map { _ in Float.random(in: -1...1, using: &generator) }
    let found = try #require(quantized(row))
    let error = Self.error(row, found.codes, found.scale)
    let expected = Double(row.count) / (12 * 127 * 127)
    #expect(abs(error.noise - expected) < 0.02 * expected)
  }

  @Test func rowsAddUp() throws {
    var generator = SeededGenerator(state: 12)
    var (together, apart) = (QuantizationError(), QuantizationError())
    var (signal, noise) = (0.0, 0.0)
    for count in 1...40 {
      let row = generator.row(count)
      let found = try #require(quantized(row))
      row.withUnsafeBufferPointer { together.add($0, codes: found.codes, scale: found.scale) }
      apart.add(Self.error(row, found.codes, found.scale))
      let sums = Self.naive(row, found.codes, found.scale)
      signal += sums.signal
      noise += sums.noise
    }
    #expect(Self.near(together.signal, signal) && Self.near(together.noise, noise))
    #expect(Self.near(apart.signal, signal) && Self.near(apart.noise, noise))
    #expect(apart != QuantizationError())
  }

  /// The same rows in the same order give the same bits: the figure is printed and recorded.
  @Test func repeats() throws {
    var generator = SeededGenerator(state: 13)
    let row = generator.row(10_001)
    let found = try #require(quantized(row))
    #expect(Self.error(row, found.codes, found.scale) == Self.error(row, found.codes, found.scale))
  }
}
