/// Exact conversions of 16-bit floats to `Float`, in integer arithmetic that compilers turn into vectors on any
/// instruction set. Results do not depend on the floating-point environment (flush-to-zero, rounding).
enum FloatConversion {
  /// Converts `count` little-endian IEEE binary16 numbers, at any alignment.
  static func floats(fromF16 source: UnsafeRawBufferPointer, count: Int, into output: UnsafeMutablePointer<Float>) {
    precondition(source.count >= 2 * count)
    guard let base = source.baseAddress else { return }
    for index in 0..<count {
      let bits = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      output[index] = float(f16: bits)
    }
  }

  /// Converts `count` little-endian bfloat16 numbers, at any alignment: the upper halves of `Float`s.
  static func floats(fromBF16 source: UnsafeRawBufferPointer, count: Int, into output: UnsafeMutablePointer<Float>) {
    precondition(source.count >= 2 * count)
    guard let base = source.baseAddress else { return }
    for index in 0..<count {
      let bits = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
      output[index] = Float(bitPattern: UInt32(bits) << 16)
    }
  }

  /// Three cases of IEEE 754 §3.4, all computed and one selected, so that there is no branch.
  @inline(__always)
  private static func float(f16 bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = Int32(bits & 0x7FFF)
    // Exponent 0: mantissa · 2⁻²⁴, a normal number in `Float`.
    let subnormal = (Float(magnitude) * 0x1p-24).bitPattern
    // Exponents 1…30: the bias grows from 15 to 127. Exponent 31, infinities and NaNs, becomes 255.
    let normal = UInt32(bitPattern: magnitude) << 13 &+ 112 << 23
    let special = normal &+ 112 << 23
    let finite = magnitude < 0x0400 ? subnormal : normal
    return Float(bitPattern: sign | (magnitude < 0x7C00 ? finite : special))
  }
}
