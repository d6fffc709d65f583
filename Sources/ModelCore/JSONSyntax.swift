/// RFC 8259, strictly: the check that runs before json-c, which accepts duplicate keys, `NaN`, single quotes,
/// comments and integers that it silently saturates.
struct JSONSyntax {
  /// The first thing that is wrong, and where.
  struct Violation: Error {
    let offset: Int
    let reason: String
  }

  /// Deeper nesting than any configuration or tokenizer has.
  static let maximumDepth = 64

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  /// Bytes that json-c takes for the values so far, as far as they can be told: an empty object takes most, a hundred times
  /// its text.
  private(set) var memoryEstimate = 0

  /// Throws unless `bytes` are exactly one JSON value, valid UTF-8, without duplicate keys in any object.
  /// - Returns: bytes that json-c will take for it.
  static func check(_ bytes: UnsafeRawBufferPointer) throws(Violation) -> Int {
    var syntax = JSONSyntax(bytes: bytes)
    syntax.skipSpace()
    try syntax.value(depth: 0)
    try syntax.end()
    return syntax.memoryEstimate
  }

  /// The members of the object that `bytes` are, and where their values are: checked like any other text, and none of them kept
  /// by json-c.
  static func members(_ bytes: UnsafeRawBufferPointer) throws(Violation) -> [(key: String, value: Range<Int>)] {
    var syntax = JSONSyntax(bytes: bytes)
    var members: [(key: String, value: Range<Int>)] = []
    syntax.skipSpace()
    guard syntax.next == UInt8(ascii: "{") else { throw syntax.violation("expected an object") }
    try syntax.object(depth: 0) { members.append(($0, $1)) }
    try syntax.end()
    return members
  }

  private mutating func end() throws(Violation) {
    skipSpace()
    if offset != bytes.count { throw violation("unexpected bytes after the value") }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func violation(_ reason: String) -> Violation { Violation(offset: offset, reason: reason) }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private mutating func value(depth: Int) throws(Violation) {
    guard depth < Self.maximumDepth else { throw violation("nested deeper than \(Self.maximumDepth) levels") }
    switch next {
    case UInt8(ascii: "{"):
      memoryEstimate += 900
      try object(depth: depth) { _, _ in }
    case UInt8(ascii: "["):
      memoryEstimate += 400
      try array(depth: depth)
    case UInt8(ascii: "\""):
      let start = offset
      try string()
      memoryEstimate += 64 + offset - start
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    case nil: throw violation("unexpected end")
    default:
      memoryEstimate += 64
      try number()
    }
  }

  private mutating func literal(_ word: StaticString) throws(Violation) {
    for index in 0..<word.utf8CodeUnitCount {
      guard next == word.utf8Start[index] else { throw violation("expected a JSON value") }
      offset += 1
    }
  }

  private mutating func expect(_ byte: UInt8, _ what: String) throws(Violation) {
    guard next == byte else { throw violation("expected \(what)") }
    offset += 1
  }

  private mutating func object(depth: Int, _ found: (String, Range<Int>) -> Void) throws(Violation) {
    offset += 1
    skipSpace()
    if next == UInt8(ascii: "}") {
      offset += 1
      return
    }
    var keys: Set<ExactBytes> = []
    while true {
      guard next == UInt8(ascii: "\"") else { throw violation("expected a string as key") }
      let start = offset
      try string()
      let key = Self.unescaped(bytes[start + 1..<offset - 1])
      // json-c keeps keys as C strings: two keys that differ behind a NUL would become one.
      guard !key.utf8.contains(0) else { throw Violation(offset: start, reason: "NUL in a key") }
      guard keys.insert(ExactBytes(key)).inserted else {
        throw Violation(offset: start, reason: "duplicate key \"\(key.prefix(60))\"")
      }
      skipSpace()
      memoryEstimate += 64 + offset - start
      try expect(UInt8(ascii: ":"), "':'")
      skipSpace()
      let valueStart = offset
      try value(depth: depth + 1)
      found(key, valueStart..<offset)
      skipSpace()
      if next == UInt8(ascii: "}") {
        offset += 1
        return
      }
      try expect(UInt8(ascii: ","), "',' or '}'")
      skipSpace()
    }
  }

  private mutating func array(depth: Int) throws(Violation) {
    offset += 1
    skipSpace()
    if next == UInt8(ascii: "]") {
      offset += 1
      return
    }
    while true {
      try value(depth: depth + 1)
      skipSpace()
      if next == UInt8(ascii: "]") {
        offset += 1
        return
      }
      try expect(UInt8(ascii: ","), "',' or ']'")
      skipSpace()
    }
  }

  private mutating func string() throws(Violation) {
    offset += 1
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        return
      case UInt8(ascii: "\\"): try escape()
      case 0..<0x20: throw violation("control character in a string")
      case 0x20..<0x80: offset += 1
      default: try utf8Sequence()
      }
    }
    throw violation("unterminated string")
  }

  private mutating func escape() throws(Violation) {
    offset += 1
    switch next {
    case UInt8(ascii: "u"):
      offset += 1
      for _ in 0..<4 {
        guard let digit = next, Self.hexDigit(digit) != nil else { throw violation("expected four hex digits") }
        offset += 1
      }
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      offset += 1
    default: throw violation("unknown escape")
    }
  }

  /// One well-formed sequence of Unicode's table 3-7.
  private mutating func utf8Sequence() throws(Violation) {
    let lead = bytes[offset]
    let (count, second): (Int, ClosedRange<UInt8>) =
      switch lead {
      case 0xC2...0xDF: (2, 0x80...0xBF)
      case 0xE0: (3, 0xA0...0xBF)
      case 0xED: (3, 0x80...0x9F)
      case 0xE1...0xEF: (3, 0x80...0xBF)
      case 0xF0: (4, 0x90...0xBF)
      case 0xF4: (4, 0x80...0x8F)
      case 0xF1...0xF3: (4, 0x80...0xBF)
      default: (0, 0...0)
      }
    guard count > 0, bytes.count - offset >= count, second.contains(bytes[offset + 1]) else {
      throw violation("not UTF-8")
    }
    for index in offset + 2..<max(offset + 2, offset + count) where bytes[index] & 0xC0 != 0x80 {
      throw violation("not UTF-8")
    }
    offset += count
  }

  private mutating func digits() throws(Violation) {
    guard let first = next, (0x30...0x39).contains(first) else { throw violation("expected a JSON value") }
    while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
  }

  private mutating func number() throws(Violation) {
    let start = offset
    var isInteger = true
    if next == UInt8(ascii: "-") { offset += 1 }
    let firstDigit = offset
    try digits()
    if bytes[firstDigit] == UInt8(ascii: "0"), offset - firstDigit > 1 {
      throw Violation(offset: firstDigit, reason: "leading zero in a number")
    }
    if next == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try digits()
    }
    if isInteger, Int64(String(decoding: bytes[start..<offset], as: UTF8.self)) == nil {
      throw Violation(offset: start, reason: "integer beyond 64 bits")
    }
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }

  /// The characters of a string that ``string()`` has accepted, for comparing keys.
  private static func unescaped(_ raw: Slice<UnsafeRawBufferPointer>) -> String {
    guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
    var units: [UInt16] = []
    var index = raw.startIndex
    var plain: [UInt8] = []
    func flushed(_ bytes: [UInt8]) -> [UInt16] { Array(String(decoding: bytes, as: UTF8.self).utf16) }
    while index < raw.endIndex {
      guard raw[index] == UInt8(ascii: "\\") else {
        plain.append(raw[index])
        index += 1
        continue
      }
      units += flushed(plain)
      plain.removeAll()
      let kind = raw[index + 1]
      index += 2
      switch kind {
      case UInt8(ascii: "u"):
        units.append(UInt16(raw[index..<index + 4].reduce(UInt32(0)) { $0 * 16 + (hexDigit($1) ?? 0) }))
        index += 4
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      default: units.append(UInt16(kind))
      }
    }
    return String(decoding: units + flushed(plain), as: UTF16.self)
  }
}
