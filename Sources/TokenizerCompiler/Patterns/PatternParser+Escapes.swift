import Tokenization

extension PatternParser {
  /// What an escape stands for.
  enum Escape {
    case scalar(UInt32)
    case set(ScalarSet)
    /// A set that is larger where case is ignored (and written in brackets).
    case foldingSet(ScalarSet)
  }

  /// The escape outside of brackets whose backslash, at `start`, has been read.
  mutating func parseEscape(from start: Int) throws(PatternError) -> PatternNode {
    if take("z") { return .lookahead(PatternLookahead(set: ScalarSet(), acceptsEnd: true)) }
    switch try parseEscapedItem(from: start) {
    case .scalar(let scalar): return try literal(scalar, at: start)
    // Oniguruma ignores case only in brackets here.
    case .set(let set), .foldingSet(let set): return .scalar(set, foldedLetter: nil)
    }
  }

  /// The escape, in brackets or outside, whose backslash, at `start`, has been read.
  mutating func parseEscapedItem(from start: Int) throws(PatternError) -> Escape {
    guard let scalar = next else { throw refusal("\"\\\"", at: start, "escapes nothing") }
    index += 1
    switch scalar {
    case 0x73: return .set(ScalarSet(anyOf: SectionLayout.Property.whiteSpace))
    case 0x53: return .set(ScalarSet(anyOf: SectionLayout.Property.whiteSpace, isNegated: true))
    case 0x64: return .set(ScalarSet(anyOf: SectionLayout.Property.decimalDigit))
    case 0x44: return .set(ScalarSet(anyOf: SectionLayout.Property.decimalDigit, isNegated: true))
    case 0x70: return .foldingSet(try parseProperty(isNegated: false, from: start))
    case 0x50: return .foldingSet(try parseProperty(isNegated: true, from: start))
    case 0x6E: return .scalar(0x0A)
    case 0x72: return .scalar(0x0D)
    case 0x74: return .scalar(0x09)
    case 0x66: return .scalar(0x0C)
    case 0x76: return .scalar(0x0B)
    case 0x61: return .scalar(0x07)
    case 0x65: return .scalar(0x1B)
    case 0x78: return .scalar(try parseHexadecimal(from: start))
    case 0x75: return .scalar(try parseScalar(digits: 4, from: start))
    case 0x31...0x39: throw refusal("the backreference \(quoted(from: start))", at: start)
    case 0x30, 0x41...0x5A, 0x61...0x7A: throw refusal("the escape \(quoted(from: start))", at: start)
    default: return .scalar(scalar)
    }
  }

  /// `\p{…}` behind its letter.
  private mutating func parseProperty(isNegated: Bool, from start: Int) throws(PatternError) -> ScalarSet {
    guard take("{") else {
      throw refusal("the escape \(quoted(from: start))", at: start, "names no property in braces")
    }
    let hasCaret = take("^")
    let nameStart = index
    while let scalar = next, scalar != 0x7D, scalar != 0x29 { index += 1 }
    let name = written(from: nameStart)
    guard take("}") else { throw refusal("the escape \(quoted(from: start))", at: start, "is not closed") }
    guard let mask = Self.propertyMask(name) else {
      throw refusal(
        "the property \(quoted(from: start))", at: start,
        "is not supported; supported: L, N, M, Nd, White_Space")
    }
    return ScalarSet(anyOf: mask, isNegated: isNegated != hasCaret)
  }

  /// The property bit for a name. Oniguruma ignores case, spaces, hyphens and underscores.
  private static func propertyMask(_ name: String) -> UInt32? {
    let plain = name.lowercased().unicodeScalars.filter { $0 != " " && $0 != "-" && $0 != "_" }
    switch String(String.UnicodeScalarView(plain)) {
    case "l", "letter": return SectionLayout.Property.letter
    case "n", "number": return SectionLayout.Property.number
    case "m", "mark", "combiningmark": return SectionLayout.Property.mark
    case "nd", "decimalnumber", "digit": return SectionLayout.Property.decimalDigit
    case "whitespace", "space": return SectionLayout.Property.whiteSpace
    default: return nil
    }
  }

  /// `\x` behind its letter: two digits or braces.
  private mutating func parseHexadecimal(from start: Int) throws(PatternError) -> UInt32 {
    guard take("{") else {
      let value = try parseScalar(digits: 2, from: start)
      guard value < 0x80 else {
        throw refusal("the escape \(quoted(from: start))", at: start, "is a byte beyond ASCII")
      }
      return value
    }
    let digitsStart = index
    while let digit = next, Self.hexadecimalValue(digit) != nil { index += 1 }
    let value = UInt32(written(from: digitsStart), radix: 16)
    guard take("}"), let value else {
      throw refusal("the escape \(quoted(from: start))", at: start, "is no number in braces")
    }
    return try checked(value, from: start)
  }

  private mutating func parseScalar(digits: Int, from start: Int) throws(PatternError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = next.flatMap(Self.hexadecimalValue) else {
        throw refusal(
          "the escape \(quoted(from: start))", at: start, "needs \(digits) hexadecimal digits")
      }
      value = 16 * value + digit
      index += 1
    }
    return try checked(value, from: start)
  }

  private func checked(_ value: UInt32, from start: Int) throws(PatternError) -> UInt32 {
    guard Unicode.Scalar(value) != nil else {
      throw refusal("the escape \(quoted(from: start))", at: start, "is no scalar value")
    }
    return value
  }

  private static func hexadecimalValue(_ digit: UInt32) -> UInt32? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x37
    case 0x61...0x66: digit - 0x57
    default: nil
    }
  }
}
