/// Reads the regular expressions of `tokenizer.json`: the part of Oniguruma's Ruby syntax that automata can decide.
///
/// Whatever is not known to mean the same here as there is refused by name and place.
struct PatternParser {
  let scalars: [UInt32]
  /// The next scalar to be read.
  var index = 0
  /// Whether case is ignored.
  var foldsCase = false
  private var depth = 0

  /// Deeper groups would only serve to exhaust the stack.
  private static let maximumDepth = 64
  static let maximumSize = 4_096

  private init(_ text: String) { scalars = text.unicodeScalars.map(\.value) }

  /// The expression `text`.
  /// - Throws: ``PatternError`` with the first construct that is not supported.
  static func parse(_ text: String) throws(PatternError) -> PatternNode {
    var parser = PatternParser(text)
    guard parser.scalars.count <= maximumSize else {
      throw .whole("of \(parser.scalars.count) characters is longer than \(maximumSize)")
    }
    let node = try parser.parseAlternatives()
    guard parser.next == nil else { throw parser.refusal("\")\"", at: parser.index, "closes no group") }
    return node
  }

  // MARK: Reading

  /// The next scalar, or `nil` at the end.
  var next: UInt32? { index < scalars.count ? scalars[index] : nil }

  /// Whether the rest begins with `text`; if so, it is read.
  mutating func take(_ text: StaticString) -> Bool {
    let expected = text.withUTF8Buffer { $0.map(UInt32.init) }
    guard scalars[index...].starts(with: expected) else { return false }
    index += expected.count
    return true
  }

  /// The text of the pattern from `start` up to what was read.
  func written(from start: Int) -> String { Self.text(scalars[start..<index]) }

  static func text(_ scalars: some Sequence<UInt32>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars.lazy.compactMap(Unicode.Scalar.init))
    return String(text)
  }

  func refusal(_ construct: String, at position: Int, _ reason: String = "is not supported") -> PatternError {
    PatternError(construct: construct, position: position, reason: reason)
  }

  // MARK: Structure

  private mutating func parseAlternatives() throws(PatternError) -> PatternNode {
    var parts = [try parseSequence()]
    while take("|") { parts.append(try parseSequence()) }
    return parts.count == 1 ? parts[0] : .alternatives(parts)
  }

  private mutating func parseSequence() throws(PatternError) -> PatternNode {
    var parts: [PatternNode] = []
    while let scalar = next, scalar != 0x7C, scalar != 0x29 {
      let start = index
      parts.append(try parseQuantifiers(of: parseAtom(), from: start))
    }
    switch parts.count {
    case 0: return .empty
    case 1: return parts[0]
    default: return .sequence(parts)
    }
  }

  /// One item without its quantifier.
  private mutating func parseAtom() throws(PatternError) -> PatternNode {
    let start = index
    let scalar = scalars[index]
    index += 1
    switch scalar {
    case 0x28: return try parseGroup(from: start)
    case 0x5B: return .scalar(try parseClass(from: start), foldedLetter: nil)
    case 0x5C: return try parseEscape(from: start)
    case 0x2E: return .scalar(.notNewline, foldedLetter: nil)
    case 0x24: return .lookahead(PatternLookahead(set: ScalarSet(0x0A), acceptsEnd: true))
    case 0x5E: throw refusal("the anchor \"^\"", at: start)
    case 0x2A, 0x2B, 0x3F: throw refusal("the quantifier \(quoted(from: start))", at: start, "has nothing to repeat")
    case 0x7B:
      index = start
      if try parseInterval() != nil {
        throw refusal("the quantifier \(quoted(from: start))", at: start, "has nothing to repeat")
      }
      index = start + 1
      return try literal(scalar, at: start)
    default: return try literal(scalar, at: start)
    }
  }

  func quoted(from start: Int) -> String { "\"\(written(from: start))\"" }

  /// The scalar `scalar`, written at `position`, standing for itself.
  func literal(_ scalar: UInt32, at position: Int) throws(PatternError) -> PatternNode {
    guard foldsCase else { return .scalar(ScalarSet(scalar), foldedLetter: nil) }
    try checkFolding(scalar, at: position)
    var set = ScalarSet()
    set.ranges = ScalarSet.foldedRanges(scalar)
    return .scalar(set, foldedLetter: set.ranges.count > 1 ? scalar | 0x20 : nil)
  }

  /// Only for ASCII is it known here what else folds to it.
  func checkFolding(_ scalar: UInt32, at position: Int) throws(PatternError) {
    guard scalar < 0x80 else {
      throw refusal("\"\(Self.text([scalar]))\" without regard to case", at: position, "is beyond ASCII")
    }
  }

  private mutating func parseGroup(from start: Int) throws(PatternError) -> PatternNode {
    let outerCase = foldsCase
    var lookahead: Bool?
    if take("?:") {
    } else if take("?i:") {
      foldsCase = true
    } else if take("?-i:") {
      foldsCase = false
    } else if take("?=") {
      lookahead = true
    } else if take("?!") {
      lookahead = false
    } else if next == 0x3F {
      throw unknownGroup(from: start)
    }
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw refusal("a group", at: start, "is nested more than \(Self.maximumDepth) deep")
    }
    let body = try parseAlternatives()
    depth -= 1
    foldsCase = outerCase
    guard take(")") else { throw refusal("\"(\"", at: start, "is not closed") }
    guard let lookahead else { return body }
    guard case .scalar(let set, _) = body else {
      throw refusal(
        "the lookahead \(quoted(from: start))", at: start, "is supported only of one character or one class")
    }
    return .lookahead(PatternLookahead(set: lookahead ? set : set.complement, acceptsEnd: !lookahead))
  }

  private func unknownGroup(from start: Int) -> PatternError {
    let rest = scalars[index...].dropFirst()
    let kind =
      switch (rest.first, rest.dropFirst().first) {
      case (0x3C, 0x3D), (0x3C, 0x21): "a lookbehind"
      case (0x3C, _): "a named group"
      case (0x3E, _): "an atomic group"
      case (0x23, _): "a comment"
      case (0x7E, _): "an absence operator"
      case (0x28, _): "a conditional"
      case (0x7B, _): "a callout"
      default: "an option other than (?i:…)"
      }
    return refusal(kind, at: start)
  }
}
