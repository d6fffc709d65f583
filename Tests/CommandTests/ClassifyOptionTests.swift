import Foundation
import Testing

/// What options of `gliclass classify` add to the object, and what files they read.
@Suite struct ClassifyOptionTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model(Models.debianTags)
  }

  private static let text = "A text editor for the web, with 5 games"

  private func run(_ options: [String], _ text: String = text) throws -> Outcome {
    try Program.classify.run(["classify", model] + options + ["--", text])
  }

  private func object(_ options: [String], _ text: String = text) throws -> [String: Any] {
    let outcome = try run(["--json"] + options, text)
    expectSuccess(outcome)
    return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
  }

  private func file(_ name: String, _ content: String) throws -> String {
    try Data(content.utf8).write(to: URL(filePath: folder[name]))
    return folder[name]
  }

  @Test func labelsFromFiles() throws {
    let expected = try run(["--json", "--labels", "web,text editor,game"]).text
    for (name, content) in [
      ("a.txt", "web\r\n\ntext editor\n  game"), ("b.json", #"["web", "text editor", "game"]"#),
      ("c", #" ["web", "text editor", "game"]"#),
    ] {
      #expect(try run(["--json", "--labels-file", file(name, content)]).text == expected)
    }
    let outcomes: [(String, String, Int32, [String])] = [
      ("d.txt", "a\nb\na\n", 65, ["d.txt", "line 3", "line 1"]), ("e.json", "[1]", 65, ["e.json", "[0]", "a string"]),
      ("f.txt", "\n", 65, ["f.txt", "at least one"]), ("g.json", "{\"a\": [\"\"]", 65, ["g.json", "JSON"]),
      ("h.json", "[\"a\", \"\"]", 65, ["label 2", "expected text"]),
    ]
    for (name, content, status, texts) in outcomes {
      expectFailure(try run(["--labels-file", file(name, content)]), status: status, naming: texts)
    }
    expectFailure(try run(["--labels-file", folder["none"]]), status: 66, naming: ["none", "No such file"])
  }

  @Test func examplesFromFiles() throws {
    let labels = ["--labels", "web,game"]
    let none = try run(["--json"] + labels).text
    let some = try run(
      ["--json"] + labels + ["--examples", file("a.jsonl", #"{"text": "chess", "labels": ["game"]}"#)])
    expectSuccess(some)
    #expect(some.text != none)
    for (content, texts) in [("", ["a.json", "at least one"]), (#"[{"text": "x"}]"#, ["a.json", "[0].labels"])] {
      for option in ["--examples", "--rac-examples"] where !(option == "--rac-examples" && content != "") {
        expectFailure(try run(labels + [option, file("a.json", content)]), status: 65, naming: texts)
      }
    }
    let marker = try file("m.json", #"[{"text": "<<LABEL>>", "labels": ["a"]}]"#)
    expectFailure(try run(labels + ["--examples", marker]), status: 65, naming: ["example 1", "<<LABEL>>"])
  }

  @Test func topLabels() throws {
    let labels = ["--labels", "sound,web,game,text editor"]
    let all = try #require(try object(labels)["labels"] as? [[String: Any]])
    let top = try object(labels + ["--top-k", "2"])
    let scores = all.compactMap { $0["score"] as? Double }.sorted(by: >)
    #expect((top["labels"] as? [[String: Any]])?.compactMap { $0["score"] as? Double } == Array(scores.prefix(2)))
    #expect(try (top["predicted"] as? [String]) == object(labels)["predicted"] as? [String])
    #expect(try run(labels + ["--top-k", "3"]).lines.count == 3)
    #expect(try run(labels + ["--top-k", "30"]).lines.count == 4)
  }

  @Test func nestedScores() throws {
    let labels = try file("l.json", #"{"kind": {"play": ["game"], "work": ["text editor"]}, "web": "web"}"#)
    let result = try object(["--labels-file", labels, "--nested"])
    let scores = try #require(result["labels"] as? [[String: Any]]).compactMap { $0["score"] as? Double }
    let expected: NSDictionary = [
      "kind": ["play": ["game": scores[0]], "work": ["text editor": scores[1]]], "web": ["web": scores[2]],
    ]
    #expect(result["nested"] as? NSDictionary == expected)
    let flat = try object(["--labels", "game", "--nested"])
    #expect((flat["nested"] as? [String: Double])?.keys.sorted() == ["game"])
  }

  @Test func embeddings() throws {
    let result = try object(["--labels", "web,game", "--embeddings"])
    let text = try #require(result["text_embedding"] as? [Double])
    let classes = try #require(result["class_embeddings"] as? [[Double]])
    #expect(classes.count == 2 && classes.allSatisfy { $0.count == text.count })
  }

  @Test func whatIsLostIsSaid() throws {
    let long = String(repeating: "word ", count: 3000)
    let labels = ["--labels", "web,text editor,game"]
    let truncated = try object(labels, long)
    #expect((truncated["warnings"] as? [String])?.first?.contains("1024 tokens") == true)
    #expect(try object(labels + ["--chunk", "tokens"], long)["warnings"] == nil)
    let table = try run(labels, long)
    #expect(table.end == .status(0) && table.errorText.hasPrefix("warning: input: cut off"), "\(table)")
    #expect(table.errorLines.count == 2)
    let lost = try object(labels + ["--max-length", "6", "--lost-labels", "report"])
    #expect((lost["labels"] as? [Any])?.count == 2)
    #expect((lost["warnings"] as? [String])?.first?.contains("1 of 3 lost") == true)
    #expect((lost["warnings"] as? [String])?.first?.hasSuffix("\"game\"") == true)
    expectFailure(try run(labels + ["--max-length", "6"]), status: 65, naming: ["all 3", "6 tokens", "1 cut off"])
    expectFailure(
      try run(labels + ["--max-length", "10", "--chunk", "tokens:5:0"], long), status: 65,
      naming: ["room", "10 tokens"])
  }

  @Test func chunksAndGroups() throws {
    let long = String(repeating: "word ", count: 3000) + "a web server"
    let labels = ["--labels", "web,text editor,game,sound"]
    func score(_ options: [String]) throws -> Double {
      try #require((object(labels + options, long)["labels"] as? [[String: Any]])?[0]["score"] as? Double)
    }
    let whole = try score([])
    // Without a size, the first part is what is left of the text that is cut off.
    #expect(try score(["--chunk", "tokens"]) >= whole)
    for rule in ["tokens:100", "tokens:100:0", "reference:500", "reference:500:100"] {
      #expect(try score(["--chunk", rule]) != whole, "\(rule)")
    }
    #expect(try score(["--labels-per-pass", "4"]) == whole)
    #expect(try score(["--labels-per-pass", "2"]) != whole)
    #expect(try score(["--lowercase-labels"]) == whole)
    // Shown as given, in the prompt in lower case.
    let text = ["classify", model, "--json", "some words", "--labels"]
    let upper = try Program.classify.run(text + ["Web,GAMES", "--lowercase-labels"]).json(ClassifiedText.self)
    let lower = try Program.classify.run(text + ["web,games"]).json(ClassifiedText.self)
    #expect(upper.labels.map(\.label) == ["Web", "GAMES"] && upper.labels.map(\.logit) == lower.labels.map(\.logit))
    let plain = try Program.classify.run(text + ["Web,GAMES"]).json(ClassifiedText.self)
    #expect(plain.labels.map(\.logit) != lower.labels.map(\.logit))
  }
}
