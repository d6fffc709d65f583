import Foundation
import Testing

/// `gliclass tokenize`, against ids of the Python packages.
@Suite struct TokenizeTests {
  private struct Tokens: Decodable {
    var ids: [Int32]
    var tokens: [String]
  }

  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model(Models.debianTags)
  }

  /// The lines of a fixture behind its header, and the ids in each.
  private func lines(_ path: String, ids field: String) throws -> [(line: String, ids: [Int32], object: [String: Any])]
  {
    let text = String(decoding: try bytes(path), as: UTF8.self)
    return try text.split(separator: "\n").dropFirst().map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      return (String(line), (object[field] as? [Int])?.map { Int32($0) } ?? [], object)
    }
  }

  private func expectIDs(
    _ lines: [(line: String, ids: [Int32], object: [String: Any])], model: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try #require(!lines.isEmpty, sourceLocation: sourceLocation)
    let outcome = try Program.classify.run(
      ["tokenize", model, "--jsonl"], input: lines.map { $0.line + "\n" }.joined())
    expectSuccess(outcome, sourceLocation: sourceLocation)
    let found = try outcome.jsonLines(Tokens.self)
    try #require(found.count == lines.count, sourceLocation: sourceLocation)
    for (line, found) in zip(lines, found) {
      #expect(found.ids == line.ids, "\(line.line.prefix(200))", sourceLocation: sourceLocation)
      #expect(found.tokens.count == found.ids.count, sourceLocation: sourceLocation)
    }
  }

  /// Text and labels, as the reference outputs have them.
  @Test func promptsOfTheReferenceOutputs() throws {
    try expectIDs(try lines("\(Fixtures.debianTags)/reference.jsonl", ids: "input_ids"), model: model)
    let tiny = try folder.write("tiny.glc", try Models.tiny.get())
    try expectIDs(try lines("\(Fixtures.tiny)/reference.jsonl", ids: "input_ids"), model: tiny)
  }

  /// Without labels: the bare text between `[CLS]` and `[SEP]`.
  @Test func textsOfTheTokenizersLibrary() throws {
    try expectIDs(try lines("\(Fixtures.debianTags)/../tokenizer/vectors.jsonl", ids: "ids"), model: model)
  }

  /// Task prompts and examples included, where they are of this model's length and order.
  @Test func promptsWithTaskAndExamples() throws {
    let all = try lines("\(Fixtures.debianTags)/../tokenizer/prompts.jsonl", ids: "ids")
    let own = all.filter { $0.object["max_length"] as? Int == 1024 && $0.object["prompt_first"] as? Bool == true }
    // Labels without text are refused.
    func hasEmptyLabel(_ object: [String: Any]) -> Bool { (object["labels"] as? [String])?.contains("") == true }
    let (empty, good) = (own.filter { hasEmptyLabel($0.object) }, own.filter { !hasEmptyLabel($0.object) })
    try #require(!empty.isEmpty && !good.isEmpty)
    try expectIDs(good, model: model)
    for line in empty {
      let outcome = try Program.classify.run(["tokenize", model, "--jsonl"], input: line.line)
      #expect(outcome.end == .status(65) && outcome.text.contains("expected text"))
    }
  }

  @Test func oneText() throws {
    let json = try Program.classify.run(["tokenize", model, "--json", "--labels", "a, b", "A text editor"])
    expectSuccess(json)
    let tokens = try json.json(Tokens.self)
    #expect(tokens.tokens.prefix(6) == ["[CLS]", "<<LABEL>>", "▁a", "<<LABEL>>", "▁b", "<<SEP>>"])
    let table = try Program.classify.run(["tokenize", model, "A text editor"])
    expectSuccess(table)
    #expect(table.lines.map { $0.split(separator: " ").first.map(String.init) } == ["1", "60", "151", "496", "2"])
    let object = try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any]
    #expect(object?.keys.sorted() == ["ids", "tokens"])
  }

  @Test func badLines() throws {
    let outcome = try Program.classify.run(
      ["tokenize", model, "--jsonl"],
      input: "{\"text\":\"a\"}\n\n{\"text\":1}\n  \nx\n{\"text\":\"b\",\"labels\":[]}\n{\"text\":\"c\"}")
    #expect(outcome.end == .status(65))
    #expect(outcome.errors.isEmpty)
    let answers = try outcome.jsonLines(Answer.self)
    #expect(answers.map { $0.error != nil } == [false, true, true, true, false])
    #expect(answers.compactMap(\.line) == [3, 5, 6])
  }

  @Test func emptyInput() throws {
    let outcome = try Program.classify.run(["tokenize", model, "--jsonl"])
    expectSuccess(outcome)
    #expect(outcome.output.isEmpty)
  }
}
