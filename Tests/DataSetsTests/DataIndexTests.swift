import DataSets
import Foundation
import ModelCore
import Testing

@Suite final class DataIndexTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let first = #"{"text": "one", "all_labels": ["a", "b"], "true_labels": ["b"]}"#
  static let second = #"{"text": "two", "all_labels": ["b", "a", "c"], "true_labels": []}"#
  static let bare = #"{"text": "three", "all_labels": ["a"]}"#

  func index(_ text: String, _ name: String = "data.jsonl") throws -> DataIndex {
    try DataIndex(path: folder.write(name, text))
  }

  func examples(_ text: String) throws -> [DataExample] {
    var reader = try ExampleReader(path: folder.write("data.jsonl", text))
    var examples: [DataExample] = []
    while let example = try reader.next() { examples.append(example) }
    return examples
  }

  func error(_ text: String) throws -> DataSetError? {
    let path = try folder.write("data.jsonl", text)
    return dataSetError { () throws(DataSetError) in try DataIndex(path: path) }
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let goodForms: [String] = [
    "\(first)\n\(second)\n", "\(first)\n\(second)", "\(first)\r\n\(second)\r\n",
    "\n\n\(first)\n  \n\t\r\n\(second)\n\n\n", "[\(first),\(second)]", " \n [\n\(first) ,\n\n\(second)\n]\n",
    "  \(first)  \n\t\(second)\t",
  ]

  /// JSONL with every kind of line end, and the array form, say the same.
  @Test(arguments: goodForms)
  func forms(_ text: String) throws {
    let examples = try examples(text)
    #expect(examples.map(\.text) == ["one", "two"])
    #expect(examples.map(\.labels) == [["a", "b"], ["b", "a", "c"]])
    #expect(examples.map(\.trueLabels) == [["b"], []])
    let index = try index(text)
    #expect(index.count == 2 && index.decisionCount == 5 && index.labelCount == 3 && index.hasTruth)
    #expect(index.truths(of: 0) == [false, true])
    #expect(index.truths(of: 1) == [false, false, false])
    #expect(index.entries(text: "two", labels: ["b", "a", "c"]) == [1])
    #expect(examples.map(\.line) == [index.line(of: 0), index.line(of: 1)])
  }

  /// As `sha256sum` says, of a file of more than one piece, too.
  @Test func digest() throws {
    let text = Self.first + "\n"
    let path = try folder.write("hashed.jsonl", text)
    #expect(try DataIndex(path: path).sha256 == sha256sum(path))
    let long = try folder.write("long.jsonl", String(repeating: Self.first + "\n\n", count: 60_000))
    #expect(try FileManager.default.attributesOfItem(atPath: long)[.size] as? Int ?? 0 > 3 << 20)
    let index = try DataIndex(path: long)
    #expect(index.sha256 == sha256sum(long))
    #expect(index.count == 60_000 && index.line(of: 59_999) == 119_999)
    #expect(index.entries(text: "one", labels: ["a", "b"]) == Array(0..<60_000))
  }

  private func sha256sum(_ path: String) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return "sha256sum cannot be run" }
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return String(output.prefix(64))
  }

  @Test func fixtures() throws {
    let tiny = try DataIndex(path: Fixtures.randomTiny + "/eval.jsonl")
    #expect(tiny.count == 20 && tiny.hasTruth)
    let debian = try DataIndex(path: Fixtures.debianTags + "/eval.jsonl")
    #expect(debian.count == 200)
    var reader = try ExampleReader(path: Fixtures.debianTags + "/eval.jsonl")
    var position = 0
    while let example = try reader.next() {
      #expect(debian.entries(text: example.text, labels: example.labels).contains(position))
      #expect(debian.truths(of: position) == example.truths)
      #expect(debian.labelCount(of: position) == example.labels.count)
      position += 1
    }
    #expect(position == 200)
  }

  /// Several lines may have the same text and labels, with other truths.
  @Test func duplicates() throws {
    let other = #"{"text": "one", "all_labels": ["a", "b"], "true_labels": ["a"]}"#
    let index = try index("\(Self.first)\n\(Self.second)\n\n\(other)\n\(Self.first)\n")
    #expect(index.entries(text: "one", labels: ["a", "b"]) == [0, 2, 3])
    #expect(index.entries(text: "one", labels: ["b", "a"]) == [])
    #expect(index.entries(text: "one", labels: ["a"]) == [])
    #expect(index.entries(text: "One", labels: ["a", "b"]) == [])
    #expect([0, 1, 2, 3].map(index.line) == [1, 2, 4, 5])
    #expect([0, 2, 3].map(index.truths) == [[false, true], [true, false], [false, true]])
  }

  /// Texts and labels are what their bytes say: the model reads é and e + U+0301 differently. And where one ends is part of it.
  @Test func bytes() throws {
    let index = try index(
      "{\"text\":\"\u{E9}\",\"all_labels\":[\"x\"],\"true_labels\":[\"x\"]}\n"
        + "{\"text\":\"e\u{301}\",\"all_labels\":[\"x\"],\"true_labels\":[]}\n"
        + "{\"text\":\"t\",\"all_labels\":[\"e\u{301}\",\"\u{E9}\"],\"true_labels\":[\"\u{E9}\"]}\n"
        + "{\"text\":\"t\",\"all_labels\":[\"ab\",\"c\"],\"true_labels\":[]}\n"
        + "{\"text\":\"t\",\"all_labels\":[\"a\",\"bc\"],\"true_labels\":[]}\n"
        + "{\"text\":\"ta\",\"all_labels\":[\"bc\"],\"true_labels\":[]}\n")
    #expect(index.entries(text: "\u{E9}", labels: ["x"]) == [0])
    #expect(index.entries(text: "e\u{301}", labels: ["x"]) == [1])
    #expect(index.truths(of: 2) == [false, true])
    #expect(index.entries(text: "t", labels: ["a", "bc"]) == [4])
    #expect(index.labelCount == 7)
  }

  @Test func withoutTruth() throws {
    let index = try index("\(Self.bare)\n\(Self.bare)\n")
    #expect(!index.hasTruth && index.count == 2 && index.truths(of: 1) == [false])
    #expect(try examples(Self.bare).map(\.truths) == [nil])
  }

  /// Truth in some lines only is a mistake, whichever come first.
  @Test func partialTruth() throws {
    for (text, line) in [
      ("\(Self.first)\n\(Self.bare)\n\(Self.bare)", 2), ("\n\(Self.bare)\n\(Self.bare)\n\(Self.first)", 2),
    ] {
      guard case .malformedLine(_, line, let expected, _) = try error(text) else {
        Issue.record("expected malformedLine \(line), found \(try error(text).map { "\($0)" } ?? "no error")")
        continue
      }
      #expect(expected.contains("true_labels"))
    }
  }

  static let malformed: [(String, String)] = [
    ("{}", "object"), (#"{"text":"x","true_labels":["a"]}"#, "text, true_labels"),
    (#"{"all_labels":[],"true_labels":[]}"#, "all_labels"),
    (#"{"text":1,"all_labels":["a"],"true_labels":[]}"#, "text"),
    (#"{"text":"x","all_labels":"a","true_labels":[]}"#, "text"),
    (#"{"text":"x","all_labels":["a",1],"true_labels":[]}"#, "text"),
    (#"{"text":"x","all_labels":["a"],"true_labels":null}"#, "text"),
    (#"{"text":"x","all_labels":["a"],"true_labels":"a"}"#, "text"),
    (#"{"text":"x","all_labels":["a"],"true_labels":["b"]}"#, "\"b\""), ("7", "7"), ("null", "null"),
    ("\"x\"", "\"x\""),
    (#"{"text":"x","all_labels":["a"," "],"true_labels":[]}"#, "label 2"),
    (#"{"text":"x","all_labels":[""],"true_labels":[]}"#, "label 1"),
    (#"{"text":"x","all_labels":[],"true_labels":[]}"#, "none"),
    (#"{"text":"x","all_labels":["a","b","a"],"true_labels":[]}"#, "label 1 and label 3"),
    (#"{"text":"x","all_labels":["a"],"true_labels":["A"]}"#, "\"A\""),
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
      #expect(error?.exitStatus == .badData)
    }
  }

  @Test(arguments: ["", "\n\n", " \t\r\n", "[]", " [ ] \n"])
  func empty(_ text: String) throws {
    guard case .empty = try error(text) else {
      Issue.record("expected empty")
      return
    }
  }

  @Test func missingFile() {
    let path = folder.path + "/absent"
    let error = dataSetError { () throws(DataSetError) in try DataIndex(path: path) }
    #expect(error?.exitStatus == .missingInput)
  }

  @Test func brokenJSONNamesItsLine() throws {
    for (text, line) in [("\(Self.first)\n\n{\"text\":\n", 3), ("{'a':1}", 1), ("\(Self.first)\n\(Self.first) x\n", 2)]
    {
      let error = try error(text)
      #expect(error?.message.contains("/data.jsonl: line \(line): invalid JSON") == true)
    }
  }
}
