/// Passes over the values of one group, eight at a time; sums go by lanes, which are folded in a fixed order at the end.
///
/// Comparisons are written with `replacing(with:where:)`, which becomes one instruction where `pointwiseMin` is a call.
enum Int4Kernels {
  typealias Lanes = SIMD8<Float>

  /// Adding it leaves the nearest integer, ties to even, of |x| < 2²² in the low bits (1.5 · 2²³).
  @inline(__always) private static var rounder: Lanes { Lanes(repeating: 12_582_912) }
  @inline(__always) private static var limit: Lanes { Lanes(repeating: 7) }

  /// Σ m · (x − code)² with x = w · inverse.
  static func error(
    _ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, count: Int, inverse: Float
  ) -> Float {
    var sums = Lanes()
    forEach(count, values, weights) { value, weight in
      // Rounding is the same on both sides of zero.
      let magnitude = unsafeBitCast(unsafeBitCast(value, to: SIMD8<UInt32>.self) & 0x7FFF_FFFF, to: Lanes.self)
      let scaled = magnitude * inverse
      let difference = scaled - ((atMost(limit, scaled) + rounder) - rounder)
      sums += difference * difference * weight
    }
    return folded(sums)
  }

  /// Codes of x ÷ multiplier with x = w · inverse, and for u = code · multiplier the sums Σ m · x², Σ m · x · u, Σ m · u².
  static func encode(
    _ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, count: Int, inverse: Float, multiplier: Float,
    into codes: UnsafeMutablePointer<Int8>
  ) -> (values: Double, products: Double, codes: Double) {
    var (squares, products, grids) = (Lanes(), Lanes(), Lanes())
    var position = 0
    let part = 1 / multiplier
    forEach(count, values, weights) { value, weight in
      let scaled = value * inverse
      let shifted = atLeast(-limit, atMost(limit, scaled * part)) + rounder
      let whole = (shifted - rounder) * multiplier
      let weighted = whole * weight
      squares += scaled * scaled * weight
      products += scaled * weighted
      grids += whole * weighted
      let integers = SIMD8<Int8>(truncatingIfNeeded: unsafeBitCast(shifted, to: SIMD8<UInt32>.self))
      if count &- position >= 8 {
        UnsafeMutableRawPointer(codes + position).storeBytes(of: integers, as: SIMD8<Int8>.self)
      } else {
        for lane in 0..<count - position { codes[position + lane] = integers[lane] }
      }
      position &+= 8
    }
    return (Double(folded(squares)), Double(folded(products)), Double(folded(grids)))
  }

  /// Hands on eight values and weights at a time, the last of them filled up with zeros.
  @inline(__always)
  private static func forEach(
    _ count: Int, _ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ body: (Lanes, Lanes) -> Void
  ) {
    var start = 0
    while start &+ 8 <= count {
      body(
        UnsafeRawPointer(values + start).loadUnaligned(as: Lanes.self),
        UnsafeRawPointer(weights + start).loadUnaligned(as: Lanes.self))
      start &+= 8
    }
    guard start < count else { return }
    var (value, weight) = (Lanes(), Lanes())
    for index in start..<count {
      value[index - start] = values[index]
      weight[index - start] = weights[index]
    }
    body(value, weight)
  }

  @inline(__always)
  private static func atMost(_ limit: Lanes, _ x: Lanes) -> Lanes { limit.replacing(with: x, where: x .< limit) }

  @inline(__always)
  private static func atLeast(_ limit: Lanes, _ x: Lanes) -> Lanes { limit.replacing(with: x, where: x .> limit) }

  @inline(__always)
  private static func folded(_ sums: Lanes) -> Float {
    let four = sums.lowHalf + sums.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }
}
