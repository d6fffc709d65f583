import Foundation
import Glibc
import Testing

/// An answer to a line: a classification, or an error.
struct Answer: Decodable {
  var text: String?
  var labels: [ClassifiedText.Label]?
  var predicted: [String]?
  var error: String?
  var line: Int?
}

/// `gliclass classify --jsonl`.
@Suite struct ClassifyStreamTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  private func classify(_ input: String, _ options: [String] = ["--labels", "a,b"]) throws -> Outcome {
    try Program.classify.run(["classify", model, "--jsonl"] + options, input: input)
  }

  @Test func answersInOrder() throws {
    let input = (0..<100).map { "{\"text\":\"text \($0) \(String(repeating: "word ", count: $0 * 7 % 50))\"}\n" }
      .joined()
    let outcome = try classify(input)
    expectSuccess(outcome)
    let answers = try outcome.jsonLines(ClassifiedText.self)
    #expect(answers.count == 100)
    for (index, answer) in answers.enumerated() { #expect(answer.text.hasPrefix("text \(index) ")) }
    // Each as it would be alone, to the bit.
    let alone = try Program.classify.run(["classify", model, "--json", "--labels", "a,b", "--", answers[42].text])
    #expect(try alone.json(ClassifiedText.self) == answers[42])
  }

  @Test func answersEveryLineWhenItComes() throws {
    let conversation = try Conversation(.classify, ["classify", model, "--labels", "a,b", "--jsonl"])
    for index in 0..<5 {
      conversation.send("{\"text\": \"line \(index)\"}")
      let answer = try #require(conversation.readLine(), "no answer before the input ends")
      #expect(answer.contains("line \(index)"))
    }
    let outcome = conversation.finish()
    expectSuccess(outcome)
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: ["", "\n", "\n \r\n\t\n"]) func noLines(_ input: String) throws {
    let outcome = try classify(input)
    expectSuccess(outcome)
    #expect(outcome.output.isEmpty)
  }

  @Test func lineEndings() throws {
    for input in ["{\"text\":\"x\"}", "{\"text\":\"x\"}\r\n", "\n\n  {\"text\":\"x\"}  \n"] {
      let outcome = try classify(input)
      expectSuccess(outcome)
      #expect(try outcome.jsonLines(ClassifiedText.self).map(\.text) == ["x"])
    }
  }

  @Test func badLinesCostOnlyThemselves() throws {
    let bad: [(line: String, names: String)] = [
      ("nonsense", "JSON"), ("{\"text\":\"x\"", "JSON"), ("{\"text\":\"x\"} {}", "JSON"), ("[]", "object"),
      ("\"x\"", "object"),
      ("{}", "text"), ("{\"text\":5}", "text"), ("{\"text\":null}", "text"),
      ("{\"text\":\"x\",\"labels\":[]}", "label"),
      ("{\"text\":\"x\",\"labels\":\"a\"}", "labels"), ("{\"text\":\"x\",\"labels\":[1]}", "labels"),
      ("{\"text\":\"x\",\"labels\":[\"q\",\"q\"]}", "\"q\""), ("{\"text\":\"x\",\"labels\":[\"<<SEP>>\"]}", "<<SEP>>"),
      ("{\"text\":\"x\",\"threshold\":1.5}", "threshold"), ("{\"text\":\"x\",\"threshold\":\"0\"}", "threshold"),
      ("{\"text\":\"x\",\"text\":\"y\"}", "duplicate"), ("{\"text\":NaN}", "JSON"), ("{'text':'x'}", "JSON"),
      ("{\"text\":\"x\",\"examples\":[{\"text\":\"y\"}]}", "labels"), ("{\"text\":\"x\",\"labels\":[\"\"]}", "label 1"),
      ("{\"text\":\"x\",\"labels\":{\"a\":{\"b\":1}}}", "labels.a.b"),
      ("{\"text\":\"x\",\"classification_type\":\"any\"}", "single-label"),
      ("{\"text\":\"x\",\"rac_examples\":[{}]}", "rac_examples[0].text"), ("{\"text\":\"x\",\"prompt\":1}", "prompt"),
      (String(repeating: "[", count: 1000), "JSON"),
    ]
    let input = bad.enumerated().map { "{\"text\":\"good \($0)\"}\n\n\($1.line)\n" }.joined() + "{\"text\":\"last\"}"
    let outcome = try classify(input)
    #expect(outcome.end == .status(65))
    #expect(outcome.errors.isEmpty, "\(outcome)")
    let answers = try outcome.jsonLines(Answer.self)
    try #require(answers.count == 2 * bad.count + 1)
    for (index, row) in bad.enumerated() {
      #expect(answers[2 * index].text == "good \(index)")
      let answer = answers[2 * index + 1]
      #expect(answer.error?.contains(row.names) == true, "\(row.line): \(answer)")
      // Lines count from 1, blank ones too.
      #expect(answer.line == 3 * index + 3, "\(row.line): \(answer)")
      #expect(answer.labels == nil)
    }
    #expect(answers.last?.text == "last")
  }

  @Test func bytesThatAreNotUTF8() throws {
    let input = Array("{\"text\":\"x".utf8) + [0xFF] + Array("\"}\n{\"text\":\"\\u0000 \\ud800 y\"}\n".utf8)
    let outcome = try ChildProcess.run(
      [Program.classify.path, "classify", model, "--labels", "a", "--jsonl"], input: input)
    #expect(outcome.end == .status(65))
    let answers = try outcome.jsonLines(Answer.self)
    try #require(answers.count == 2)
    #expect(answers[0].error?.contains("UTF-8") == true)
    #expect(answers[1].text == "\u{0} \u{FFFD} y")
  }

  @Test func linesOverrideTheCommandLine() throws {
    let outcome = try classify(
      """
      {"text": "x"}
      {"text": "x", "labels": ["c", "a"]}
      {"text": "x", "all_labels": ["d"], "true_labels": ["d"]}
      {"text": "x", "threshold": 0}
      {"text": "x", "threshold": 1, "labels": ["a", "b"]}
      """, ["--labels", "a,b", "--threshold", "0.9999"])
    expectSuccess(outcome)
    let answers = try outcome.jsonLines(ClassifiedText.self)
    #expect(answers.map { $0.labels.map(\.label) } == [["a", "b"], ["c", "a"], ["d"], ["a", "b"], ["a", "b"]])
    #expect(answers[3].predicted == ["a", "b"])
    #expect(answers[4].predicted.isEmpty)
    #expect(answers[0].labels == answers[3].labels)
  }

  @Test func promptAndExamplesChangeTheAnswer() throws {
    let outcome = try classify(
      """
      {"text": "x"}
      {"text": "x", "prompt": "Which: "}
      {"text": "x", "examples": [{"text": "y", "labels": ["a"]}]}
      """)
    expectSuccess(outcome)
    let logits = try outcome.jsonLines(ClassifiedText.self).map { $0.labels.map(\.logit) }
    #expect(Set(logits).count == 3)
  }

  /// Everything that a line may say, each also said by the command line.
  @Test func linesSayAllThatOptionsSay() throws {
    let files = try TemporaryFolder()
    func file(_ name: String, _ content: String) throws -> String {
      try Data(content.utf8).write(to: URL(filePath: files[name]))
      return files[name]
    }
    let examples = #"[{"text": "y", "labels": ["a"]}]"#
    let retrieved = #"[{"text": "z", "true_labels": ["a"], "all_labels": ["a", "b"]}]"#
    let rows: [(member: String, options: [String])] = [
      (#""classification_type": "single""#, ["--single-label"]), (#""threshold": 0.1"#, ["--threshold", "0.1"]),
      (#""prompt": "Topic: ""#, ["--prompt", "Topic: "]),
      (#""examples": \#(examples)"#, ["--examples", try file("e.json", examples)]),
      (#""examples": [{"text": "y", "true_labels": "a"}]"#, ["--examples", try file("e.json", examples)]),
      (#""rac_examples": \#(retrieved)"#, ["--rac-examples", try file("r.json", retrieved)]),
    ]
    let plain = try classify("{\"text\": \"x\"}").text
    for row in rows {
      let line = try classify("{\"text\": \"x\", \(row.member)}")
      let option = try classify("{\"text\": \"x\"}", ["--labels", "a,b"] + row.options)
      expectSuccess(line)
      expectSuccess(option)
      #expect(line.text == option.text, "\(row.member)")
      #expect(line.text != plain || row.member.contains("threshold"), "\(row.member)")
    }
  }

  @Test func nestedLabelsOfLines() throws {
    let line = #"{"text": "x", "labels": {"p": {"q": ["a", "b"]}, "r": "c"}}"#
    let outcome = try classify(line, ["--nested"])
    expectSuccess(outcome)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
    let labels = try outcome.jsonLines(ClassifiedText.self)[0].labels
    #expect(labels.map(\.label) == ["p.q.a", "p.q.b", "r.c"])
    let nested = try #require(object["nested"] as? [String: [String: Any]])
    #expect(
      (nested["p"]?["q"] as? [String: Double])?.mapValues(Float.init) == ["a": labels[0].score, "b": labels[1].score])
    #expect((nested["r"] as? [String: Double])?.mapValues(Float.init) == ["c": labels[2].score])
  }

  /// Ctrl-C: what was read is answered, whole, and the status says how it ended. A second one would end it at once.
  @Test(arguments: [SIGINT, SIGTERM]) func interrupted(_ signal: Int32) throws {
    let conversation = try Conversation(.classify, ["classify", model, "--labels", "a,b", "--jsonl"])
    conversation.send("{\"text\": \"first\"}")
    let answer = try #require(conversation.readLine())
    #expect(answer.contains("first"))
    conversation.signal(signal)
    let outcome = conversation.wait()
    #expect(outcome.end == .status(128 + signal), "\(outcome)")
    #expect(outcome.errors.isEmpty && outcome.output.isEmpty, "\(outcome)")
  }

  /// Whoever ignores Ctrl-C for the program (`nohup`, background jobs of a script) has it ignored.
  @Test func ignoredInterrupt() throws {
    let input = try ChildProcess.file(Array(String(repeating: "{\"text\":\"some words\"}\n", count: 3000).utf8))
    let (output, errors) = (try ChildProcess.file([]), try ChildProcess.file([]))
    defer { for descriptor in [input, output, errors] { close(descriptor) } }
    let arguments = [
      "/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", try Program.classify.path, "classify", model, "--labels", "a",
      "--jsonl",
    ]
    let process = try ChildProcess(
      arguments.map { Array($0.utf8) }, ChildProcess.Streams(input: input, output: output, errors: errors))
    usleep(100_000)
    kill(process.identifier, SIGINT)
    #expect(process.wait() == .status(0))
    #expect(ChildProcess.contents(output).split(separator: 0x0A).count == 3000)
  }

  /// In the middle of a long file: whole lines, in order, and not all of them.
  @Test func interruptedWhileComputing() throws {
    let count = 200_000
    let input = (0..<count).map { "{\"text\":\"text \($0)\"}\n" }.joined()
    let outcome = try ChildProcess.run(
      [Program.classify.path, "classify", model, "--labels", "a,b", "--jsonl"], input: Array(input.utf8),
      stop: (SIGINT, 0.5))
    #expect(outcome.end == .status(130), "\(outcome)")
    #expect(outcome.errors.isEmpty)
    #expect(outcome.text.isEmpty || outcome.text.hasSuffix("\n"))
    let answers = try outcome.jsonLines(ClassifiedText.self)
    #expect(answers.count < count)
    for (index, answer) in answers.enumerated() { #expect(answer.text == "text \(index)") }
  }

  /// What was read before the signal is answered.
  @Test func interruptedWithLinesInHand() throws {
    let conversation = try Conversation(.classify, ["classify", model, "--labels", "a,b", "--jsonl", "--threads", "1"])
    // One write, and a read of a part of it that is more than a window of lines.
    conversation.send((0..<1000).map { "{\"text\": \"line \($0)\"}" }.joined(separator: "\n"))
    #expect(try #require(conversation.readLine()).contains("line 0"))
    conversation.signal(SIGINT)
    let outcome = conversation.wait()
    #expect(outcome.end == .status(130), "\(outcome)")
    let rest = try outcome.jsonLines(ClassifiedText.self)
    #expect(rest.map(\.text) == rest.indices.map { "line \($0 + 1)" })
    #expect(rest.count >= 150, "a window is 128 lines, and 4 kB of them are 160: \(rest.count)")
  }

  @Test func labelsMustComeFromSomewhere() throws {
    let outcome = try classify("{\"text\":\"x\"}\n{\"text\":\"y\",\"labels\":[\"a\"]}\n", [])
    #expect(outcome.end == .status(65))
    let answers = try outcome.jsonLines(Answer.self)
    #expect(answers.first?.error?.contains("labels") == true)
    #expect(answers.last?.text == "y")
  }

  @Test(arguments: ["classify", "tokenize"]) func inputThatCannotBeRead(_ command: String) throws {
    // A folder opens, and cannot be read; a closed descriptor is no empty input either.
    for redirection in ["< /tmp", "<&-"] {
      let outcome = try ChildProcess.run(
        [
          "/bin/sh", "-c", "exec \"$@\" \(redirection)", "sh", Program.classify.path, command, model, "--labels", "a",
          "--jsonl",
        ])
      expectFailure(outcome, status: 74, naming: ["standard input", "read failed"])
    }
  }
}
