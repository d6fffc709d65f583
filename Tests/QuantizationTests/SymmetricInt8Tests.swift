import Quantization
import Testing

/// Codes and scales against the definition, and against values worked out by hand.
@Suite struct SymmetricInt8Tests {
  @Test func limit() {
    #expect(SymmetricInt8.limit == 127)
  }

  @Test func byHand() {
    // 127 / 127 = 1: codes are the values, rounded.
    #expect(
      quantized([127, -127, 1, -1, 0, -0.0, 0.4, 0.6, -0.6, 126.4, 126.6])
        == QuantizedRow(codes: [127, -127, 1, -1, 0, 0, 0, 1, -1, 126, 127], scale: 1))
    #expect(quantized([254, 2, 3, 5]) == QuantizedRow(codes: [127, 1, 2, 2], scale: 2))
    #expect(quantized([-63.5, 63.5, 0.25, 0.75]) == QuantizedRow(codes: [-127, 127, 0, 2], scale: 0.5))
    #expect(quantized([5]) == QuantizedRow(codes: [127], scale: 5 / 127))
    #expect(quantized([-1e-20]) == QuantizedRow(codes: [-127], scale: 1e-20 / 127))
  }

  /// Every tie k + 0.5 of every power-of-two scale goes to the even neighbour.
  @Test(arguments: [-125, -60, -1, 0, 1, 60, 120])
  func ties(_ exponent: Int) {
    let scale = Float(sign: .plus, exponent: exponent, significand: 1)
    var row: [Float] = [127 * scale]
    var expected: [Int8] = [127]
    for k in -127..<127 {
      row.append((Float(k) + 0.5) * scale)
      expected.append(Int8(k % 2 == 0 ? k : k + 1))
    }
    #expect(quantized(row) == QuantizedRow(codes: expected, scale: scale))
  }

  /// The floats next to every tie go to their own side.
  @Test func besideTies() {
    var row: [Float] = [127]
    var expected: [Int8] = [127]
    for k in 0..<127 {
      let tie = Float(k) + 0.5
      row += [tie.nextDown, tie.nextUp, -tie.nextDown, -tie.nextUp]
      expected += [Int8(k), Int8(k + 1), Int8(-k), Int8(-k - 1)]
    }
    #expect(quantized(row) == QuantizedRow(codes: expected, scale: 1))
  }

  @Test func zeros() {
    for row: [Float] in [[0], [0, 0, 0], [-0.0], [0, -0.0], Array(repeating: 0, count: 70)] {
      #expect(quantized(row) == QuantizedRow(codes: row.map { _ in 0 }, scale: 0))
    }
  }

  /// A scale that would be subnormal is zero, one that is just normal is kept.
  @Test func smallestScale() throws {
    let smallest = Float.leastNormalMagnitude
    #expect(quantized([127 * smallest, smallest]) == QuantizedRow(codes: [127, 1], scale: smallest))
    #expect(quantized([-127 * smallest]) == QuantizedRow(codes: [-127], scale: smallest))
    for value in [
      126 * smallest, smallest, smallest.nextDown, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, smallest / 2,
    ] { #expect(quantized([value, 0]) == QuantizedRow(codes: [0, 0], scale: 0)) }
    // All values from the boundary down until the quotient is subnormal, by the definition.
    var value = 127 * smallest
    for _ in 0..<200 {
      #expect(quantized([value]) == quantizedByDefinition([value]))
      value = value.nextDown
    }
    #expect(try #require(quantized([(127 * smallest).nextDown.nextDown * 0.999])).scale == 0)
    // Subnormal values beside normal ones are values like any other.
    #expect(
      quantized([127 * smallest, .leastNonzeroMagnitude, smallest.nextDown])
        == QuantizedRow(codes: [127, 0, 1], scale: smallest))
  }

  @Test func notFinite() {
    let bad: [Float] = [
      .infinity, -.infinity, .nan, -.nan, .signalingNaN, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFFF_FFFF),
    ]
    for value in bad {
      for position in [0, 1, 7, 8, 16, 30] {
        var row = [Float](repeating: 0.5, count: 31)
        row[position] = value
        #expect(quantized(row) == nil)
      }
      #expect(quantized([value]) == nil)
      #expect(quantized([value, .infinity]) == nil)
    }
  }

  @Test func largestValues() {
    let row: [Float] = [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, .greatestFiniteMagnitude / 2]
    #expect(quantized(row)?.codes.prefix(3) == [127, -127, 0])
    #expect(quantized(row) == quantizedByDefinition(row))
  }

  /// The largest value of a row has the code ±127 whatever rounding did to the scale.
  @Test func theLargestIsTheLimit() throws {
    var generator = SeededGenerator(state: 5)
    for _ in 0..<20_000 {
      let value = Float(bitPattern: UInt32.random(in: 0x0500_0000...0x7F7F_FFFF, using: &generator))
      #expect(try #require(quantized([value, -value])).codes == [127, -127])
    }
  }

  @Test(arguments: 0...70)
  func lengths(_ count: Int) throws {
    if count == 0 {
      var none: Int8 = 42
      #expect(SymmetricInt8.quantize(UnsafeBufferPointer(start: nil, count: 0), into: &none) == 0)
      #expect(none == 42)
      return
    }
    var generator = SeededGenerator(state: UInt64(count))
    for _ in 0..<50 {
      let row = generator.row(count)
      let found = try #require(quantized(row))
      #expect(found == quantizedByDefinition(row))
      #expect(found.codes.allSatisfy { $0 >= -127 })
    }
  }

  /// Any bit pattern, by the definition.
  @Test func anyBits() {
    var generator = SeededGenerator(state: 9)
    for _ in 0..<5000 {
      let row = (0..<9).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
      #expect(quantized(row) == quantizedByDefinition(row))
    }
  }

  /// Nothing behind the row is written.
  @Test func writesOnlyItsRow() {
    let row: [Float] = [3, -2, 1]
    var codes: [Int8] = [7, 7, 7, 7, 7]
    let scale = row.withUnsafeBufferPointer { SymmetricInt8.quantize($0, into: &codes) }
    #expect(scale == 3 / 127 as Float)
    #expect(codes == [127, -85, 42, 7, 7])
  }
}
