import Foundation
import ModelCore
import Testing

/// What is written, against hand-written text, the standard library's numbers and Foundation's parser.
@Suite struct JSONWritingTests {
  static let texts: [(JSON, String)] = [
    (.null, "null"), (.bool(true), "true"), (.bool(false), "false"), (.int(0), "0"),
    (.int(.min), "-9223372036854775808"),
    (.int(.max), "9223372036854775807"), (.double(0.5), "0.5"), (.double(-0.0), "-0.0"), (.double(3), "3.0"),
    (.double(1e22), "1e+22"), (.double(0.1), "0.1"), (.float(0.1), "0.1"), (.float(1e-7), "1e-07"),
    (.float(16_777_216), "16777216.0"),
    (.double(.nan), "null"), (.double(.infinity), "null"), (.double(-.infinity), "null"), (.float(.nan), "null"),
    (.float(.infinity), "null"), (.string(""), "\"\""), (.string("a\"b\\c/d"), #""a\"b\\c/d""#),
    (.string("\u{8}\u{C}\n\r\t"), #""\b\f\n\r\t""#), (.string("\u{0}"), #""\u0000""#),
    (.string("a\u{0}b\u{1}"), #""a\u0000b\u0001""#),
    (.string("\u{1F}\u{7F}"), "\"\\u001f\u{7F}\""), (.string("é😀\u{2028}"), "\"é😀\u{2028}\""), (.array([]), "[]"),
    (.object([]), "{}"),
  ]

  @Test func scalarsAreWrittenSo() {
    for (value, text) in Self.texts {
      // json-c puts spaces where JSON allows them; the values have none inside.
      #expect(value.text().filter { $0 != " " } == text)
    }
  }

  @Test func everythingIsOnOneLineUnlessPretty() {
    let value = JSON.object([("a", .array([.int(1), .string("x\ny")])), ("b", .object([("c", .null)]))])
    #expect(!value.text().contains("\n"))
    #expect(value.text(pretty: true).split(separator: "\n").count > 3)
    #expect(value.text().filter { $0 != " " } == #"{"a":[1,"x\ny"],"b":{"c":null}}"#)
    #expect(value.text(pretty: true).filter { $0 != " " && $0 != "\n" } == #"{"a":[1,"x\ny"],"b":{"c":null}}"#)
  }

  /// The text is part of files that are the same on every machine, to the space.
  @Test func spaces() {
    let value = JSON.object([
      ("none", .array([])), ("nothing", .object([])), ("some", .array([.int(1), .bool(true)])),
      ("in", .object([("x", .null)])),
    ])
    #expect(value.text() == #"{ "none": [ ], "nothing": { }, "some": [ 1, true ], "in": { "x": null } }"#)
    let lines = [
      "{", #"  "none": [],"#, #"  "nothing": {},"#, #"  "some": ["#, "    1,", "    true", "  ],", #"  "in": {"#,
      #"    "x": null"#,
      "  }", "}",
    ]
    #expect(value.text(pretty: true) == lines.joined(separator: "\n"))
  }

  @Test func membersKeepTheirOrder() throws {
    let keys = (0..<200).map { "key \(($0 * 37) % 200)" }
    let text = JSON.object(keys.map { ($0, .string($0)) }).text()
    #expect(try parsed(text).keys == keys)
    let positions = try keys.map { try #require(text.range(of: "\"\($0)\":")).lowerBound }
    #expect(positions == positions.sorted())
  }

  static let edges: [Double] = [
    0, -0.0, 1, .pi, 1.0 / 3, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .ulpOfOne, 1e15,
    9_007_199_254_740_991, 1e16, 1e17, 1e21, 1e-4, 1e-5, 123_456_789_012_345_680,
    Double(bitPattern: 0x000F_FFFF_FFFF_FFFF),
  ]

  @Test func doublesReadBackTheSame() throws {
    var generator = SeededGenerator(state: 1)
    let random = (0..<20_000).map { _ in Double(bitPattern: generator.next()) }.filter(\.isFinite)
    let values = Self.edges + Self.edges.map { -$0 } + random
    let text = JSON.array(values.map { .double($0) }).text()
    let back = try parsed(text).elements().map { try $0.requireDouble() }
    #expect(back.map(\.bitPattern) == values.map(\.bitPattern))
    // The shortest: no number is longer than the 17 digits that always do, sign, point and exponent.
    #expect(text.split(separator: ",").allSatisfy { $0.count <= 27 })
  }

  /// 7.038531e-26 is the shortest text of a float; read as a double, as JSON is, it rounds to the float beside it.
  @Test func floatsReadBackTheSame() throws {
    var generator = SeededGenerator(state: 2)
    let random = (0..<50_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
    let edges: [Float] = [
      .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 0.1, 1e-7, 16_777_215, 7.038531e-26,
      8.589973e9,
    ]
    let values = (edges + edges.map { -$0 } + random).filter(\.isFinite)
    let text = JSON.array(values.map { .float($0) }).text()
    let back = try parsed(text).elements().map { Float(try $0.requireDouble()) }
    #expect(back.map(\.bitPattern) == values.map(\.bitPattern))
    // A float is written with its own digits, not with those of the double that it widens to.
    #expect(text.split(separator: ",").count { $0.count > 17 } <= 2)
  }

  @Test func stringsReadBackTheSame() throws {
    var generator = SeededGenerator(state: 3)
    var strings = (0..<0x20).map { "a\(Character(Unicode.Scalar(UInt8($0))))b" }
    strings += [
      "", "\u{0}", "\u{0}\u{0}x", "\"", "\\", "\\u0041", "</script>", "é", "e\u{301}", "\u{10FFFF}", "\u{FEFF}x",
    ]
    for _ in 0..<500 {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<(generator.next() % 12) {
        if let scalar = Unicode.Scalar(UInt32(generator.next() % 0x11_0000)) { scalars.append(scalar) }
      }
      strings.append(String(scalars))
    }
    let text = JSON.array(strings.map { .string($0) }).text()
    let ours = try parsed(text).elements().map { Array(try $0.requireString().utf8) }
    #expect(ours == strings.map { Array($0.utf8) })
    // Foundation drops a U+FEFF that starts a string.
    let plain = strings.filter { $0.unicodeScalars.first != "\u{FEFF}" }
    let data = Data(JSON.array(plain.map { .string($0) }).text().utf8)
    let foundation = try #require(try JSONSerialization.jsonObject(with: data) as? [String])
    #expect(foundation.map { Array($0.utf8) } == plain.map { Array($0.utf8) })
  }

  @Test func longStrings() throws {
    let long = String(repeating: "0123456789abcde\u{0}", count: 200_000)
    #expect(try parsed(JSON.string(long).text() + "\n").requireString() == long)
  }

  /// Parsing and writing again changes nothing but white space.
  @Test(arguments: [
    #"{"a":[1,-2,0.5,1e+300,true,false,null],"b":{"c":"d\n\u0000é","e":{}},"f":[],"":""}"#, "[[[[]]]]", "\"x\"", "7",
    "null",
    "{\"z\":1,\"a\":2,\"m\":{\"z\":1,\"a\":2}}", "true", "-0.0",
  ])
  func roundTrip(_ text: String) throws {
    let written = try parsed(text).json.text()
    #expect(written.filter { $0 != " " } == text)
    #expect(try parsed(written).json.text() == written)
  }

  @Test func configurationsRoundTrip() throws {
    for folder in [Fixtures.debianTags, Fixtures.randomTiny] {
      for name in ["config.json", "tokenizer_config.json"] {
        let data = Data(try contents("\(folder)/\(name)"))
        let written = try JSONDocument(contentsOf: "\(folder)/\(name)").root.json.text()
        let before = try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
        let after = try #require(try JSONSerialization.jsonObject(with: Data(written.utf8)) as? NSDictionary)
        #expect(before == after)
      }
    }
  }
}
