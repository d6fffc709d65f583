/// Reading scalars from UTF-8 that has been validated, or that a section claims to be UTF-8: never reads beyond the
/// buffer, whatever the bytes.
package enum UTF8Scalars {
  /// Bytes of the scalar that begins with `lead`; 1 for a byte that begins none.
  @inline(__always) package static func length(lead: UInt8) -> Int {
    if lead < 0xC0 { return 1 }
    if lead < 0xE0 { return 2 }
    return lead < 0xF0 ? 3 : 4
  }

  /// The scalar at `index` and its size in bytes, cut at the end of the buffer.
  @inline(__always) package static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> (scalar: UInt32, size: Int) {
    let lead = bytes[index]
    if lead < 0x80 { return (UInt32(lead), 1) }
    let size = min(length(lead: lead), bytes.count - index)
    var scalar = UInt32(lead) & (size == 2 ? 0x1F : size == 3 ? 0x0F : size == 4 ? 0x07 : 0xFF)
    for offset in 1..<max(size, 1) { scalar = scalar << 6 | UInt32(bytes[index + offset] & 0x3F) }
    return (scalar, size)
  }

  /// The beginning of the scalar that ends at `end` (> `start`).
  @inline(__always) package static func start(
    ofScalarBefore end: Int, in bytes: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> Int {
    var index = end - 1
    while index > start, end - index < 4, bytes[index] & 0xC0 == 0x80 { index -= 1 }
    return index
  }

  /// Whether `scalar` has the property White_Space: what Rust's `char::is_whitespace` and `\s` mean, fixed since Unicode 6.3.
  @inline(__always) package static func isWhiteSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x20, 0x09...0x0D: true
    case 0..<0x85: false
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// The end of the White_Space scalars that begin at `index`.
  @inline(__always) package static func whiteSpaceEnd(
    in bytes: UnsafeBufferPointer<UInt8>, from index: Int
  ) -> Int {
    var end = index
    while end < bytes.count {
      let (scalar, size) = decode(bytes, at: end)
      guard isWhiteSpace(scalar) else { break }
      end += size
    }
    return end
  }

  /// The beginning of the White_Space scalars that end at `end`, not before `start`.
  @inline(__always) package static func whiteSpaceStart(
    in bytes: UnsafeBufferPointer<UInt8>, before end: Int, from start: Int
  ) -> Int {
    var index = end
    while index > start {
      let previous = self.start(ofScalarBefore: index, in: bytes, from: start)
      guard isWhiteSpace(decode(bytes, at: previous).scalar) else { break }
      index = previous
    }
    return index
  }

  /// The offset of the first byte that is not part of valid UTF-8 (Unicode 17, table 3-7), or `nil`.
  package static func firstInvalidOffset(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    let count = bytes.count
    while index < count {
      let lead = bytes[index]
      if lead < 0x80 {
        index += 1
        continue
      }
      let (size, second): (Int, ClosedRange<UInt8>)
      switch lead {
      case 0xC2...0xDF: (size, second) = (2, 0x80...0xBF)
      case 0xE0: (size, second) = (3, 0xA0...0xBF)
      case 0xED: (size, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: (size, second) = (3, 0x80...0xBF)
      case 0xF0: (size, second) = (4, 0x90...0xBF)
      case 0xF4: (size, second) = (4, 0x80...0x8F)
      case 0xF1...0xF3: (size, second) = (4, 0x80...0xBF)
      default: return index
      }
      guard count - index >= size, second.contains(bytes[index + 1]) else { return index }
      for offset in 2..<max(size, 2) where bytes[index + offset] & 0xC0 != 0x80 { return index }
      index += size
    }
    return nil
  }
}
