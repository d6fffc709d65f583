import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// Compiled patterns against what the `tokenizers` library matched (Scripts/pattern_vectors.py), and what is refused.
@Suite struct PatternTests {
  private struct Vectors {
    let properties: PatternTestProperties
    let strings: [[UInt8]]
    let patterns: [JSONValue]

    init(_ root: JSONValue) throws {
      let numbers = try root.required("properties").elements().map { UInt32(try $0.requireInt(in: 0...0x10FFFF)) }
      let pairs = stride(from: 0, to: numbers.count - 1, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
      properties = PatternTestProperties(Dictionary(pairs, uniquingKeysWith: { $1 }))
      strings = try root.required("strings").elements().map { Array(try $0.requireString().utf8) }
      patterns = try root.required("patterns").elements()
    }

    func compile(_ row: JSONValue) throws -> (name: String, pattern: CompiledPattern) {
      if let expression = row.member("regex")?.string {
        return (expression, try PatternCompiler.compile(regularExpression: expression, properties: properties))
      }
      if let literal = row.member("literal")?.string {
        return (literal, try PatternCompiler.compile(literal: literal, properties: properties))
      }
      let mask = UInt32(try row.required("mask").requireInt(in: 1...0xFFFF))
      return ("mask \(mask)", try PatternCompiler.compile(anyOf: mask, properties: properties))
    }
  }

  @Test func matchesAreThoseOfTheLibrary() throws {
    let document = try JSONDocument(contentsOf: "\(Fixtures.vectors)/patterns.json")
    #expect(try document.root.required("reference").required("tokenizers").string == "0.23.3")
    let vectors = try Vectors(document.root)
    #expect(vectors.patterns.count >= 30)
    #expect(vectors.strings.count >= 60)
    let compiled = try vectors.patterns.map(vectors.compile)
    // All in one part, so that their places are tested too.
    try PatternCompiler.part(compiled.map(\.pattern)).withUnsafeBytes { part in
      let table = try PatternTable(part, properties: vectors.properties.view, path: "test")
      #expect(table.count == compiled.count)
      for (index, row) in vectors.patterns.enumerated() {
        for (text, expected) in zip(vectors.strings, try row.required("matches").elements()) {
          let bounds = try expected.elements().map { try $0.requireInt(in: 0...10_000) }
          let found = table.matchers[index].matches(in: text).flatMap { [$0.lowerBound, $0.upperBound] }
          #expect(found == bounds, "\(compiled[index].name) in \(String(decoding: text, as: UTF8.self))")
        }
      }
    }
  }

  @Test func aSearchMayBeginAnywhere() throws {
    let pattern = try PatternCompiler.compile(regularExpression: " ?[a-z]+", properties: PatternTestProperties.ascii)
    try PatternCompiler.part([pattern]).withUnsafeBytes { part in
      let table = try PatternTable(part, properties: PatternTestProperties.ascii.view, path: "test")
      let matcher = try #require(table.matchers.first)
      Array("ab cd".utf8).withUnsafeBufferPointer { text in
        #expect(matcher.next(in: text, from: 1) == 1..<2)
        #expect(matcher.next(in: text, from: 2) == 2..<5)
        #expect(matcher.next(in: text, from: 5) == nil)
      }
    }
  }

  /// Set numbers that the table does not have, and scalars that it does not reach, have no properties.
  @Test func unknownScalarsHaveNoProperties() throws {
    let pattern = try PatternCompiler.compile(
      regularExpression: #"[^\p{L}\s]+"#, properties: PatternTestProperties.ascii)
    #expect(try pattern.matches(in: Array("a\u{10FFFF}é b".utf8), .ascii) == [1..<7])
  }

  @Test func aNonASCIICharacterOfItsOwnClassIsAnException() throws {
    let properties = PatternTestProperties([0xE9: SectionLayout.Property.letter, 0xEA: SectionLayout.Property.letter])
    let pattern = try PatternCompiler.compile(regularExpression: "é|x", properties: properties)
    #expect(pattern.bytes[PatternLayout.exceptionCount] == 1)
    #expect(try pattern.matches(in: Array("êéx".utf8), properties) == [2..<4, 4..<5])
    // One that no class tells apart from the others of its set is none.
    let letters = try PatternCompiler.compile(regularExpression: #"[\p{L}é]"#, properties: properties)
    #expect(letters.bytes[PatternLayout.exceptionCount] == 0)
  }

  // MARK: Refusals

  static let refusals: [(pattern: String, message: String)] = [
    ("a*?", #"the lazy quantifier "*?" at character 2 is not supported"#),
    ("ba{2}?", #"the lazy quantifier "{2}?" at character 3 is not supported"#),
    ("a++", #"the possessive quantifier "++" at character 2 is not supported"#),
    ("a{2}+", #"the double quantifier "{2}+" at character 2 is not supported"#),
    ("a?{2}", #"the double quantifier "?{2}" at character 2 is not supported"#),
    ("a{3,2}", #"the quantifier "{3,2}" at character 2 has its counts the wrong way around"#),
    ("a{100001}", "a quantifier at character 2 counts beyond 100000"),
    ("(?:a?)*b", #"the quantifier "*" at character 7 repeats what may match nothing"#),
    ("(a|){1,3}b", #"the quantifier "{1,3}" at character 5 repeats what may match nothing"#),
    ("a(?!b)+", #"the quantifier "+" at character 7 repeats a lookahead"#),
    ("*a", #"the quantifier "*" at character 1 has nothing to repeat"#),
    ("a|{2}", #"the quantifier "{2}" at character 3 has nothing to repeat"#),
    (#"(a)\1"#, #"the backreference "\1" at character 4 is not supported"#),
    ("(?<=a)b", "a lookbehind at character 1 is not supported"),
    ("(?<!a)b", "a lookbehind at character 1 is not supported"),
    ("(?<n>a)b", "a named group at character 1 is not supported"),
    ("(?>a)b", "an atomic group at character 1 is not supported"),
    ("a(?#b)", "a comment at character 2 is not supported"),
    ("(?~a)", "an absence operator at character 1 is not supported"),
    ("(?(a)b)", "a conditional at character 1 is not supported"),
    ("(?{a})", "a callout at character 1 is not supported"),
    ("(?m:.)", "an option other than (?i:…) at character 1 is not supported"),
    ("a(?i)b", "an option other than (?i:…) at character 2 is not supported"),
    ("^a", #"the anchor "^" at character 1 is not supported"#),
    (#"a\b"#, #"the escape "\b" at character 2 is not supported"#),
    (#"\w"#, #"the escape "\w" at character 1 is not supported"#),
    (#"\R"#, #"the escape "\R" at character 1 is not supported"#),
    (#"[\w]"#, #"the escape "\w" at character 2 is not supported"#),
    (#"\0"#, #"the escape "\0" at character 1 is not supported"#),
    (#"a\"#, #""\" at character 2 escapes nothing"#),
    (
      #"a\p{Lu}"#, #"the property "\p{Lu}" at character 2 is not supported; supported: L, N, M, Nd, White_Space"#
    ),
    (#"\P{P}"#, #"the property "\P{P}" at character 1 is not supported; supported: L, N, M, Nd, White_Space"#),
    (#"\pL"#, #"the escape "\p" at character 1 names no property in braces"#),
    (#"\p{L"#, #"the escape "\p{L" at character 1 is not closed"#),
    (#"\xE9"#, #"the escape "\xE9" at character 1 is a byte beyond ASCII"#),
    (#"\x{110000}"#, #"the escape "\x{110000}" at character 1 is no scalar value"#),
    (#"\x{}"#, #"the escape "\x{}" at character 1 is no number in braces"#),
    (#"\uD800"#, #"the escape "\uD800" at character 1 is no scalar value"#),
    (#"\u12"#, #"the escape "\u12" at character 1 needs 4 hexadecimal digits"#),
    ("(a", #""(" at character 1 is not closed"#),
    ("a)", #"")" at character 2 closes no group"#),
    ("[ab", #"the class "[" at character 1 is not closed"#),
    ("[]a]", #"a class that begins with "]" at character 1 is not supported"#),
    ("[a&&b]", #"the intersection "&&" at character 3 is not supported"#),
    ("[a[b]]", "a class within a class at character 3 is not supported"),
    ("[[:alpha:]]", "a POSIX class at character 2 is not supported"),
    ("[b-a]", #"the range "b-a" at character 2 is the wrong way around"#),
    (#"[a-\d]"#, #"the range "a-\d" at character 2 ends with a class"#),
    (#"[\d-a]"#, #"the range "\d-…" at character 2 begins with a class"#),
    ("[a-c-e]", #"a hyphen behind the range "a-c" at character 5 is not supported"#),
    ("(?=ab)a", #"the lookahead "(?=ab)" at character 1 is supported only of one character or one class"#),
    ("a(?!)", #"the lookahead "(?!)" at character 2 is supported only of one character or one class"#),
    ("(?i:é)", #""é" without regard to case at character 5 is beyond ASCII"#),
    ("(?i:[à-ï])", #""ï" without regard to case at character 6 is beyond ASCII"#),
    (#"(?i:[\p{L}])"#, #""\p{L}" in a class without regard to case at character 6 is not supported"#),
    (
      "(?i:'s(?:s|a))",
      #"a pattern of "ss" without regard to case is not supported: one character may stand for both"#
    ),
    ("(?i:f?i)", #"a pattern of "fi" without regard to case is not supported: one character may stand for both"#),
    ("a*", "a pattern that can match the empty string is not supported"),
    ("", "a pattern that can match the empty string is not supported"),
    ("a|(?=b)", "a pattern that can match the empty string is not supported"),
    ("a{20000}", "a pattern of more than 16384 steps, with its counts written out, is not supported"),
    ("[一-龥]+", "a pattern that names more than 1024 characters beyond ASCII is not supported"),
    (
      #"\s*[\r\n]+"#,
      "a pattern that can read on endlessly without a match is not supported: it would take quadratic time"
    ),
    (
      "a+b|a", "a pattern that could read on endlessly behind a match is not supported: it would take quadratic time"
    ),
  ]

  @Test(arguments: refusals) func refusesWithNameAndPlace(
    _ pattern: String, _ message: String
  ) {
    #expect(PatternError.refusing(pattern)?.message == message)
  }

  @Test func limitsAreKept() {
    func message(_ pattern: String) -> String? { PatternError.refusing(pattern)?.message }
    let far = (UInt32(0)..<300).map { String(scalar: 0x4E00 + $0) }.joined(separator: "|")
    #expect(message(far) == "a pattern that tells apart more than 255 classes of characters is not supported")
    // Which of the last 13 letters were an a needs a state each.
    #expect(
      message("[ab]+a[ab]{13}c|[ab]") == "a pattern that needs more than 4096 states is not supported")
    let deep = String(repeating: "(", count: 65) + "a" + String(repeating: ")", count: 65)
    #expect(message(deep) == "a group at character 65 is nested more than 64 deep")
    let optional = (UInt32(0x21)..<0x7B).filter {
      ![0x28, 0x29, 0x2A, 0x2B, 0x3F, 0x5B, 0x5C, 0x5E, 0x24].contains($0)
    }
    .map { String(scalar: $0) + "?" }.joined()
    #expect(
      message(String(repeating: optional, count: 20) + "~")
        == "a pattern that takes more than 8388608 steps to compile is not supported")
    #expect(
      message(String(repeating: "a", count: 4_097)) == "a pattern of 4097 characters is longer than 4096")
    #expect(
      throws: PatternError(construct: "65 patterns", position: nil, reason: "are more than 64")
    ) {
      let pattern = try PatternCompiler.compile(literal: "a", properties: PatternTestProperties.ascii)
      return try PatternCompiler.part(Array(repeating: pattern, count: 65))
    }
    #expect(throws: PatternError.self) {
      try PatternCompiler.compile(literal: "", properties: PatternTestProperties.ascii)
    }
  }
}

extension String {
  fileprivate init(scalar value: UInt32) { self = Unicode.Scalar(value).map(String.init) ?? "" }
}
