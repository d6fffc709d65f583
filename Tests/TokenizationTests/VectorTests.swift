import ModelCore
import Testing
import Tokenization

/// Ids recorded from the Python libraries by Scripts/tokenizer_vectors.py.
@Suite struct VectorTests {
  @Test(arguments: Source.allCases) func stringsGiveTheIDsOfTheTokenizersLibrary(_ source: Source) throws {
    let tokenizer = try Fixtures.tokenizer(source)
    let (first, rows) = try Fixtures.lines("\(Fixtures.vectors)/vectors.jsonl")
    #expect(first.root.member("reference")?.member("tokenizers")?.string == tokenizer.summary.libraryVersion)
    #expect(rows.count >= 600)
    var scratch = EncodingScratch()
    for row in rows {
      var text = try row.root.required("text").requireString()
      let expected = try row.root.required("ids").elements().map { Int32(try $0.requireInt(in: 0...100_000)) }
      // The recorded tokenizer has [UNK] not normalized, the rules for spm.model have it normalized: the same here.
      #expect(try tokenizer.encode(text) == expected, "\(text.debugDescription)")
      let plain = Array(expected.dropFirst().dropLast())
      #expect(try tokenizer.encode(text, addTemplate: false) == plain)
      var ids: [Int32] = []
      try text.withUTF8 {
        try tokenizer.encode(utf8: $0, addTemplate: false, limit: 3, scratch: &scratch, into: &ids)
      }
      #expect(ids == Array(plain.prefix(3)))
    }
  }

  @Test(arguments: Source.allCases) func promptsGiveTheIDsOfThePipeline(_ source: Source) throws {
    let tokenizer = try Fixtures.tokenizer(source)
    var scratch = EncodingScratch()
    let (_, rows) = try Fixtures.lines("\(Fixtures.vectors)/prompts.jsonl")
    #expect(rows.count >= 70)
    for document in rows {
      let row = document.root
      let rules = Fixtures.rules(
        promptFirst: try row.required("prompt_first").requireBool(),
        maximumLength: try row.required("max_length").requireInt(in: 0...4096), overflow: .report)
      let labels = try row.required("labels").elements().map { try $0.requireString() }
      let examples = try row.required("examples").elements().map {
        PromptExample(
          text: try $0.required("text").requireString(),
          labels: try $0.required("labels").elements().map { try $0.requireString() })
      }
      let prompt = try PromptBuilder(tokenizer: tokenizer, rules: rules).prompt(
        text: row.required("text").requireString(), labels: labels,
        taskPrompt: row.required("prompt").requireString(), examples: examples, scratch: &scratch)
      let expected = try row.required("ids").elements().map { Int32(try $0.requireInt(in: 0...100_000)) }
      #expect(prompt.ids == expected)
      let positions = expected.indices.filter { expected[$0] == Fixtures.labelID }
      #expect(prompt.labelPositions == positions)
      #expect(prompt.lostLabelCount == labels.count - positions.count)
      #expect(prompt.separatorPosition == expected.firstIndex(of: Fixtures.separatorID))
    }
  }

  @Test func everyTokenHasTheTextOfItsFile() throws {
    let tokenizer = try Fixtures.tokenizer(.tokenizerJSON)
    let root = try Fixtures.jsonDocument().root
    let pieces = try root.required("model").required("vocab").elements()
    for (id, piece) in pieces.enumerated() {
      let text = try piece.element(0).requireString()
      #expect(tokenizer.token(for: Int32(id)) == text)
      #expect(tokenizer.id(of: text) == Int32(id))
    }
    for entry in try root.required("added_tokens").elements() {
      let id = Int32(try entry.required("id").requireInt(in: 0...100_000))
      #expect(try tokenizer.token(for: id) == entry.required("content").requireString())
    }
    #expect(tokenizer.token(for: -1) == nil)
    #expect(tokenizer.token(for: 8004) == nil)
    #expect(tokenizer.id(of: "no such token") == nil)
  }
}

/// The input ids of `reference.jsonl`, made by the Python package.
@Suite struct ReferenceTests {
  static let paths = ["\(Fixtures.demo)/reference.jsonl", Fixtures.sharedReference]

  @Test(arguments: Source.allCases, paths) func promptsGiveTheReferenceIDs(_ source: Source, _ path: String) throws {
    // The full file lies outside the repository, and is looked at only where it is there.
    guard path != Fixtures.sharedReference || (try? MappedFile(path: path)) != nil else { return }
    let builder = try PromptBuilder(tokenizer: Fixtures.tokenizer(source), rules: Fixtures.rules())
    var scratch = EncodingScratch()
    let (_, rows) = try Fixtures.lines(path)
    #expect(!rows.isEmpty)
    for document in rows {
      let row = document.root
      let labels = try row.required("labels").elements().map { try $0.requireString() }
      let prompt = try builder.prompt(
        text: row.required("text").requireString(), labels: labels, scratch: &scratch)
      let expected = try row.required("input_ids").elements().map { Int32(try $0.requireInt(in: 0...100_000)) }
      #expect(prompt.ids == expected)
      #expect(prompt.labelPositions.map { prompt.ids[$0] } == labels.map { _ in Fixtures.labelID })
    }
  }
}
