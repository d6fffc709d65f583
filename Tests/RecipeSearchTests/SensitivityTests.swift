import Conversion
import DataSets
import Foundation
import GLiClass
import RecipeSearch
import TestSupport
import Testing
import Verification

/// The ranking of tensors against conversions by hand.
@Suite struct SensitivityTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let checkpoint = Fixtures.path("debian-tags-f16")
  private static let data = "\(checkpoint)/eval.jsonl"

  private func report(_ recipe: QuantizationRecipe = QuantizationRecipe(), texts: Int = 24) throws -> SensitivityReport
  {
    var options = SensitivityOptions(
      conversion: ConversionOptions(input: Self.checkpoint, output: "", recipe: recipe), data: Self.data,
      scratch: folder.file("scratch.glc"))
    options.textCount = texts
    return try Sensitivity(options).run()
  }

  /// Logits of all labels of the 24 texts with the smallest digests.
  private func logits(_ recipe: QuantizationRecipe) throws -> [Float] {
    let path = folder.file("\(UUID().uuidString).glc")
    _ = try Converter(ConversionOptions(input: Self.checkpoint, output: path, recipe: recipe)).run()
    let session = try GLiClassModel(path: path).makeSession()
    var reader = try DataIndex(path: Self.data).reader()
    var texts: [(digest: TextDigest, text: String, labels: [String])] = []
    while let example = try reader.next() { texts.append((TextDigest(example.text), example.text, example.labels)) }
    texts.sort { $0.digest < $1.digest }
    return try texts.prefix(24).flatMap { text in
      try session.classify(text.text, labels: text.labels).labels.map(\.logit)
    }
  }

  @Test func everyUnitIsMeasuredAlone() throws {
    let report = try report()
    #expect(report.texts == 24)
    #expect(report.rows.count == 19)
    #expect(report.rows.map(\.meanError) == report.rows.map(\.meanError).sorted(by: >))
    let plain = try logits(QuantizationRecipe(weights: .f32))
    for (unit, patterns) in [
      ("embeddings", ["embeddings.tokens"]),
      ("layers.1.feed_forward.output", ["layers.1.feed_forward.output.weight"]),
      ("layers.2.attention.query+key+value", ["query", "key", "value"].map { "layers.2.attention.\($0).weight" }),
    ] {
      let recipe = QuantizationRecipe(
        weights: .f32, overrides: patterns.map { RecipeOverride(pattern: $0, scheme: .q8) })
      let errors = zip(try logits(recipe), plain).map { abs(Double($0) - Double($1)) }
      let row = try #require(report.rows.first { $0.unit == unit })
      #expect(abs(row.meanError - errors.reduce(0, +) / Double(errors.count)) < 1e-12, "\(unit)")
      #expect(row.largestError == errors.max(), "\(unit)")
      #expect(row.tensors == patterns)
      #expect(row.form == "q8")
    }
    let whole = zip(try logits(QuantizationRecipe()), plain).map { abs(Double($0) - Double($1)) }
    #expect(abs(report.whole.meanError - whole.reduce(0, +) / Double(whole.count)) < 1e-12)
    #expect(report.whole.drift != nil)
  }

  @Test func bytesAreThoseOfTheFile() throws {
    let report = try report(texts: 1)
    func tensors(_ recipe: QuantizationRecipe) throws -> [String: Int] {
      let plan = try Converter(ConversionOptions(input: Self.checkpoint, output: "", recipe: recipe)).plan()
      return Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.name, $0.size) })
    }
    let (plain, small) = (try tensors(QuantizationRecipe(weights: .f32)), try tensors(QuantizationRecipe()))
    for row in report.rows {
      let saved = row.tensors.reduce(0) { $0 + (plain[$1] ?? 0) - (small[$1] ?? 0) }
      #expect(row.saved == saved && saved > 0, "\(row.unit)")
    }
    #expect(report.whole.saved == plain.values.reduce(0, +) - small.values.reduce(0, +))
  }

  @Test func onlyWhatTheRecipeChangesIsMeasured() throws {
    let recipe = QuantizationRecipe(
      weights: .f32, overrides: [RecipeOverride(pattern: "layers.3.*", scheme: .q8)])
    let names = try report(recipe, texts: 4).rows.map(\.unit)
    #expect(
      names.sorted() == [
        "layers.3.attention.output", "layers.3.attention.query+key+value", "layers.3.feed_forward.intermediate",
        "layers.3.feed_forward.output", "relative_embeddings",
      ])
  }

  @Test func theSameTextsGiveTheSameReport() throws {
    let (first, second) = (try report(texts: 5), try report(texts: 5))
    #expect(first.rows == second.rows)
    #expect(first.json.text() == second.json.text())
  }

  @Test func nothingIsLeftBehind() throws {
    _ = try report(texts: 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func stopsWhenAsked() throws {
    let options = SensitivityOptions(
      conversion: ConversionOptions(input: Self.checkpoint, output: ""), data: Self.data,
      scratch: folder.file("scratch.glc"))
    nonisolated(unsafe) var asked = 0
    let error = thrown(RecipeSearchError.self) {
      try Sensitivity(
        options,
        isStopped: {
          asked += 1
          return asked > 3
        }
      ).run()
    }
    guard case .stopped = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
