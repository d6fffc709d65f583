/// The natural logarithm out of IEEE operations alone: the same bits on every machine, which a libm does not promise.
enum Logarithm {
  /// ln x for a normal x > 0, within a few units in the last place: x = m · 2^k with √½ ≤ m < √2, and ln m = 2 · artanh
  /// f with f = (m − 1) ÷ (m + 1), |f| ≤ 0.1716, by its series, whose first term left out is below 2⁻⁵⁴ of the first.
  @inline(__always)
  static func natural(_ x: Double) -> Double {
    let bits = x.bitPattern
    // Above the bits of √½ by whole exponents: the shift keeps the sign.
    let exponent = Int64(bitPattern: bits &- 0x3FE6_A09E_667F_3BCD) >> 52
    let mantissa = Double(bitPattern: bits &- UInt64(bitPattern: exponent << 52))
    let f = (mantissa - 1) / (mantissa + 1)
    let square = f * f
    var sum = 2.0 / 21
    sum = sum * square + 2.0 / 19
    sum = sum * square + 2.0 / 17
    sum = sum * square + 2.0 / 15
    sum = sum * square + 2.0 / 13
    sum = sum * square + 2.0 / 11
    sum = sum * square + 2.0 / 9
    sum = sum * square + 2.0 / 7
    sum = sum * square + 2.0 / 5
    sum = sum * square + 2.0 / 3
    return Double(exponent) * 0.6931471805599453 + (2 * f + f * square * sum)
  }
}
