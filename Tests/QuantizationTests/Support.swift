import Quantization

/// A row quantized by the code under test.
struct QuantizedRow: Equatable {
  var codes: [Int8]
  var scale: Float
}

func quantized(_ row: [Float]) -> QuantizedRow? {
  var codes = [Int8](repeating: 99, count: row.count)
  let scale = row.withUnsafeBufferPointer { row in
    codes.withUnsafeMutableBufferPointer { codes -> Float? in
      guard let base = codes.baseAddress else { return nil }
      return SymmetricInt8.quantize(row, into: base)
    }
  }
  return scale.map { QuantizedRow(codes: codes, scale: $0) }
}

/// The definition of formats/glc.md ("Quantizing weights"), one step a line, with the standard library's rounding.
func quantizedByDefinition(_ row: [Float]) -> QuantizedRow? {
  guard row.allSatisfy(\.isFinite) else { return nil }
  let largest = row.map(\.magnitude).max() ?? 0
  let scale = largest / 127
  guard scale >= .leastNormalMagnitude else {
    return QuantizedRow(codes: row.map { _ in 0 }, scale: 0)
  }
  // A quotient of two floats, rounded to double and then to float, is the quotient rounded to float (53 ≥ 2 · 24 + 2).
  let quotients = row.map { Float(Double($0) / Double(scale)) }
  return QuantizedRow(codes: quotients.map { Int8($0.rounded(.toNearestOrEven)) }, scale: scale)
}

/// Numbers that are the same on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Values spread over many orders of magnitude, now and then zero.
  mutating func row(_ count: Int) -> [Float] {
    let exponent = Float.random(in: -30...30, using: &self)
    return (0..<count).map { _ in
      let value = Float.random(in: -1...1, using: &self)
      return Int.random(in: 0..<20, using: &self) == 0 ? 0 : value * value * value * exp2(exponent)
    }
  }

  private func exp2(_ exponent: Float) -> Float { Float(sign: .plus, exponent: Int(exponent), significand: 1) }
}
