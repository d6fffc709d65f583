/// Symmetric int8 with one scale a row (formats/glc.md, "Quantizing weights").
///
/// `scale = max|w| ÷ 127`, `code = round(w ÷ scale)` to nearest, ties to even; codes lie in [−127, 127]. All steps are
/// single IEEE operations, so the codes are the same on every machine.
public enum SymmetricInt8 {
  /// The largest code.
  public static let limit: Float = 127

  /// Quantizes one row.
  /// - Parameters:
  ///   - row: n values.
  ///   - codes: n codes.
  /// - Returns: the scale, 0 for a row of zeros (or so small that the scale would be subnormal), or `nil` where a value is
  ///   infinite or NaN.
  public static func quantize(
    _ row: UnsafeBufferPointer<Float>, into codes: UnsafeMutablePointer<Int8>
  ) -> Float? {
    let magnitude = maximumMagnitude(row)
    guard magnitude < Float.infinity.bitPattern else { return nil }
    let scale = Float(bitPattern: magnitude) / limit
    guard scale.isNormal else {
      codes.update(repeating: 0, count: row.count)
      return 0
    }
    for index in 0..<row.count {
      codes[index] = Int8(truncatingIfNeeded: roundedToInteger(row[index] / scale))
    }
    return scale
  }

  /// The largest bit pattern of |x|: for finite values in the order of the values, and larger for infinity and NaN.
  static func maximumMagnitude(_ row: UnsafeBufferPointer<Float>) -> UInt32 {
    var maximum: UInt32 = 0
    for value in row { maximum = max(maximum, value.bitPattern & 0x7FFF_FFFF) }
    return maximum
  }

  /// `x` rounded to nearest, ties to even, for |x| < 2²²: adding 1.5 · 2²³ leaves the integer in the low bits.
  private static func roundedToInteger(_ x: Float) -> Int32 {
    let shifted = x + 12_582_912
    return Int32(bitPattern: shifted.bitPattern) &- 0x4B40_0000
  }
}

/// How far codes are from what they stand for.
public struct QuantizationError: Sendable, Equatable {
  /// Σ w² and Σ (w − ŵ)² over all values.
  public private(set) var signal = 0.0
  /// Σ (w − ŵ)² over all values.
  public private(set) var noise = 0.0

  /// Rows whose scale is 0: whose values are all zero, or next to it.
  public private(set) var zeroRows = 0

  /// Nothing seen yet.
  public init() {}

  /// Adds a row and its codes.
  public mutating func add(_ row: UnsafeBufferPointer<Float>, codes: UnsafePointer<Int8>, scale: Float) {
    // Eight independent sums, so that additions overlap; their order is fixed.
    var signals = SIMD8<Double>()
    var noises = SIMD8<Double>()
    let whole = row.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      for lane in 0..<8 {
        let value = row[start + lane]
        let difference = Double(value - Float(codes[start + lane]) * scale)
        signals[lane] += Double(value) * Double(value)
        noises[lane] += difference * difference
      }
    }
    for index in whole..<row.count {
      let difference = Double(row[index] - Float(codes[index]) * scale)
      signals[0] += Double(row[index]) * Double(row[index])
      noises[0] += difference * difference
    }
    signal += signals.sum()
    noise += noises.sum()
    if scale == 0 { zeroRows += 1 }
  }

  /// Adds what `other` has seen.
  public mutating func add(_ other: QuantizationError) {
    signal += other.signal
    noise += other.noise
    zeroRows += other.zeroRows
  }

  /// ‖w − ŵ‖ ÷ ‖w‖ (Frobenius norms), 0 where all values are zero.
  public var relative: Double { signal > 0 ? (noise / signal).squareRoot() : 0 }
}
