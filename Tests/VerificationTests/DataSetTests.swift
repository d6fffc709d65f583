import ModelCore
import Testing
import Verification

@Suite final class DataSetTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let first = #"{"text": "one", "all_labels": ["a", "b"], "true_labels": ["b"]}"#
  static let second = #"{"text": "two", "all_labels": ["b", "a", "c"], "true_labels": []}"#

  func read(_ text: String) throws -> DataSet { try DataSet(path: folder.write("data.jsonl", text)) }

  func error(_ text: String) throws -> VerificationError? {
    let path = try folder.write("data.jsonl", text)
    return verificationError { () throws(VerificationError) in try DataSet(path: path) }
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let goodForms: [String] = [
    "\(first)\n\(second)\n", "\(first)\n\(second)", "\(first)\r\n\(second)\r\n",
    "\n\n\(first)\n  \n\t\r\n\(second)\n\n\n",
    "[\(first),\(second)]", " \n [\n\(first) ,\n\n\(second)\n]\n", "  \(first)  \n\t\(second)\t",
  ]

  /// JSONL with every kind of line end, and the array form, say the same.
  @Test(arguments: goodForms)
  func forms(_ text: String) throws {
    let data = try read(text)
    #expect(data.examples.map(\.text) == ["one", "two"])
    #expect(data.examples.map(\.labels) == [["a", "b"], ["b", "a", "c"]])
    #expect(data.examples.map(\.trueLabels) == [["b"], []])
  }

  @Test func fixtures() throws {
    #expect(try DataSet(path: Fixtures.randomTiny + "/eval.jsonl").examples.count == 20)
    let debian = try DataSet(path: Fixtures.debianTags + "/eval.jsonl")
    #expect(debian.examples.count == 200)
    #expect(debian.examples[0].labels == ["shell", "devel lib", "text processing", "Java", "Go", "qt"])
    #expect(debian.examples[0].trueLabels == ["Java"])
  }

  @Test func otherMembersAreIgnored() throws {
    let data = try read(#"{"id": 7, "text": "", "all_labels": ["a"], "true_labels": [], "source": null}"#)
    #expect(data.examples.count == 1 && data.examples[0].labels == ["a"])
  }

  /// Examples are found by text and labels, the order of the labels included.
  @Test func joins() throws {
    let data = try read(
      "\(Self.first)\n\(Self.second)\n" + #"{"text":"one","all_labels":["b","a"],"true_labels":["a"]}"#)
    #expect(data.example(text: "one", labels: ["a", "b"])?.trueLabels == ["b"])
    #expect(data.example(text: "one", labels: ["b", "a"])?.trueLabels == ["a"])
    #expect(data.example(text: "one", labels: ["a"]) == nil)
    #expect(data.example(text: "One", labels: ["a", "b"]) == nil)
    #expect(data.example(text: "one ", labels: ["a", "b"]) == nil)
  }

  /// Texts and labels are what their bytes say: the model reads é and e + U+0301 differently.
  @Test func joinsByBytes() throws {
    let data = try read(
      "{\"text\":\"\u{E9}\",\"all_labels\":[\"x\"],\"true_labels\":[\"x\"]}\n"
        + "{\"text\":\"e\u{301}\",\"all_labels\":[\"x\"],\"true_labels\":[]}\n")
    #expect(data.example(text: "\u{E9}", labels: ["x"])?.trueLabels == ["x"])
    #expect(data.example(text: "e\u{301}", labels: ["x"])?.trueLabels == [])
  }

  @Test func missingFile() {
    let path = folder.path + "/absent"
    let error = verificationError { () throws(VerificationError) in try DataSet(path: path) }
    guard case .underlying(let core as ModelCoreError) = error, case .cannotOpen(path, _) = core else {
      Issue.record("expected cannotOpen, found \(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(error?.exitStatus == .missingInput && error?.message == core.message)
  }

  @Test(arguments: ["", "\n\n", " \t\r\n", "[]", " [ ] \n"])
  func empty(_ text: String) throws {
    guard case .empty(let path) = try error(text) else {
      Issue.record("expected empty")
      return
    }
    #expect(path.hasSuffix("/data.jsonl"))
  }

  static let malformed: [(String, String)] = [
    ("{}", "object"), (#"{"text":"x","all_labels":["a"]}"#, "text, all_labels"),
    (#"{"text":"x","true_labels":["a"]}"#, "text, true_labels"), (#"{"all_labels":[],"true_labels":[]}"#, "all_labels"),
    (#"{"text":1,"all_labels":["a"],"true_labels":[]}"#, "text"),
    (#"{"text":"x","all_labels":"a","true_labels":[]}"#, "text"),
    (#"{"text":"x","all_labels":["a",1],"true_labels":[]}"#, "text"),
    (#"{"text":"x","all_labels":["a"],"true_labels":null}"#, "text"),
    (#"{"text":"x","all_labels":["a"],"true_labels":["b"]}"#, "\"b\""), ("7 ", "7"), ("7", "7"), ("null", "null"),
    ("\"x\"", "\"x\""), (#"{"text":"x","all_labels":["a"," "],"true_labels":[]}"#, "label 2"),
    (#"{"text":"x","all_labels":[""],"true_labels":[]}"#, "label 1"),
  ]

  /// The line (of an array: the element) is named, and what is there.
  @Test(arguments: malformed)
  func badLines(_ line: String, _ found: String) throws {
    let wrapped = [
      ("\(Self.first)\n\n\(line)\n\(Self.second)\n", 3), ("[\(Self.first),\(line)]", 2),
      ("\(Self.first)\r\n\(line)", 2),
    ]
    for (text, number) in wrapped {
      let error = try error(text)
      guard case .malformedLine(let path, number, let expected, let actual) = error else {
        Issue.record("expected malformedLine \(number), found \(error.map { "\($0)" } ?? "no error")")
        continue
      }
      #expect(path.hasSuffix("/data.jsonl") && !expected.isEmpty)
      #expect(actual.contains(found))
      #expect(error?.message.contains("line \(number): expected") == true)
      #expect(error?.exitStatus == .badData)
    }
  }

  @Test func brokenJSONNamesItsLine() throws {
    for (text, line) in [("\(Self.first)\n\n{\"text\":\n", 3), ("{'a':1}", 1), ("\(Self.first)\n\(Self.first) x\n", 2)]
    {
      let error = try error(text)
      guard case .underlying(let core as ModelCoreError) = error, case .invalidJSON(let path, _, _) = core else {
        Issue.record("expected invalidJSON, found \(error.map { "\($0)" } ?? "no error")")
        continue
      }
      #expect(path.hasSuffix("/data.jsonl: line \(line)"))
    }
    guard case .underlying(let core as ModelCoreError) = try error("[\(Self.first),]"), case .invalidJSON = core else {
      Issue.record("expected invalidJSON")
      return
    }
  }
}
