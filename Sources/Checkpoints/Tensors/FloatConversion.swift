import ModelCore

/// Conversions of stored floats to `Float`, in integer arithmetic that compilers turn into vectors on any instruction set.
/// Results do not depend on the floating-point environment (flush-to-zero, rounding), except those of F64, which is rounded.
enum FloatConversion {
  /// Converts the little-endian elements `source`, at any alignment: as many as `output` holds.
  static func floats(
    from type: DType, _ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(source.count >= output.count * type.byteCount)
    guard let base = source.baseAddress else { return }
    func convert<Bits: FixedWidthInteger>(_: Bits.Type, _ float: (Bits) -> Float) {
      for index in output.indices {
        let offset = index * MemoryLayout<Bits>.size
        output[index] = float(Bits(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: Bits.self)))
      }
    }
    switch type {
    case .f32: convert(UInt32.self) { Float(bitPattern: $0) }
    case .f16: convert(UInt16.self, float(f16:))
    // The upper half of a `Float`.
    case .bf16: convert(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    // The upper half of an F16.
    case .f8e5m2: convert(UInt8.self) { float(f16: UInt16($0) << 8) }
    case .f8e4m3: convert(UInt8.self, float(f8e4m3:))
    case .f64: convert(UInt64.self) { Float(Double(bitPattern: $0)) }
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

  /// E4M3 of the OCP 8-bit floating point specification (arXiv 2209.05433): bias 7, no infinities, NaN where all bits are set.
  @inline(__always)
  private static func float(f8e4m3 bits: UInt8) -> Float {
    let sign = UInt32(bits & 0x80) << 24
    let magnitude = Int32(bits & 0x7F)
    // Exponent 0: mantissa · 2⁻⁹.
    let subnormal = (Float(magnitude) * 0x1p-9).bitPattern
    let normal = UInt32(bitPattern: magnitude) << 20 &+ 120 << 23
    let finite = magnitude < 0x08 ? subnormal : normal
    return Float(bitPattern: sign | (magnitude < 0x7F ? finite : 0x7FC0_0000))
  }
}
