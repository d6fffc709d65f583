/// How much longer than the text of a call everything that steps make of it may be, in bytes.
///
/// Every step of a normalizer or pre-tokenizer is linear, but sixteen that each write a thousand bytes for one make a text of any size
/// out of a word. What a real tokenizer makes of a text is a few times as long.
struct GrowthAllowance {
  /// How many times as long a text may become.
  static let factor = 64
  /// What even a short text may grow by.
  static let minimum = 1 << 18

  private var remaining: Int

  /// That of a call with a text of `size` bytes.
  init(textSize size: Int) {
    remaining = min(NormalizerProgram.maximumSize - size, max(Self.minimum, (Self.factor - 1) * size))
  }

  /// The most that a step may write that reads `size` bytes.
  @inline(__always) func limit(of size: Int) -> Int { size + remaining }

  /// Takes what a step wrote that read `size` bytes.
  /// - Throws: ``TokenizationError/textTooLong(bytes:limit:)``.
  @inline(__always) mutating func take(_ written: Int, of size: Int) throws(TokenizationError) {
    try Self.check(written, limit(of: size))
    remaining -= max(written - size, 0)
  }

  /// - Throws: ``TokenizationError/textTooLong(bytes:limit:)``.
  @inline(__always) static func check(_ size: Int, _ limit: Int) throws(TokenizationError) {
    guard size <= limit else { throw .textTooLong(bytes: size, limit: limit) }
  }
}
