import Checkpoints
import ModelCore
import Testing

/// Headers that some reader of JSON would take and RFC 8259 does not, or that two readers would read in two ways.
@Suite struct SafetensorsJSONZooTests {
  static let notJSON: [BadFile] = [
    BadFile(json: "{¶'a':1}", "expected a string as key"),
    BadFile(json: "{¶1:1}", "expected a string as key"),
    BadFile(json: "{¶", "expected a string as key"),
    BadFile(json: "{¶/* a */}", "expected a string as key"),
    BadFile(json: "{\"a\":¶/**/1}", "expected a JSON value"),
    BadFile(json: "{}¶// a", "unexpected bytes after the value"),
    BadFile(json: "{\"a\":1,¶}", "expected a string as key"),
    BadFile(json: "{\"a\":[2,¶]}", "expected a JSON value"),
    BadFile(json: "{\"a\":[2 ¶3]}", "expected ',' or ']'"),
    BadFile(json: "{\"a\" ¶1}", "expected ':'"),
    BadFile(json: "{\"a\":1 ¶\"b\":2}", "expected ',' or '}'"),
    BadFile(json: "{\"a\":¶}", "expected a JSON value"),
    BadFile(json: "{\"a\":¶'F32'}", "expected a JSON value"),
    BadFile(json: "{\"a\":¶True}", "expected a JSON value"),
    BadFile(json: "{\"a\":nul¶}", "expected a JSON value"),
  ]

  static let numbers: [BadFile] = [
    BadFile(json: "{\"a\":¶NaN}", "expected a JSON value"),
    BadFile(json: "{\"a\":n¶an}", "expected a JSON value"),
    BadFile(json: "{\"a\":¶Infinity}", "expected a JSON value"),
    BadFile(json: "{\"a\":-¶Infinity}", "expected a JSON value"),
    BadFile(json: "{\"a\":-¶}", "expected a JSON value"),
    BadFile(json: "{\"a\":¶+8}", "expected a JSON value"),
    BadFile(json: "{\"a\":¶08}", "leading zero in a number"),
    BadFile(json: "{\"a\":-¶00}", "leading zero in a number"),
    BadFile(json: "{\"a\":0¶x8}", "expected ',' or '}'"),
    BadFile(json: "{\"a\":¶.5}", "expected a JSON value"),
    BadFile(json: "{\"a\":5.¶}", "expected a JSON value"),
    BadFile(json: "{\"a\":5e¶}", "expected a JSON value"),
    BadFile(json: "{\"a\":1¶_000}", "expected ',' or '}'"),
    BadFile(json: "{\"a\":¶9223372036854775808}", "integer beyond 64 bits"),
    BadFile(json: "{\"a\":¶18446744073709551616}", "integer beyond 64 bits"),
    BadFile(json: "{\"a\":¶18446744073709551624}", "integer beyond 64 bits"),
    BadFile(json: "{\"a\":¶-9223372036854775809}", "integer beyond 64 bits"),
  ]

  static let keys: [BadFile] = [
    BadFile(json: "{\"a\":1,¶\"\\u0061\":2}", "duplicate key \"a\""),
    BadFile(json: "{\"a\":{\"dtype\":\"F32\",¶\"dtype\":\"U8\"}}", "duplicate key \"dtype\""),
    BadFile(json: "{\"__metadata__\":{},¶\"__metadata__\":{}}", "duplicate key \"__metadata__\""),
    BadFile(json: "{\"__metadata__\":{\"x\":\"1\",¶\"x\":\"2\"}}", "duplicate key \"x\""),
    // Either half of a pair alone is no character: both become U+FFFD.
    BadFile(json: "{\"\\uD800\":1,¶\"\\uDC00\":2}", "duplicate key \"\u{FFFD}\""),
    BadFile(json: "{¶\"a\\u0000\":1}", "NUL in a key"),
  ]

  static let strings: [BadFile] = [
    BadFile(json: "{\"a¶\0\":1}", "control character in a string"),
    BadFile(json: "{\"a¶\n\":1}", "control character in a string"),
    BadFile(json: "{\"a¶\u{1F}\":1}", "control character in a string"),
    BadFile(json: "{\"a¶", "unterminated string"),
    BadFile(json: "{\"a\\¶x41\":1}", "unknown escape"),
    BadFile(json: "{\"a\\u00¶G0\":1}", "expected four hex digits"),
    BadFile(bytes: [0xFF], "a byte of no character"),
    BadFile(bytes: [0xE9], "é in Latin-1"),
    BadFile(bytes: [0xC0, 0x80], "NUL in two bytes"),
    BadFile(bytes: [0xC1, 0xA1], "a in two bytes"),
    BadFile(bytes: [0xE0, 0x81, 0xA1], "a in three bytes"),
    BadFile(bytes: [0xED, 0xA0, 0x80], "half of a pair in UTF-8"),
    BadFile(bytes: [0xF4, 0x90, 0x80, 0x80], "beyond U+10FFFF"),
    BadFile(bytes: [0xE2, 0x82], "cut character"),
  ]

  static let ends: [BadFile] = [
    BadFile(json: "{}¶{}", "unexpected bytes after the value"),
    BadFile(json: "{} ¶x", "unexpected bytes after the value"),
    BadFile(json: "{}¶\0\0\0\0\0\0", "unexpected bytes after the value"),
    BadFile(json: "{}¶,", "unexpected bytes after the value"),
    BadFile(json: "{¶\0}", "expected a string as key"),
    // 64 levels are allowed, of which the header itself is one.
    BadFile(json: "{\"a\":\(String(repeating: "[", count: 63))¶[[", "nested deeper than 64 levels"),
    BadFile(json: "{\"a\":\(String(repeating: "[", count: 63))¶\(deep)", "nested deeper than 64 levels"),
    BadFile(json: "\(String(repeating: "{\"a\":", count: 64))¶{}", "nested deeper than 64 levels"),
  ]

  static let deep = String(repeating: "[", count: 300_000)

  static let starts: [BadFile] = [
    BadFile("byte-order mark", safetensors(header: [0xEF, 0xBB, 0xBF, 0x7B, 0x7D])) {
      .headerNotObject(path: $0, found: 0xEF)
    },
    BadFile("UTF-16", safetensors(header: [0xFF, 0xFE, 0x7B, 0, 0x7D, 0])) {
      .headerNotObject(path: $0, found: 0xFF)
    },
    BadFile("UTF-16 without mark", safetensors(header: [0, 0x7B, 0, 0x7D])) {
      .headerNotObject(path: $0, found: 0)
    },
    BadFile("spaces alone", safetensors("        ")) { .headerNotObject(path: $0, found: 0x20) },
    BadFile("line end first", safetensors("\n{}")) { .headerNotObject(path: $0, found: 0x0A) },
    BadFile("null", safetensors("null")) { .headerNotObject(path: $0, found: 0x6E) },
    BadFile("string", safetensors("\"{}\"")) { .headerNotObject(path: $0, found: 0x22) },
    BadFile("number", safetensors("7")) { .headerNotObject(path: $0, found: 0x37) },
  ]

  @Test(arguments: notJSON + numbers + keys + strings + ends + starts)
  func isRefused(_ bad: BadFile) throws { try SafetensorsErrorTests().isRefused(bad) }

  /// What RFC 8259 allows is read, however odd.
  @Test func oddHeadersAreFine() throws {
    let folder = try TemporaryFolder()
    let headers = [
      "{\"\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
      "{\t\r\n \"../../a\" : { \"data_offsets\" : [ 0 , 8 ] , \"shape\" : [ 8 ] , \"dtype\" : \"\\u00558\" } }\n\t\r ",
      "{\"\\u0001\\u001b[31m\\u2028\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}",
      "{\"a\\/b\\\"\\\\\":{\"dtype\":\"U8\",\"shape\":[1,8,1],\"data_offsets\":[0,8]},\"__metadata__\":{}}",
      "{\"\u{10FFFF}\\uD83D\\uDE00\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
      // The reference implementation refuses both: half a pair is U+FFFD here, and -0 is 0.
      "{\"\\uD800\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[-0,8]}}",
      // Equal to Swift and to Unicode, not to the bytes.
      "{\"\u{E9}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
        + "\"e\u{301}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
    ]
    let names = [
      [""], ["../../a"], ["\u{1}\u{1B}[31m\u{2028}"], ["a/b\"\\"], ["\u{10FFFF}😀"], ["\u{FFFD}"], ["a"],
      ["\u{E9}", "e\u{301}"],
    ]
    for (header, names) in zip(headers, names) {
      let path = try folder.write("odd.safetensors", safetensors(header, data: Array(repeating: 1, count: 8)))
      #expect(try SafetensorsFile(path: path).tensors.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
    }
  }

  /// A name may hold what a terminal obeys: messages show it as an escape.
  @Test func messagesAreOneLine() throws {
    let folder = try TemporaryFolder()
    let name = "a\\n\\u001b[31m\\u2029\\u0085"
    let header = SafetensorsErrorTests.tensor(name, "F128", "[2]", "[0,8]")
    let path = try folder.write("bad.safetensors", safetensors("{\(header)}", data: Array(repeating: 1, count: 8)))
    let error = try #require(checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: path) })
    #expect(error.message.contains("a\\n\\u{1B}[31m\\u{2029}\\u{0085}: expected a dtype"))
  }

  /// A name of megabytes does not fill the log.
  @Test func messagesAreShort() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "n", count: 3_000_000)
    for header in [
      SafetensorsErrorTests.tensor(name, "F32", "[1]", "[0,8]"),
      "\"\(name)\":{}", SafetensorsErrorTests.tensor("\\u0007\(name)", "F32", "[1]", "[0,8]"),
    ] {
      let path = try folder.write("bad.safetensors", safetensors("{\(header)}", data: Array(repeating: 1, count: 8)))
      let error = try #require(checkpointError { () throws(CheckpointError) in try SafetensorsFile(path: path) })
      #expect(error.message.hasPrefix(path) && error.message.hasSuffix(" more characters"))
      #expect(error.message.utf8.count < 16_500)
      #expect("error: \(error.message)".onOneLine == "error: \(error.message)")
    }
  }
}

extension BadFile {
  /// A header that is no JSON from the mark `¶` on.
  init(json: String, _ reason: String) {
    let parts = json.split(separator: "¶", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let offset = parts[0].utf8.count
    self.init(String(json.prefix(60)), safetensors(parts.joined(), data: Array(repeating: 1, count: 8))) {
      .core(.invalidJSON(path: $0, offset: offset, reason: reason))
    }
  }

  /// A header with a name of these bytes, which are not UTF-8.
  init(bytes: [UInt8], _ name: String) {
    self.init(name, safetensors(header: [0x7B, 0x22, 0x61] + bytes + [0x22, 0x3A, 0x31, 0x7D])) {
      .core(.invalidJSON(path: $0, offset: 3, reason: "not UTF-8"))
    }
  }
}

/// The bytes of a safetensors file without data.
func safetensors(header: [UInt8]) -> [UInt8] {
  (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
}
