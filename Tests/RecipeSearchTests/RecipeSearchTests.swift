import Conversion
import DataSets
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import RecipeSearch
import TestSupport
import Testing
import Verification

/// The whole search on a small model.
@Suite struct RecipeSearchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let checkpoint = Fixtures.path("debian-tags-f16")

  private func options(bound: Double, data: String = "\(checkpoint)/eval.jsonl") -> RecipeSearchOptions {
    var options = RecipeSearchOptions(
      conversion: ConversionOptions(input: Self.checkpoint, output: folder.file("out.glc")), data: data, bound: bound)
    options.reference = "\(Self.checkpoint)/reference.jsonl"
    return options
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  /// A file with the texts of one half.
  private func half(_ half: TextDigest.Half) throws -> String {
    let path = folder.file("\(half).jsonl")
    let lines = try String(contentsOfFile: "\(Self.checkpoint)/eval.jsonl", encoding: .utf8).split(separator: "\n")
    struct Line: Decodable { var text: String }
    let own = try lines.filter {
      TextDigest(try JSONDecoder().decode(Line.self, from: Data($0.utf8)).text).half == half
    }
    try own.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test func writesAFileThatKeepsTheBoundAndSaysSo() throws {
    let report = try RecipeSearch(options(bound: 0.04)).run()
    #expect(report.passes)
    let summary = try #require(report.summary)
    #expect(summary.output == folder.file("out.glc"))
    #expect(try names == ["out.glc"])
    let model = try GLiClassModel(path: folder.file("out.glc"))
    try model.file.checkTensorData()
    let record = try #require(model.file.metadata.root.member("drift"))
    #expect(record.json.text() == report.record.text())
    #expect(record.member("bound")?.double == 0.04)
    #expect(record.member("data")?.member("name")?.string == "eval.jsonl")
    #expect(model.file.metadata.root.member("recipe")?.json.text() == report.recipe.text())

    // What is said of the half that it was judged by is what a verification of the file on these texts finds.
    for (name, own) in [("comparison", TextDigest.Half.comparison), ("judgement", .judgement)] {
      let data = try DataIndex(path: try half(own))
      var settings = VerificationOptions()
      settings.bounds.f1Drift = 0.04
      let verifier = try Verifier(model: model, options: settings)
      let checkpoint = try CheckpointOutputs(path: Self.checkpoint, adapter: nil, profile: .tokenizers, threads: 2)
      let verdict = try verifier.verify(
        against: CheckpointReference(checkpoint, examples: try data.reader()), data: data)
      let found = try #require(record.member(name))
      #expect(found.member("texts")?.int == data.count)
      #expect(found.member("decisions")?.int == data.decisionCount)
      #expect(found.member("flips")?.int == verdict.measures.agreement.flipCount, "\(name)")
      let micro = try #require(verdict.measures[.microF1])
      #expect(abs((found.member("micro_f1")?.member("drift")?.double ?? 1) - micro.drift) < 1e-12)
    }
    #expect(Set(report.choices.map(\.choice)).isSubset(of: ["q4:channel", "q4:128", "q4:64", "q4:32", "q8", "f16"]))
    // Smaller than int8 throughout.
    let plain = ConversionOptions(input: Self.checkpoint, output: "")
    let plainSize = try Converter(plain).plan().outputSize
    #expect(summary.outputSize < plainSize)
  }

  @Test func theRecipeMakesTheSameTensorsAgain() throws {
    let report = try RecipeSearch(options(bound: 0.04)).run()
    try report.recipe.text().write(toFile: folder.file("recipe.json"), atomically: true, encoding: .utf8)
    let recipe = try QuantizationRecipe(contentsOf: folder.file("recipe.json"))
    _ = try Converter(
      ConversionOptions(input: Self.checkpoint, output: folder.file("again.glc"), recipe: recipe)
    ).run()
    let (first, second) = (try GLCFile(path: folder.file("out.glc")), try GLCFile(path: folder.file("again.glc")))
    #expect(first.records == second.records)
  }

  @Test func writesNothingWhereNothingKeepsTheBound() throws {
    try Data("old".utf8).write(to: URL(filePath: folder.file("out.glc")))
    let report = try RecipeSearch(options(bound: 0)).run()
    #expect(!report.passes)
    #expect(report.summary == nil && report.judgement == nil)
    // What came nearest.
    #expect(!report.choices.isEmpty && report.size > 0)
    #expect((report.comparison.drift?.interval.upper ?? 0) > 0)
    #expect(try names == ["out.glc"])
    #expect(try Data(contentsOf: URL(filePath: folder.file("out.glc"))) == Data("old".utf8))
  }

  @Test func aTinyBudgetStillJudges() throws {
    var options = options(bound: 0.5)
    options.budget = 0.001
    let report = try RecipeSearch(options).run()
    #expect(report.ranOut)
    #expect(report.trialCount == 1)
    #expect(report.comparison.texts == 32 && report.judgement?.texts == 32)
    #expect(report.passes)
    #expect(Set(report.choices.map(\.choice)) == ["q8"])
  }

  @Test func aNumberOfTextsIsOfBothHalves() throws {
    var options = options(bound: 0.5)
    options.textCount = 50
    let report = try RecipeSearch(options).run()
    #expect(report.comparison.texts == 25 && report.judgement?.texts == 25)
    // With all labels as good as kept the smallest is good enough.
    #expect(!report.choices.contains { $0.choice == "f16" && $0.unit.hasPrefix("layers.") })
  }

  @Test func computesTheReferenceWhereNoneIsGiven() throws {
    var options = options(bound: 0.5)
    options.reference = nil
    options.textCount = 16
    let report = try RecipeSearch(options).run()
    #expect(report.reference.kind == .checkpoint)
    #expect(report.passes)
  }

  @Test func whatCalibrationSawIsNotWhatJudges() throws {
    let texts = folder.file("calibration.jsonl")
    let lines = try String(contentsOfFile: "\(Self.checkpoint)/eval.jsonl", encoding: .utf8).split(separator: "\n")
    try lines.prefix(60).joined(separator: "\n").write(toFile: texts, atomically: true, encoding: .utf8)
    struct Line: Decodable { var text: String }
    let seen = try Set(lines.prefix(30).map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)).text })
    let judging = seen.count { TextDigest($0).half == .judgement }
    var options = options(bound: 0.05)
    options.calibration = (texts, 30)
    let report = try RecipeSearch(options).run()
    #expect(report.passes)
    let all = try DataIndex(path: try half(.judgement)).count
    #expect(report.judgement?.texts == all - judging)
    #expect(report.comparison.texts + all == 200)
    let model = try GLiClassModel(path: folder.file("out.glc"))
    let calibration = try #require(model.file.metadata.root.member("recipe")?.member("calibration"))
    #expect(calibration.member("data")?.string == "calibration.jsonl")
    #expect(calibration.member("texts")?.int == 30)
    #expect(Set(report.choices.map(\.choice)).isSubset(of: ["q4:64", "q8", "f16"]))
    #expect(try names == ["calibration.jsonl", "judgement.jsonl", "out.glc"])
  }

  // MARK: Refusals

  private func failure(_ options: RecipeSearchOptions) -> RecipeSearchError? {
    thrown(RecipeSearchError.self) { try RecipeSearch(options).run() }
  }

  private func write(_ lines: [String]) throws -> String {
    let path = folder.file("data.jsonl")
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test func dataWithoutRightLabels() throws {
    let path = try write(["{\"text\": \"a\", \"all_labels\": [\"b\"]}"])
    let error = try #require(failure(options(bound: 0.1, data: path)))
    #expect(error.exitStatus == .badData)
    #expect(error.message == "\(path): expected true_labels, which a bound on F1 needs, found none in any line")
    #expect(error.hint?.contains("--sensitivity") == true)
  }

  @Test func textsOfOneHalf() throws {
    let line = "{\"text\": \"abc\", \"all_labels\": [\"b\"], \"true_labels\": [\"b\"]}"
    let path = try write([line, line])
    let error = try #require(failure(options(bound: 0.1, data: path)))
    let expected = "expected different texts in both halves of a split by their SHA-256, found all 2 in one"
    #expect(error.message == "\(path): \(expected)")
    #expect(error.exitStatus == .badData)
  }

  @Test func aReferenceOfAnotherCheckpoint() throws {
    var options = options(bound: 0.1)
    options.reference = Fixtures.path("random-tiny/reference.jsonl")
    let error = try #require(failure(options))
    #expect(error.message.contains("random-tiny/reference.jsonl: "))
    #expect(error.exitStatus == .badData)
  }

  @Test func aReferenceThatLacksTexts() throws {
    let path = folder.file("reference.jsonl")
    let lines = try String(contentsOfFile: "\(Self.checkpoint)/reference.jsonl", encoding: .utf8).split(separator: "\n")
    try lines.prefix(20).joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    var options = options(bound: 0.1)
    options.reference = path
    let error = try #require(failure(options))
    #expect(error.message.contains("expected the same text and labels, as often, in \(path)"))
  }

  @Test func otherTokensThanTheReference() throws {
    let path = folder.file("reference.jsonl")
    let text = try String(contentsOfFile: "\(Self.checkpoint)/reference.jsonl", encoding: .utf8)
    try text.replacing("\"input_ids\": [1, ", with: "\"input_ids\": [2, ").write(
      toFile: path, atomically: true, encoding: .utf8)
    var options = options(bound: 0.1)
    options.reference = path
    let error = try #require(failure(options))
    #expect(error.message.contains("input_ids"))
  }

  @Test func anOutputThatIsRead() throws {
    var options = options(bound: 0.1)
    options.conversion.output = "\(Self.checkpoint)/model.safetensors"
    #expect(failure(options)?.exitStatus == .cannotCreate)
  }

  @Test func anOutputThatCannotBeMade() throws {
    var options = options(bound: 0.1)
    options.conversion.output = folder.file("nowhere/out.glc")
    #expect(failure(options)?.exitStatus == .cannotCreate)
  }

  @Test(arguments: [1, 4, 12]) func stopsWhenAsked(_ after: Int) throws {
    nonisolated(unsafe) var asked = 0
    let search = RecipeSearch(
      options(bound: 0.02),
      isStopped: {
        asked += 1
        return asked > after
      })
    let error = thrown(RecipeSearchError.self) { try search.run() }
    guard case .stopped = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try names.isEmpty)
  }
}
