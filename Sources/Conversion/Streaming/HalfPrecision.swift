import GLCFormat

/// Rounding to 16 bits, to nearest, ties to even.
enum HalfPrecision {
  /// The bits of a bfloat16: the upper half of a float's, rounded. `value` is finite and below ``limit(_:)``.
  static func brainFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  /// The magnitude from which on values round to infinity: halfway between the largest value and the power of two behind it.
  static func limit(_ encoding: TensorEncoding) -> Float {
    encoding == .f16 ? 65_520 : Float(bitPattern: 0x7F7F_8000)
  }
}
