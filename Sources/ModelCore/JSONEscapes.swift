/// Escaped surrogates (`\uD83D\uDE00`), which json-c 0.16 misreads for some characters: they are written out as UTF-8 before it
/// sees them. One without its partner becomes U+FFFD.
enum JSONEscapes {
  /// The text without escaped surrogates, or `nil` where it has none. `bytes` have passed ``JSONSyntax``.
  static func withoutSurrogates(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    guard hasSurrogate(bytes) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        result.append(bytes[index])
        index += 1
        continue
      }
      guard let first = unit(bytes, index), first & 0xF800 == 0xD800 else {
        // Any other escape, kept with the character behind the backslash, which may be one itself.
        result += bytes[index..<index + 2]
        index += 2
        continue
      }
      index += 6
      var scalar: UInt32 = 0xFFFD
      if first < 0xDC00, let second = unit(bytes, index), second & 0xFC00 == 0xDC00 {
        scalar = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        index += 6
      }
      if let character = Unicode.Scalar(scalar) { result += Array(String(character).utf8) }
    }
    return result
  }

  private static func hasSurrogate(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index + 6 <= bytes.count {
      guard bytes[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      if let unit = unit(bytes, index), unit & 0xF800 == 0xD800 { return true }
      index += 2
    }
    return false
  }

  /// The UTF-16 unit of the escape `\uXXXX` at `index`, `nil` where there is another.
  private static func unit(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt32? {
    guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
      return nil
    }
    return UInt32(String(decoding: bytes[index + 2..<index + 6], as: UTF8.self), radix: 16)
  }
}
