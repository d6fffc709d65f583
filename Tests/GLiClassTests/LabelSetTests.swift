import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Labels and what is read as labels. Expected values are what `flatten_hierarchical_labels` and `build_hierarchical_output`
/// of gliclass 0.1.21 give.
@Suite struct LabelSetTests {
  @Test func groupsAreFlattened() throws {
    let labels = try LabelSet(
      json: """
        {"sentiment": ["positive", "negative"], "topic": {"product": ["phone", "laptop"], "service": "good"},
         "": ["x"], "e": {"": ["y"]}}
        """)
    #expect(
      labels.names == [
        "sentiment.positive", "sentiment.negative", "topic.product.phone", "topic.product.laptop", "topic.service.good",
        "x", "e..y",
      ])
    #expect(
      labels.structure
        == .groups([
          .init("sentiment", ["positive", "negative"]),
          .init("topic", .groups([.init("product", ["phone", "laptop"]), .init("service", .label("good"))])),
          .init("", ["x"]), .init("e", .groups([.init("", ["y"])])),
        ]))
    #expect(try LabelSet(json: #"["a.b", "c"]"#) == LabelSet(["a.b", "c"]))
    #expect(LabelSet([.init("a", ["b", "c"])], separator: " > ").names == ["a > b", "a > c"])
    #expect(try LabelSet(json: "{}").names.isEmpty)
  }

  /// Member, and what was found there.
  static let refused: [(json: String, names: [String])] = [
    ("\"a\"", ["labels", "list of strings", "\"a\""]), ("7", ["7"]), ("null", ["null"]),
    ("[1]", ["[0]", "a string", "1"]), (#"{"a": 1}"#, ["a:", "a list of strings", "1"]),
    (#"{"a": {"b": null}}"#, ["a.b", "null"]), (#"{"a": ["b", {"c": ["d"]}]}"#, ["a[1]", "an object"]),
    (#"{"a": ["b"], "a": ["c"]}"#, ["duplicate"]), (#"["a""#, ["JSON"]),
  ]

  @Test(arguments: refused.indices) func refusedJSON(_ index: Int) {
    let (json, names) = Self.refused[index]
    let error = thrown(GLiClassError.self) { try LabelSet(json: json) }
    #expect(error?.exitStatus == .badData)
    for name in names { #expect(error?.message.contains(name) == true, "\(name) in \(String(describing: error))") }
  }

  @Test func filesAreReadByTheirContent() throws {
    let folder = try TemporaryFolder()
    func read(_ content: String, _ name: String) throws -> [String] {
      try Data(content.utf8).write(to: URL(filePath: folder.file(name)))
      return try LabelSet(contentsOf: folder.file(name)).names
    }
    #expect(try read("web server\r\n\r\n  games \n\n日本語", "a.txt") == ["web server", "games", "日本語"])
    #expect(try read("\u{FEFF}a\nb\n", "b.txt") == ["a", "b"])
    #expect(try read("\n [\"a\", \"b\"]", "c.txt") == ["a", "b"])
    #expect(try read("\u{FEFF}[\"a\", \"b\"]", "c.json") == ["a", "b"])
    #expect(try read("[urgent]\n{other}\n", "d.txt") == ["[urgent]", "{other}"])
    #expect(try read(#"{"a": ["b"], "c": "d"}"#, "e") == ["a.b", "c.d"])
    #expect(try read("a\nb", "f.json") == ["a", "b"])
    for (content, name, texts) in [
      ("", "g.txt", ["g.txt", "at least one", "none"]), (" \n", "h", ["h", "none"]),
      ("[]", "i.json", ["i.json", "none"]),
      ("[urgent]\n", "j.json", ["j.json", "JSON", "byte"]),
      ("a\nb\na\n", "k.txt", ["k.txt", "line 3", "\"a\"", "line 1"]),
      (#"{"a": 3}"#, "l.txt", ["l.txt", "a:", "3"]),
    ] {
      let error = thrown(GLiClassError.self) { try read(content, name) }
      for text in texts { #expect(error?.message.contains(text) == true, "\(text) in \(String(describing: error))") }
      #expect(error?.exitStatus == .badData)
    }
    try Data([0x61, 0x0A, 0xFF, 0x0A]).write(to: URL(filePath: folder.file("m.txt")))
    let error = thrown(GLiClassError.self) { try LabelSet(contentsOf: folder.file("m.txt")) }
    #expect(error?.message.hasSuffix("m.txt: line 2: expected UTF-8, found other bytes") == true)
    #expect(thrown(GLiClassError.self) { try LabelSet(contentsOf: folder.file("none")) }?.exitStatus == .missingInput)
  }

  @Test func examplesAreReadFromFiles() throws {
    let folder = try TemporaryFolder()
    func file(_ content: String) throws -> String {
      try Data(content.utf8).write(to: URL(filePath: folder.file("f")))
      return folder.file("f")
    }
    let expected = [FewShotExample(text: "x", labels: ["a", "b"]), FewShotExample(text: "y", labels: ["a"])]
    for content in [
      #"[{"text": "x", "labels": ["a", "b"]}, {"text": "y", "true_labels": ["a"]}]"#,
      "{\"text\": \"x\", \"true_labels\": [\"a\", \"b\"]}\n\n{\"text\": \"y\", \"labels\": \"a\"}\n",
    ] {
      #expect(try FewShotExample.read(contentsOf: file(content)) == expected)
    }
    #expect(
      try RetrievedExample.read(contentsOf: file(#"{"text": "x", "true_labels": ["a"], "all_labels": ["a", "b"]}"#))
        == [RetrievedExample(text: "x", trueLabels: ["a"], allLabels: ["a", "b"])])
    for (content, text) in [
      ("", "none"), ("{\"text\": \"x\", \"labels\": []}\n{\"text\": 3}", "line 2"), (#"[{"labels": ["a"]}]"#, "text"),
      (#"[{"text": "x"}]"#, "labels"), (#"[{"text": "x", "labels": [1]}]"#, "labels[0]"),
    ] {
      let path = try file(content)
      let error = thrown(GLiClassError.self) { try FewShotExample.read(contentsOf: path) }
      #expect(error?.message.contains(text) == true, "\(text) in \(String(describing: error))")
    }
  }

  @Test func classificationTypes() {
    for name in ["single", " Single-Label\n", "SINGLE_LABEL"] {
      #expect(ClassificationType(name: name) == .singleLabel)
    }
    for name in ["multi", "multi-label", "multi_label"] { #expect(ClassificationType(name: name) == .multiLabel) }
    for name in ["", "singlelabel", "both"] { #expect(ClassificationType(name: name) == nil) }
  }

  @Test func retrievedExamplesAreWrittenAsInPython() {
    let examples = [
      RetrievedExample(text: "x", trueLabels: ["a", "b"], allLabels: ["a", "c", "b", "c"]),
      RetrievedExample(text: "y", trueLabels: [], allLabels: ["a"]),
      RetrievedExample(text: "z", trueLabels: ["q"], allLabels: ["q"]),
    ]
    #expect(
      RetrievedExample.augment("t", with: examples)
        == "t <<EXAMPLE>> x <<TRUE_LABEL>> a <<TRUE_LABEL>> b <<FALSE_LABEL>> c <</EXAMPLE>>"
        + " <<EXAMPLE>> z <<TRUE_LABEL>> q  <</EXAMPLE>>")
    #expect(RetrievedExample.augment("t", with: Array(examples[1...1])) == "t")
  }
}
