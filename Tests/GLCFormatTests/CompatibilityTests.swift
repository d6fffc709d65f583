import Conversion
import Foundation
import GLCFormat
import GLiClass
import TestSupport
import Testing

/// One small file of every format version and precision of attention is kept: later code gives the same logits, or refuses the file by version.
@Suite struct CompatibilityTests {
  private struct Answer: Decodable {
    struct Label: Decodable {
      var label: String
      var score: Float
      var logit: Float
    }
    var text: String
    var labels: [Label]
  }

  @Test(arguments: ["1.0-tiny-q8", "1.0-tiny-q8-int8-attention", "1.2-tiny-q4-latin", "2.0-tiny-q8"])
  func keptFilesGiveTheirLogits(_ name: String) throws {
    let path = Fixtures.path("glc/\(name)")
    let answers = try String(contentsOfFile: "\(path).jsonl", encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    #expect(answers.count == 20)
    let model = try GLiClassModel(path: "\(path).glc")
    #expect(model.file.version == name.prefix(3))
    let session = try model.makeSession()
    for answer in answers {
      let found = try session.classify(answer.text, labels: answer.labels.map(\.label))
      // Shortest decimals that read back as the same float: equality is of bits.
      #expect(
        found.labels.map(\.logit.bitPattern) == answer.labels.map(\.logit.bitPattern), "\(answer.text.prefix(40))")
      #expect(found.labels.map(\.score.bitPattern) == answer.labels.map(\.score.bitPattern))
    }
    try model.file.checkTensorData()
  }
}

/// The same checkpoint gives the same bytes on every machine: the kept file was written on another one.
@Suite struct ReproductionTests {
  /// Without the steps that came later.
  @Test func convertingAgainGivesTheKeptBytes() throws {
    let kept = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.path("glc/1.0-tiny-q8.glc"))))
    var recipe = QuantizationRecipe()
    (recipe.steps.errorWeights, recipe.steps.inputScales) = (false, false)
    let folder = try TemporaryFolder()
    let path = folder.file("again.glc")
    _ = try Converter(ConversionOptions(input: Fixtures.path("random-tiny"), output: path, recipe: recipe)).run()
    #expect(try firstDifference(kept, path) == nil)
  }

  /// With all that is done without data: moments, input scales, int4, and a smaller vocabulary.
  @Test func everyStepWithoutDataGivesTheKeptBytes() throws {
    let kept = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.path("glc/1.2-tiny-q4-latin.glc"))))
    let folder = try TemporaryFolder()
    let path = folder.file("again.glc")
    var recipe = QuantizationRecipe(weights: .q4, embeddings: .q4)
    recipe.overrides = [RecipeOverride(pattern: "embeddings.tokens", scheme: .q4, groupSize: .channel)]
    var options = ConversionOptions(input: Fixtures.path("random-tiny"), output: path, recipe: recipe)
    options.vocabulary.scripts = ["latin"]
    _ = try Converter(options).run()
    #expect(try firstDifference(kept, path) == nil)
  }

  /// Where the sections before the metadata differ: those name the converter's version, which moves on.
  private func firstDifference(_ kept: [UInt8], _ path: String) throws -> Int? {
    let made = try GoodFile(path: path)
    let end = min(try made.section(1).range.lowerBound, kept.count)
    return (4096..<end).first { kept[$0] != made.bytes[$0] }
  }
}
