import Foundation
import Testing

/// What `classify --json` prints, member by member.
struct ClassifiedText: Decodable, Equatable {
  struct Label: Decodable, Equatable {
    var label: String
    var score: Float
    var logit: Float
  }
  var text: String
  var labels: [Label]
  var predicted: [String]
}

/// `gliclass classify` of one text.
@Suite struct ClassifyTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model(Models.debianTags)
  }

  static let text = "A text editor for the web, with 5 games"
  private func classify(_ options: [String], environment: [String: String] = [:]) throws -> ClassifiedText {
    let outcome = try Program.classify.run(
      ["classify", model, "--json", "--labels", "web, editor,  game ,sound"] + options + [Self.text],
      environment: environment)
    expectSuccess(outcome)
    #expect(outcome.lines.count == 1)
    return try outcome.json(ClassifiedText.self)
  }

  @Test func objectHasEveryLabelInInputOrder() throws {
    let result = try classify([])
    #expect(result.text == Self.text)
    #expect(result.labels.map(\.label) == ["web", "editor", "game", "sound"])
    for label in result.labels {
      // Each for itself: the score is the sigmoid of the logit.
      #expect(abs(Double(label.score) - 1 / (1 + exp(-Double(label.logit)))) < 1e-6)
    }
    #expect(result.predicted == result.labels.filter { $0.score >= 0.5 }.map(\.label))
    #expect(!result.predicted.isEmpty && result.predicted.count < 4)
    let object = try JSONSerialization.jsonObject(
      with: Data(Program.classify.run(["classify", model, "--json", "--labels", "a", "x"]).output))
    #expect((object as? [String: Any])?.keys.sorted() == ["labels", "predicted", "text"])
  }

  @Test func threshold() throws {
    #expect(try classify(["--threshold", "0"]).predicted == ["web", "editor", "game", "sound"])
    #expect(try classify(["--threshold", "1"]).predicted.isEmpty)
    let score = try classify([]).labels[1].score
    #expect(try classify(["--threshold", "\(score)"]).predicted.contains("editor"))
    #expect(try !classify(["--threshold", "\(score.nextUp)"]).predicted.contains("editor"))
  }

  @Test func singleLabel() throws {
    let many = try classify([])
    let one = try classify(["--single-label"])
    #expect(one.labels.map(\.logit) == many.labels.map(\.logit))
    #expect(abs(one.labels.reduce(0) { $0 + Double($1.score) } - 1) < 1e-5)
    let largest = try #require(one.labels.max { $0.logit < $1.logit })
    #expect(one.predicted == [largest.label])
  }

  @Test func tableMarksThePredicted() throws {
    let outcome = try Program.classify.run(["classify", model, "--labels", "web,editor,game,sound", Self.text])
    expectSuccess(outcome)
    let result = try classify([])
    #expect(outcome.lines.count == 4)
    for line in outcome.lines {
      let label = try #require(line.split(separator: " ").last.map(String.init))
      #expect(line.hasPrefix("*") == result.predicted.contains(label))
    }
  }

  @Test func threadsAndInstructionSetsChangeNothing() throws {
    let expected = try classify([])
    #expect(try classify(["--threads", "1"]) == expected)
    #expect(try classify(["--threads", "5"]) == expected)
    #expect(try classify([], environment: ["GLC_ISA": "scalar"]) == expected)
  }

  @Test func labelsOfAnyKind() throws {
    let labels = "é,e\u{301},日本語,a.b, \"x\" "
    let good = try Program.classify.run(["classify", model, "--json", "--labels", labels, "--threshold", "0", ""])
    expectSuccess(good)
    #expect(
      try good.json(ClassifiedText.self).predicted.map { Array($0.utf8) }
        == ["é", "e\u{301}", "日本語", "a.b", "\"x\""].map { Array($0.utf8) })
  }

  @Test func labelsThatCannotBe() throws {
    func refuse(_ labels: String, naming texts: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
      let outcome = try Program.classify.run(["classify", model, "--labels", labels, "text"])
      expectFailure(outcome, status: 65, naming: texts, sourceLocation: sourceLocation)
    }
    try refuse("a,b <<LABEL>> c", naming: ["b <<LABEL>> c", "marker <<LABEL>>"])
    try refuse("a,<<SEP>>", naming: ["<<SEP>>"])
    try refuse("a,<<EXAMPLE>>b", naming: ["<<EXAMPLE>>"])
    try refuse("a,,b", naming: ["label 2", "expected text"])
    try refuse(" ", naming: ["label 1"])
    try refuse("a,b,a", naming: ["label \"a\"", "1 and 3"])
    try refuse("x\ny,b,x\ny", naming: ["label \"x", "1 and 3"])
    try refuse((0..<1000).map { "label\($0)" }.joined(separator: ","), naming: ["1000", "1024 tokens"])
  }

  @Test func textsOfAnyKind() throws {
    let long = String(repeating: "word ", count: 20_000)
    for text in ["", " ", "\n", "<<LABEL>> <<SEP>>", "\u{1B}[31m", "e\u{301}\u{200B}👩‍👩‍👧", long] {
      let outcome = try Program.classify.run(["classify", model, "--json", "--labels", "a,b", "--", text])
      expectSuccess(outcome)
      #expect(try outcome.json(ClassifiedText.self).text == text)
    }
  }

  /// Arguments are bytes, and would reach a Swift program with U+FFFD in place of those that are no UTF-8.
  @Test func argumentThatIsNotUTF8() throws {
    // The last is as long in bytes as what it would become.
    for bytes: [UInt8] in [[0xFF, 0xC0, 0x80], [0xF0, 0x9F, 0x98]] {
      let outcome = try ChildProcess.run(
        [Program.classify.path, "classify", model, "--json", "--labels", "a"], last: Array("x ".utf8) + bytes)
      expectFailure(outcome, status: 64, naming: ["argument 6", "UTF-8", "x \u{FFFD}"])
    }
    let path = try ChildProcess.run([Program.classify.path, "inspect"], last: Array("/tmp/".utf8) + [0xFF])
    expectFailure(path, status: 64, naming: ["argument 2", "/tmp/"])
  }
}
