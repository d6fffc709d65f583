/// Numbers as the `tokenizers` library reads them from JSON.
///
/// It does not take the nearest binary64: serde_json (without `float_roundtrip`) collects digits while they fit into 64 bits,
/// rounds that integer, and multiplies or divides once by a power of ten. The last bit of about every fourth score differs, which
/// decides between segmentations that are otherwise equal.
package enum TokenizersNumber {
  /// The value of `text`, a JSON number; `nil` where it is none or overflows.
  package static func value(_ text: String) -> Double? {
    var digits = text.utf8[...]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits = digits.dropFirst() }
    var significand: UInt64 = 0
    var exponent = 0
    var isFull = false
    func take(_ digit: UInt8) -> Bool {
      let (product, tooLarge) = significand.multipliedReportingOverflow(by: 10)
      let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
      if tooLarge || carried { return false }
      significand = sum
      return true
    }
    while let digit = digits.first.flatMap(decimal) {
      digits = digits.dropFirst()
      if isFull || !take(digit) {
        // Digits before the point that no longer fit still count for the magnitude.
        isFull = true
        exponent += 1
      }
    }
    if digits.first == UInt8(ascii: ".") {
      digits = digits.dropFirst()
      var isCut = false
      while let digit = digits.first.flatMap(decimal) {
        digits = digits.dropFirst()
        if isCut || !take(digit) { isCut = true } else { exponent -= 1 }
      }
    }
    if let mark = digits.first, mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
      guard let written = Int(String(Substring(digits.dropFirst()))) else { return nil }
      exponent = min(max(written, -100_000), 100_000) + exponent
    } else if !digits.isEmpty {
      return nil
    }
    guard let magnitude = scaled(Double(significand), exponent) else { return nil }
    return isNegative ? -magnitude : magnitude
  }

  private static func decimal(_ byte: UInt8) -> UInt8? { (0x30...0x39).contains(byte) ? byte - 0x30 : nil }

  private static func scaled(_ significand: Double, _ exponent: Int) -> Double? {
    var value = significand
    var exponent = exponent
    while exponent < -308 {
      if value == 0 { return 0 }
      value /= 1e308
      exponent += 308
    }
    guard exponent <= 308, let power = Double("1e\(abs(exponent))") else { return value == 0 ? 0 : nil }
    let result = exponent < 0 ? value / power : value * power
    return result.isFinite ? result : nil
  }
}
