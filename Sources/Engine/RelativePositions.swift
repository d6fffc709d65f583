import ModelCore

/// Log buckets of relative positions (formats/numerics.md 5.5; `transformers`
/// `modeling_deberta_v2.make_log_bucket_position`, arXiv 2006.03654).
package struct RelativePositions {
  /// Rows on each side of zero.
  let span: Int
  private let maximumPosition: Int
  private let hasBuckets: Bool
  /// Buckets of the distances 0, 1, 2, … asked for so far.
  private var buckets: [Int32] = []
  /// Whether a bucket is more than one beyond that of the distance before it, as where the maximum distance is hardly beyond the
  /// middle.
  private(set) var skips = false

  init(_ encoder: EncoderConfiguration) {
    span = encoder.relativeSpan
    maximumPosition = encoder.maximumRelativePosition
    hasBuckets = encoder.positionBuckets > 0
  }

  /// Rows of the relative embeddings that texts of `length` tokens can meet.
  mutating func rows(length: Int) -> Range<Int> {
    extend(to: length)
    let reach = length > 0 ? Int(buckets[length - 1]) : 0
    return max(0, span - reach)..<min(2 * span - 1, span + reach) + 1
  }

  /// Fills `columns[j − i + length − 1]` with the row of query i and key j, less `first`; the last is repeated for what a window of 16 reads behind it.
  mutating func fill(_ columns: UnsafeMutablePointer<Int32>, length: Int, first: Int) {
    extend(to: length)
    for distance in 0..<length {
      // i − j = distance at index length − 1 − distance, and −distance at length − 1 + distance.
      let bucket = Int(buckets[distance])
      columns[length - 1 - distance] = Int32(min(span + bucket, 2 * span - 1) - first)
      columns[length - 1 + distance] = Int32(max(span - bucket, 0) - first)
    }
    (columns + 2 * length - 1).update(repeating: columns[2 * length - 2], count: 15)
  }

  private mutating func extend(to length: Int) {
    guard buckets.count < length else { return }
    for distance in buckets.count..<length {
      let bucket = Int32(hasBuckets ? Self.bucket(distance, span, maximumPosition) : distance)
      if let last = buckets.last, bucket > last + 1 { skips = true }
      buckets.append(bucket)
    }
  }

  /// The bucket of a distance ≥ 0. (A negative distance has the negative of it.)
  package static func bucket(_ distance: Int, _ buckets: Int, _ maximumPosition: Int) -> Int {
    let middle = buckets / 2
    guard distance > middle else { return distance }
    let ratio =
      naturalLogarithm(Double(distance) / Double(middle))
      / naturalLogarithm(Double(maximumPosition - 1) / Double(middle))
    return Int((ratio * Double(middle - 1)).rounded(.up)) + middle
  }

  /// ln x for x > 0, by x = m · 2ᵉ and ln m = 2 · artanh((m − 1) ÷ (m + 1)), with additions, multiplications and divisions
  /// alone: the same on every machine, which libm's is not.
  package static func naturalLogarithm(_ x: Double) -> Double {
    var exponent = x.exponent
    var mantissa = x.significand
    if mantissa > 1.414_213_562_373_095_1 {
      mantissa /= 2
      exponent += 1
    }
    let s = (mantissa - 1) / (mantissa + 1)
    let square = s * s
    var sum = 0.0
    // |s| < 0.172: the term after these 25 is below 2⁻⁵³ of the first.
    for odd in stride(from: 25, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
    return 2 * s * sum + Double(exponent) * 0.693_147_180_559_945_3
  }
}
