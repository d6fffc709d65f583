import ModelCore
import Testing
import Tokenization

/// What prompts refuse, and what they do when labels do not fit.
@Suite struct PromptErrorTests {
  private func builder(_ rules: PromptRules) throws -> PromptBuilder {
    try PromptBuilder(tokenizer: Fixtures.tokenizer(.tokenizerJSON), rules: rules)
  }

  @Test func unknownTokenID() throws {
    var rules = Fixtures.rules()
    rules.labelTokenID = 5
    #expect(
      throws: TokenizationError.unknownTokenID(
        path: "tokenizer.json", rule: "label token", id: 5, vocabularySize: 8004)
    ) { try builder(rules) }
    rules = Fixtures.rules()
    rules.separatorTokenID = -1
    #expect(throws: TokenizationError.self) { try builder(rules) }
    // An example token outside the vocabulary matters only when there are examples.
    rules = Fixtures.rules()
    rules.exampleTokenID = 99_999
    let lenient = try builder(rules)
    #expect(try lenient.prompt(text: "a", labels: ["b"]).lostLabelCount == 0)
    var scratch = EncodingScratch()
    do {
      _ = try lenient.prompt(
        text: "a", labels: ["b"], examples: [PromptExample(text: "c", labels: ["b"])], scratch: &scratch)
      Issue.record("no error")
    } catch {
      #expect(
        error == .unknownTokenID(path: "tokenizer.json", rule: "example token", id: 99_999, vocabularySize: 8004))
    }
  }

  @Test func noLabels() throws {
    #expect(throws: TokenizationError.noLabels) { try builder(Fixtures.rules()).prompt(text: "a", labels: []) }
  }

  @Test(arguments: ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"]) func labelContainsMarker(_ marker: String) throws {
    #expect(throws: TokenizationError.labelContainsMarker(label: "x\(marker)y", marker: marker)) {
      try builder(Fixtures.rules()).prompt(text: "a", labels: ["b", "x\(marker)y"])
    }
  }

  @Test func duplicateLabel() throws {
    let strict = try builder(Fixtures.rules())
    #expect(throws: TokenizationError.duplicateLabel(label: "b", first: 0, second: 2)) {
      try strict.prompt(text: "a", labels: ["b", "c", "b"])
    }
    // Canonically equivalent, but other bytes: two labels, as in Python.
    #expect(try strict.prompt(text: "a", labels: ["\u{E9}", "e\u{301}"]).labelPositions.count == 2)
  }

  @Test(arguments: ["", "  ", "\n\u{A0}"]) func emptyLabel(_ label: String) throws {
    #expect(throws: TokenizationError.emptyLabel(position: 1)) {
      try builder(Fixtures.rules()).prompt(text: "a", labels: ["b", label])
    }
    // Where Python's ways are asked for, it is a label.
    let prompt = try builder(Fixtures.rules(overflow: .report)).prompt(text: "a", labels: ["b", label])
    #expect(prompt.labelPositions.count == 2)
  }

  @Test func textContainsMarker() throws {
    #expect(throws: TokenizationError.textContainsMarker(what: "text", marker: "<<LABEL>>")) {
      try builder(Fixtures.rules(promptFirst: false)).prompt(text: "a <<LABEL>> b", labels: ["c"])
    }
    var scratch = EncodingScratch()
    do {
      _ = try builder(Fixtures.rules()).prompt(
        text: "a", labels: ["b"], examples: [PromptExample(text: "c", labels: ["<<SEP>>"])], scratch: &scratch)
      Issue.record("no error")
    } catch {
      #expect(error as? TokenizationError == .textContainsMarker(what: "example 1", marker: "<<SEP>>"))
    }
    // Behind the labels it is harmless.
    let prompt = try builder(Fixtures.rules()).prompt(text: "a <<LABEL>> b", labels: ["c"])
    #expect(prompt.labelPositions == [1])
  }

  @Test func labelsTruncated() throws {
    let labels = ["games", "web server", "Java"]
    let text = String(repeating: "a library ", count: 100)
    #expect(throws: TokenizationError.labelsTruncated(lost: 3, total: 3, maximumLength: 64)) {
      try builder(Fixtures.rules(promptFirst: false, maximumLength: 64)).prompt(text: text, labels: labels)
    }
    let lossy = try builder(Fixtures.rules(promptFirst: false, maximumLength: 64, overflow: .report))
    // One token too many, and none.
    let length = try lossy.prompt(text: "a library", labels: labels).ids.count
    for (maximum, isTruncated) in [(length, false), (length - 1, true)] {
      for overflow: PromptRules.LabelOverflow in [.report, .shortenText] {
        let prompt = try lossy.limited(maximumLength: maximum, labelOverflow: overflow)
          .prompt(text: "a library", labels: labels)
        #expect(prompt.isTruncated == isTruncated && prompt.ids.count == maximum)
      }
    }
    let lost = try lossy.prompt(text: text, labels: labels)
    #expect(lost.lostLabelCount == 3 && lost.labelPositions.isEmpty && lost.separatorPosition == nil)
    #expect(lost.ids.count == 64)
    let shortening = try builder(Fixtures.rules(promptFirst: false, maximumLength: 64, overflow: .shortenText))
    let short = try shortening.prompt(text: text, labels: labels)
    #expect(short.ids.count == 64 && short.lostLabelCount == 0 && short.labelPositions.count == 3)
    #expect(short.ids.first == 1 && short.ids.last == 2 && short.ids[62] == Fixtures.separatorID)
    // Where the labels alone are too many, even that does not help.
    let many = (0..<60).map { "label \($0)" }
    #expect(throws: TokenizationError.self) { try shortening.prompt(text: text, labels: many) }
    #expect(throws: TokenizationError.self) {
      try builder(Fixtures.rules(maximumLength: 64)).prompt(text: text, labels: many)
    }
  }

  @Test func maximumLengthTooSmall() {
    #expect(throws: TokenizationError.maximumLengthTooSmall(found: 2, minimum: 3)) {
      try builder(Fixtures.rules(maximumLength: 2))
    }
    #expect(throws: TokenizationError.maximumLengthTooSmall(found: 0, minimum: 3)) {
      try builder(Fixtures.rules()).limited(maximumLength: 0, labelOverflow: .refuse)
    }
  }
}
