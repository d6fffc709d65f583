import ModelCore
import Testing

/// Texts that RFC 8259 allows, and texts that it (or this project's stricter reading of it) does not.
@Suite struct JSONSyntaxTests {
  struct Bad: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    /// The first byte after which nothing could make it right; for rules about a whole token, where that starts.
    let offset: Int

    init(_ text: String, _ offset: Int) {
      bytes = Array(text.utf8)
      self.offset = offset
    }

    /// Bytes in place of `#` in `text`.
    init(_ text: String, inserting inserted: [UInt8], _ offset: Int) {
      bytes = text.utf8.flatMap { $0 == UInt8(ascii: "#") ? inserted : [$0] }
      self.offset = offset
    }

    var testDescription: String { "\(String(decoding: bytes, as: UTF8.self).debugDescription) at \(offset)" }
  }

  static let good: [String] = [
    "{}", "[]", "\"\"", " \t\r\n{ \t\r\n} \t\r\n", "[ ]", "[[],{}]", "{\"a\":{\"b\":[1,2]}}",
    "true", "false", "null", "0", "-0", "7", "-12", "0.0", "-0.5", "1e5", "1E+5", "1e-05", "0e0", "1.5e300",
    "9223372036854775807", "-9223372036854775808", "[1 ,2 , 3]", "{\"a\" : 1 , \"b\" : 2}",
    #""\"\\\/\b\f\n\r\t""#, #""\u0041\u00e9\u00E9""#, #""\ud83d\ude00""#, #""\u0000""#,
    "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"", "\"\u{2028}\u{2029}\u{FEFF}\"",
    // Lone surrogates are allowed by the grammar; they read as U+FFFD.
    #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\ude00\ud83d""#,
    // Keys that look alike and are not the same.
    #"{"a":1,"A":1}"#, #"{"a":1," a":1}"#, #"{"":1," ":1}"#, #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":1}]"#,
    #"{"\\u0061":1,"a":1}"#,
  ]

  @Test(arguments: good)
  func accepts(_ text: String) {
    #expect(coreError { () throws(ModelCoreError) in try JSONDocument(text, path: "x.json") } == nil)
  }

  static let structure: [Bad] = [
    Bad("", 0), Bad("   ", 3), Bad("{", 1), Bad("[", 1), Bad("[1", 2), Bad("[1,", 3), Bad("{\"a\"", 4),
    Bad("{\"a\":", 5),
    Bad("{\"a\":1", 6), Bad("{\"a\":1,", 7), Bad("[1,]", 3), Bad("[,1]", 1), Bad("[1,,2]", 3), Bad("{\"a\":1,}", 7),
    Bad("{,}", 1), Bad("{1:2}", 1), Bad("{a:1}", 1), Bad("{'a':1}", 1), Bad("['a']", 1), Bad("{\"a\" 1}", 5),
    Bad("{\"a\",1}", 4), Bad("{\"a\":1 \"b\":2}", 7), Bad("[1 2]", 3), Bad("[1}", 2), Bad("{\"a\":1]", 6), Bad("]", 0),
    Bad("}", 0), Bad("{} {}", 3), Bad("{}x", 2), Bad("1 2", 2), Bad("[]\u{0}", 2), Bad("\u{0}[]", 0),
    Bad("\u{FEFF}{}", 0),
    Bad("{}\u{A0}", 2), Bad("\u{C}{}", 0), Bad("// no\n{}", 0), Bad("{/* no */}", 1), Bad("[1]//", 3), Bad("#\n{}", 0),
  ]

  static let scalars: [Bad] = [
    Bad("NaN", 0), Bad("[NaN]", 1), Bad("Infinity", 0), Bad("-Infinity", 1), Bad("nan", 1), Bad("inf", 0),
    Bad("nul", 3),
    Bad("nulL", 3), Bad("True", 0), Bad("tru", 3), Bad("truE", 3), Bad("falsy", 4), Bad("nullx", 4),
    Bad("undefined", 0),
    Bad("None", 0), Bad("+1", 0), Bad("-", 1), Bad("--1", 1), Bad(".5", 0), Bad("1.", 2), Bad("[1.]", 3),
    Bad("1.e5", 2),
    Bad("1e", 2), Bad("1e+", 3), Bad("1e5.5", 3), Bad("0x10", 1), Bad("1_000", 1), Bad("1,000", 1), Bad("[01]", 1),
    Bad("-01", 1), Bad("00", 0), Bad("1 .5", 2),
    Bad("9223372036854775808", 0), Bad("[1,-9223372036854775809]", 3), Bad("[18446744073709551616]", 1),
    Bad("1" + String(repeating: "0", count: 400), 0),
  ]

  static let strings: [Bad] = [
    Bad("\"", 1), Bad("\"abc", 4), Bad("\"abc\\\"", 6), Bad("\"a\\", 3), Bad("\"\\x41\"", 2), Bad("\"\\'\"", 2),
    Bad("\"\\0\"", 2),
    Bad("\"\\U0041\"", 2), Bad("\"\\u004\"", 6), Bad("\"\\u00G0\"", 5), Bad("\"\\u\"", 3), Bad("\"\\u12", 5),
    Bad("\"\\\n\"", 2),
    Bad("\"\u{0}\"", 1), Bad("\"a\nb\"", 2), Bad("\"\t\"", 1), Bad("\"\u{1F}\"", 1), Bad("{\"\n\":1}", 2),
    // Not UTF-8: stray continuation, impossible bytes, cut short, overlong, surrogates (CESU-8), beyond U+10FFFF.
    Bad("\"#\"", inserting: [0x80], 1), Bad("\"ab#\"", inserting: [0xBF], 3), Bad("\"#\"", inserting: [0xFF], 1),
    Bad("\"#\"", inserting: [0xFE], 1), Bad("\"#\"", inserting: [0xC3], 1), Bad("\"#", inserting: [0xC3], 1),
    Bad("\"#\"", inserting: [0xE2, 0x82], 1), Bad("\"#\"", inserting: [0xF0, 0x9F, 0x98], 1),
    Bad("\"#", inserting: [0xF0, 0x9F], 1), Bad("\"#\"", inserting: [0xC3, 0x28], 1),
    Bad("\"#\"", inserting: [0xE2, 0x28, 0xA1], 1), Bad("\"#\"", inserting: [0xE2, 0x82, 0x28], 1),
    Bad("\"#\"", inserting: [0xC0, 0x80], 1), Bad("\"#\"", inserting: [0xC1, 0xBF], 1),
    Bad("\"#\"", inserting: [0xE0, 0x80, 0xAF], 1), Bad("\"#\"", inserting: [0xE0, 0x9F, 0xBF], 1),
    Bad("\"#\"", inserting: [0xF0, 0x80, 0x80, 0xAF], 1), Bad("\"#\"", inserting: [0xF0, 0x8F, 0xBF, 0xBF], 1),
    Bad("\"#\"", inserting: [0xED, 0xA0, 0x80], 1), Bad("\"#\"", inserting: [0xED, 0xBF, 0xBF], 1),
    Bad("\"#\"", inserting: [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], 1),
    Bad("\"#\"", inserting: [0xF4, 0x90, 0x80, 0x80], 1), Bad("\"#\"", inserting: [0xF5, 0x80, 0x80, 0x80], 1),
    Bad("\"#\"", inserting: [0xF8, 0x88, 0x80, 0x80, 0x80], 1), Bad("{\"#\":1}", inserting: [0xC0, 0x80], 2),
    Bad("[#]", inserting: [0xC3, 0xA9], 1), Bad("#", inserting: [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], 0),
  ]

  static let duplicateKeys: [Bad] = [
    Bad(#"{"a":1,"a":1}"#, 7), Bad(#"{"a":1,"b":2,"a":3}"#, 13), Bad(#"{"x":{"a":1,"a":2}}"#, 12),
    Bad(#"[{"":1,"":2}]"#, 7),
    Bad(#"{"a":1,"\u0061":2}"#, 7), Bad(#"{"\u0061":1,"a":2}"#, 12), Bad(#"{"a/b":1,"a\/b":2}"#, 9),
    Bad(#"{"\n":1,"\u000A":2}"#, 8), Bad(#"{"\b\f\r\t":1,"\u0008\u000c\u000d\u0009":2}"#, 14),
    Bad(#"{"😀":1,"\ud83d\ude00":2}"#, 10), Bad(#"{"\u00e9":1,"\u00E9":2}"#, 12), Bad(#"{"\"":1,"\u0022":2}"#, 8),
    Bad(#"{"\\":1,"\u005c":2}"#, 8),
    // Both keys read as U+FFFD, so a reader could not tell them apart.
    Bad(#"{"\ud800":1,"\udc00":2}"#, 12),
  ]

  @Test(arguments: structure + scalars + strings + duplicateKeys)
  func refuses(_ bad: Bad) throws {
    let error = coreError { () throws(ModelCoreError) in try JSONDocument(copying: bad.bytes, path: "x.json") }
    guard case .invalidJSON(let path, let offset, let reason) = error else {
      Issue.record("expected invalidJSON, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(path == "x.json")
    #expect(offset == bad.offset)
    #expect(!reason.isEmpty)
    #expect(error?.exitStatus == .badData)
  }

  /// RFC 8259 compares keys code unit by code unit; a vocabulary may well hold both spellings of é.
  @Test func canonicallyEquivalentKeysAreTwoKeys() throws {
    let root = try parsed("{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{212B}\":3,\"\u{C5}\":4}")
    #expect(root.keys.map { Array($0.unicodeScalars.map(\.value)) } == [[0xE9], [0x65, 0x301], [0x212B], [0xC5]])
    #expect(root.member("\u{E9}")?.int == 1)
    #expect(root.member("e\u{301}")?.int == 2)
  }

  /// json-c's keys are C strings: what follows a NUL would be lost, and the key taken for another.
  @Test(arguments: [
    #"{"a\u0000b":1}"#, #"{"a\u0000":1,"a":2}"#, #"{"\u0000":1}"#, #"{"\u0000x":1,"\u0000y":2}"#,
  ])
  func nulInAKeyIsKeptOrRefused(_ text: String) throws {
    let document: JSONDocument
    do { document = try JSONDocument(text, path: "x.json") } catch {
      guard case ModelCoreError.invalidJSON = error else { throw error }
      return
    }
    #expect(document.root.keys.count == text.count { $0 == ":" })
    #expect(document.root.keys.contains { $0.unicodeScalars.contains("\0") })
  }

  @Test func duplicateKeyIsNamed() throws {
    let error = try #require(coreError { () throws(ModelCoreError) in try parsed(#"{"name":1,"name":2}"#) })
    #expect(error.message.contains("duplicate") && error.message.contains("name"))
    let long = String(repeating: "k", count: 100_000)
    let other = try #require(coreError { () throws(ModelCoreError) in try parsed("{\"\(long)\":1,\"\(long)\":2}") })
    #expect(other.message.utf8.count < 1000)
  }

  /// Sixty-four levels; the innermost value is one.
  @Test(arguments: [1, 2, 62, 63, 64, 65, 66, 1000, 1_000_000])
  func depth(_ levels: Int) {
    let texts = [
      (String(repeating: "[", count: levels) + String(repeating: "]", count: levels), 1),
      (String(repeating: "[", count: levels - 1) + "7" + String(repeating: "]", count: levels - 1), 1),
      (String(repeating: "{\"a\":", count: levels - 1) + "{}" + String(repeating: "}", count: levels - 1), 5),
    ]
    for (text, step) in texts {
      let error = coreError { () throws(ModelCoreError) in try JSONDocument(text, path: "deep.json") }
      if levels <= 64 {
        #expect(error == nil)
      } else if case .invalidJSON(_, let offset, let reason) = error {
        #expect(offset == 64 * step)
        #expect(reason.contains("64"))
      } else {
        Issue.record("\(levels) levels: \(error.map { "\($0)" } ?? "no error")")
      }
    }
  }

  /// Empty objects would take json-c hundreds of times their text in memory; small ones with something in them are read.
  @Test func valuesAreInProportionToTheText() throws {
    let few = "[" + String(repeating: "{},", count: 4095) + "{}]"
    #expect(coreError { () throws(ModelCoreError) in try JSONDocument(few, path: "few.json") } == nil)
    let many = "[" + String(repeating: "{},", count: 100_000) + "{}]"
    let error = coreError { () throws(ModelCoreError) in try JSONDocument(many, path: "many.json") }
    guard case .invalidJSON("many.json", _, let reason) = error else {
      Issue.record("a hundred thousand empty objects: \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(reason == "too many small values for its size")
    let honest = "[" + String(repeating: "{\"id\": 1, \"a\": 2},", count: 100_000) + "{}]"
    #expect(coreError { () throws(ModelCoreError) in try JSONDocument(honest, path: "honest.json") } == nil)
  }

  /// Unclosed nesting of any depth ends, too, and without using the stack up.
  @Test func unclosedDepth() {
    for character in ["[", "{\"a\":", "[{\"a\":"] {
      let text = String(repeating: character, count: 300_000)
      #expect(coreError { () throws(ModelCoreError) in try JSONDocument(text, path: "deep.json") } != nil)
    }
  }
}
