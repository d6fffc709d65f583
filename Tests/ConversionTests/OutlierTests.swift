import Conversion
import Foundation
import GLCFormat
import GLiClass
import TestSupport
import Testing

/// Channels that are far larger than the others, and weights that read them as much smaller, as large models have them.
@Suite struct OutlierTests {
  private static let labels = ["web server", "games", "devel lib", "graphics", "lang perl"]
  private static let texts = [
    "A fast web server with a small memory footprint", "Perl module to read and write ZIP archives",
    "Arcade game with puzzles for children", "Development files of a library that draws vector graphics",
  ]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ input: String, _ name: String, _ recipe: QuantizationRecipe) throws -> GLiClassModel {
    let output = folder.file(name)
    _ = try Converter(ConversionOptions(input: input, output: output, recipe: recipe)).run()
    return try GLiClassModel(path: output)
  }

  private func logits(_ model: GLiClassModel) throws -> [Float] {
    let session = try model.makeSession()
    return try Self.texts.flatMap { text in
      let found = try session.classify(text, labels: Self.labels).labels
      return try Self.labels.map { label in try #require(found.first { $0.label == label }).logit }
    }
  }

  private func error(_ model: GLiClassModel, _ expected: [Float]) throws -> Float {
    try zip(logits(model), expected).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(expected.count)
  }

  private func inputScales(_ model: GLiClassModel, _ name: String) throws -> [Float]? {
    let record = try model.file.record(name)
    guard record.inputScalesOffset > 0, let count = record.shape.last else { return nil }
    let extent = model.file.extent(record)
    return (0..<count).map { extent.loadUnaligned(fromByteOffset: record.inputScalesOffset + 4 * $0, as: Float.self) }
  }

  /// In the last states, which the projectors read.
  @Test func projectorsAreBalanced() throws {
    var checkpoint = try EditedCheckpoint(in: folder)
    try checkpoint.edit("model.encoder_model.encoder.layer.3.output.LayerNorm.bias", column: 7) { $0 + 300 }
    for part in ["text", "classes"] {
      try checkpoint.edit("model.\(part)_projector.linear_1.weight", column: 7) { $0 / 300 }
    }
    let exact = try logits(convert(checkpoint.path, "f32.glc", QuantizationRecipe(weights: .f32)))
    let balanced = try convert(checkpoint.path, "q8.glc", QuantizationRecipe())
    for part in ["text", "classes"] {
      let scales = try #require(try inputScales(balanced, "head.\(part).first.weight"))
      #expect(scales[7] < 0.05 && scales.sorted()[scales.count / 2] > 0.5)
    }
    var recipe = QuantizationRecipe()
    recipe.steps.inputScales = false
    let plain = try convert(checkpoint.path, "plain.glc", recipe)
    #expect(try inputScales(plain, "head.text.first.weight") == nil)
    let (with, without) = (try error(balanced, exact), try error(plain, exact))
    #expect(with < 0.02 && with < 0.6 * without, "\(with) \(without)")
  }

  /// In what the first layer reads: gain and offset of the LayerNorm behind the embeddings.
  @Test(arguments: [WeightScheme.q8, .q4]) func layersAreBalanced(_ scheme: WeightScheme) throws {
    var checkpoint = try EditedCheckpoint(in: folder)
    try checkpoint.edit("model.encoder_model.embeddings.LayerNorm.bias", column: 11) { $0 + 100 }
    for name in ["query_proj", "key_proj", "value_proj"] {
      try checkpoint.edit("model.encoder_model.encoder.layer.0.attention.self.\(name).weight", column: 11) { $0 / 100 }
    }
    let balanced = try convert(checkpoint.path, "balanced.glc", QuantizationRecipe(weights: scheme))
    let scales = try #require(try inputScales(balanced, "layers.0.attention.query.weight"))
    #expect(scales[11] < 0.1 && scales.sorted()[scales.count / 2] > 0.5)
    for name in ["key", "value"] { #expect(try inputScales(balanced, "layers.0.attention.\(name).weight") == scales) }
  }
}
