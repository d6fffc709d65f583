import ModelCore
import Testing

@Suite struct JSONValueTests {
  static let text = #"""
    {"null":null,"true":true,"false":false,"int":-42,"big":9223372036854775807,"small":-9223372036854775808,
     "double":0.5,"exponent":1e3,"minus zero":-0.0,"huge":1e400,"string":"a\u0000b\u00e9\ud83d\ude00","empty":"",
     "lone":"x\ud800y","array":[1,"two",[3,{"deep":4}]],"object":{"inner":{"x":1},"list":[]}, "nothing":[]}
    """#

  func root() throws -> JSONValue { try parsed(Self.text, path: "values.json") }

  @Test func scalars() throws {
    let root = try root()
    #expect(root.isObject && !root.isNull)
    #expect(root.member("null")?.isNull == true)
    #expect(root.member("true")?.bool == true)
    #expect(root.member("false")?.bool == false)
    #expect(root.member("int")?.int == -42)
    #expect(root.member("int")?.double == -42)
    #expect(root.member("big")?.int == Int.max)
    #expect(root.member("small")?.int == Int.min)
    #expect(root.member("double")?.double == 0.5)
    #expect(root.member("exponent")?.double == 1000)
    #expect(root.member("minus zero")?.double?.bitPattern == (-0.0).bitPattern)
    #expect(root.member("huge")?.double == .infinity)
    #expect(root.member("empty")?.string == "")
    let string = try #require(root.member("string")?.string)
    #expect(string.unicodeScalars.map(\.value) == [0x61, 0, 0x62, 0xE9, 0x1F600])
    #expect(root.member("lone")?.string == "x\u{FFFD}y")
  }

  /// Escaped pairs of surrogates, from every plane, against the characters they stand for.
  @Test func escapedSurrogates() throws {
    let scalars = ([0x10000, 0x10FFFF, 0x1F600, 0x10_3FF] + Array(stride(from: 0x10000, through: 0x10FFFF, by: 61)))
      .compactMap { Unicode.Scalar(UInt32($0)) }
    for (before, after) in [("", ""), ("\\\\", "\\n"), ("é", "\\u0041")] {
      let pairs = scalars.map { scalar in
        let units = String(scalar).utf16.map { "\\u" + String($0, radix: 16) }
        return "\"\(before)\(units.joined())\(after)\""
      }
      let found = try parsed("[" + pairs.joined(separator: ",") + "]").elements().map { try $0.requireString() }
      let (left, right) = (before == "\\\\" ? "\\" : before, after == "\\n" ? "\n" : after.isEmpty ? "" : "A")
      #expect(found.map { Array($0.utf8) } == scalars.map { Array("\(left)\($0)\(right)".utf8) })
    }
    let keys = try parsed(#"{"\uD83D\uDE00":1,"\\ud83d\\ude00":2,"\ud83d":3,"a\\\ud83d\ude00":4}"#).keys
    #expect(keys == ["\u{1F600}", #"\ud83d\ude00"#, "\u{FFFD}", "a\\\u{1F600}"])
  }

  /// No value passes for one of another type.
  @Test func typesAreKeptApart() throws {
    let root = try root()
    let names = ["null", "true", "int", "double", "string", "array", "object"]
    let values = try names.map { try #require(root.member($0)) }
    #expect(values.map(\.isNull) == [true, false, false, false, false, false, false])
    #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false, false])
    #expect(values.map { $0.int != nil } == [false, false, true, false, false, false, false])
    #expect(values.map { $0.double != nil } == [false, false, true, true, false, false, false])
    #expect(values.map { $0.string != nil } == [false, false, false, false, true, false, false])
    #expect(values.map { $0.count != nil } == [false, false, false, false, false, true, false])
    #expect(values.map(\.isObject) == [false, false, false, false, false, false, true])
    // An exponent makes a number that is no integer here, whatever its value.
    #expect(root.member("exponent")?.int == nil)
    #expect(values.map(\.keys.count) == [0, 0, 0, 0, 0, 0, 2])
    #expect(values.allSatisfy { $0.isObject || $0.member("x") == nil })
  }

  @Test func containers() throws {
    let root = try root()
    #expect(root.keys.prefix(4) == ["null", "true", "false", "int"])
    #expect(root.keys.count == 16)
    #expect(root.member("absent") == nil)
    let array = try #require(root.member("array"))
    #expect(array.count == 3)
    #expect(try array.elements().map(\.field) == ["array[0]", "array[1]", "array[2]"])
    #expect(array.element(2).element(1).member("deep")?.int == 4)
    #expect(root.member("nothing")?.count == 0)
    #expect(try root.required("nothing").elements().isEmpty)
  }

  @Test func fieldPaths() throws {
    let root = try root()
    #expect(root.field == "the document")
    #expect(root.member("object")?.member("inner")?.member("x")?.field == "object.inner.x")
    #expect(root.member("array")?.element(2).element(1).member("deep")?.field == "array[2][1].deep")
    let list = try parsed(#"[{"a":[true]}]"#)
    #expect(list.element(0).member("a")?.element(0).field.hasSuffix("[0].a[0]") == true)
  }

  /// The error of every accessor that has one: field, what was expected, what was found.
  @Test func accessorErrors() throws {
    let root = try root()
    func expect(
      _ field: String, _ expected: String, _ found: String, sourceLocation: SourceLocation = #_sourceLocation,
      _ body: () throws(ModelCoreError) -> Any
    ) {
      #expect(
        coreError(body) == .unexpectedJSON(path: "values.json", field: field, expected: expected, found: found),
        sourceLocation: sourceLocation)
    }
    let object = try root.required("object")
    let string = try root.required("string")
    expect("int", "an array", "-42") { () throws(ModelCoreError) in try root.required("int").elements() }
    expect("object", "an array", "an object") { () throws(ModelCoreError) in try object.elements() }
    expect("object.nope", "a value", "nothing") { () throws(ModelCoreError) in try object.required("nope") }
    expect("nope", "a value", "nothing") { () throws(ModelCoreError) in try root.required("nope") }
    expect("array", "an object", "an array") { () throws(ModelCoreError) in try root.required("array").required("x") }
    expect("null", "an object", "null") { () throws(ModelCoreError) in try root.required("null").required("x") }
    expect("double", "an integer from 0 to 9", "0.5") { () throws(ModelCoreError) in
      try root.required("double").requireInt(in: 0...9)
    }
    expect("int", "an integer from 0 to 9", "-42") { () throws(ModelCoreError) in
      try root.required("int").requireInt(in: 0...9)
    }
    expect("true", "an integer from 0 to 9", "true") { () throws(ModelCoreError) in
      try root.required("true").requireInt(in: 0...9)
    }
    expect("int", "a string", "-42") { () throws(ModelCoreError) in try root.required("int").requireString() }
    expect("empty", "true or false", "\"\"") { () throws(ModelCoreError) in try root.required("empty").requireBool() }
    expect("huge", "a number", "1e400") { () throws(ModelCoreError) in try root.required("huge").requireDouble() }
    expect("array[1]", "a number", "\"two\"") { () throws(ModelCoreError) in
      try root.required("array").element(1).requireDouble()
    }
    #expect(
      string.unexpected("x")
        == .unexpectedJSON(
          path: "values.json", field: "string", expected: "x", found: #""a\u0000b"# + "\u{E9}\u{1F600}\""))
    #expect(
      object.unsupported("y")
        == .unsupported(path: "values.json", field: "object", found: "an object", supported: "y"))
  }

  @Test func rangesIncludeTheirEnds() throws {
    let root = try root()
    #expect(try root.required("int").requireInt(in: -42...0) == -42)
    #expect(try root.required("int").requireInt(in: -50 ... -42) == -42)
    #expect(try root.required("big").requireInt(in: 0...Int.max) == Int.max)
    #expect(try root.required("int").requireDouble() == -42)
    #expect(try root.required("true").requireBool())
    #expect(try root.required("empty").requireString() == "")
  }

  /// What is found is quoted, on one line, and never at length.
  @Test func foundIsShort() throws {
    let long = try parsed("{\"x\":\"a\\nb\(String(repeating: "é", count: 10_000))\"}").required("x")
    #expect(long.found.count <= 61)
    #expect(long.found.hasPrefix("\"a\\nb"))
    #expect(!long.unexpected("z").message.contains("\n"))
  }

  /// A document outlives the bytes it was parsed from, and its values keep it alive.
  @Test func valuesKeepTheirDocument() throws {
    func inner() throws -> JSONValue { try parsed(#"{"a":["kept"]}"#).required("a").element(0) }
    #expect(try inner().string == "kept")
  }
}

@Suite final class JSONFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func readsFiles() throws {
    let good = try folder.write("good.json", Array("{\"a\":1}\n".utf8))
    #expect(try JSONDocument(contentsOf: good).root.member("a")?.int == 1)
    #expect(try JSONDocument(contentsOf: good).path == good)
    let empty = try folder.write("empty.json", [])
    #expect(
      coreError { () throws(ModelCoreError) in try JSONDocument(contentsOf: empty) }
        == .invalidJSON(path: empty, offset: 0, reason: "unexpected end"))
    let bad = try folder.write("bad.json", Array("[1,]".utf8))
    guard case .invalidJSON(bad, 3, _) = coreError({ () throws(ModelCoreError) in try JSONDocument(contentsOf: bad) })
    else {
      Issue.record("expected invalidJSON at 3")
      return
    }
    guard case .cannotOpen = coreError({ () throws(ModelCoreError) in try JSONDocument(contentsOf: folder.path) })
    else {
      Issue.record("expected cannotOpen for a folder")
      return
    }
  }
}
