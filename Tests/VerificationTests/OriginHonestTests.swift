import Checkpoints
import Conversion
import Engine
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing
import Verification

/// Conversions as they should be: nothing is found in them.
@Suite struct OriginHonestTests {
  static let folders =
    [Origins.tiny, Origins.demo] + ["debian-tags", "debian-tags-outliers"].compactMap { Origins.Home.shared($0) }
  static let forms: [(WeightScheme, AttentionPrecision)] = [
    (.q8, .f32), (.q8, .int8), (.q4, .f32), (.q4, .int8), (.f16, .f32), (.bf16, .f32), (.f32, .f32),
  ]

  @Test(arguments: folders, forms)
  func fixtures(folder: String, form: (WeightScheme, AttentionPrecision)) throws {
    let path = try TestSupport.Converted.glc(folder, form.0, attention: form.1)
    let report = try Origins.report(path, checkpoint: folder)
    #expect(report.lines == [])
    let model = try GLiClassModel(path: path)
    #expect(report.tensors.count == model.file.records.count)
    // Lowest first; and what int8 costs a tensor whose values are about normal is some 42 to 46 dB.
    #expect(report.tensors.map(\.sqnr) == report.tensors.map(\.sqnr).sorted())
    for tensor in report.tensors {
      #expect(tensor.worstChannelSQNR <= tensor.sqnr)
      // f16 and bf16 keep 11 and 8 digits: 6 dB each, and 11 dB for the mean.
      let expected: ClosedRange<Double> =
        switch tensor.form.prefix(while: { $0 != " " }) {
        case "int4": 10...26
        case "int8": 35...60
        case "f16": 65...(.infinity)
        case "bf16": 50...(.infinity)
        default: 120...(.infinity)
        }
      #expect(expected.contains(tensor.sqnr), "\(tensor.name), \(tensor.form): \(tensor.sqnr)")
    }
  }

  /// Codes that make up for each other's errors, and biases for what is left.
  @Test(arguments: [Origins.tiny, Origins.demo], [WeightScheme.q8, .q4])
  func calibrated(folder: String, scheme: WeightScheme) throws {
    let home = try TestSupport.TemporaryFolder()
    var options = ConversionOptions(
      input: folder, output: home.file("calibrated.glc"),
      recipe: QuantizationRecipe(weights: scheme, embeddings: scheme))
    options.recipe = try Calibrator(options).calibrate(options.recipe, path: "\(folder)/eval.jsonl", limit: 32).recipe
    #expect(options.recipe.steps.gptq)
    _ = try Converter(options).run()
    let report = try Origins.report(options.output, checkpoint: folder)
    #expect(report.lines == [])
  }

  @Test(arguments: Variants.names, [WeightScheme.q8, .q4, .f32])
  func variants(name: String, scheme: WeightScheme) throws {
    let folder = try Variants.folder(name)
    let model = try GLiClassModel(path: TestSupport.Converted.glc(folder, scheme))
    let label = Int32(model.file.configuration.prompt.labelTokenID)
    let prompts = try Variants.description(name).examples.prefix(2).map { example in
      let positions = Array(
        example.inputIds.indices.filter { example.inputIds[$0] == label }.prefix(example.labels.count))
      return EnginePrompt(
        tokens: example.inputIds, labelPositions: positions, lostLabelCount: example.labels.count - positions.count)
    }
    let checkpoint = try DriftOrigin(model: model, against: .checkpoint(Checkpoint.open(folder))).report(
      prompts: prompts, threads: 1)
    #expect(checkpoint.lines == [] && checkpoint.tensors.count == model.file.records.count)
    #expect(checkpoint.layers.count == 4 + 3 * model.file.configuration.encoder.layerCount)
    #expect(checkpoint.texts == prompts.count)
    guard scheme == .q8 else { return }
    #expect(try DriftOrigin(model: model, against: .nothing).report(prompts: [], threads: 1).lines == [])
    let other = try GLiClassModel(path: TestSupport.Converted.glc(folder, .f32))
    let baseline = try DriftOrigin(model: model, against: .baseline(other)).report(prompts: prompts, threads: 1)
    #expect(baseline.lines == [] && baseline.layers.count == checkpoint.layers.count)
  }

  @Test func adapter() throws {
    for name in ["plain", "all_linear", "embedding"] {
      let home = try TestSupport.TemporaryFolder()
      let (adapter, path) = (Origins.Home.path("adapters/\(name)"), home.file("merged.glc"))
      _ = try Converter(
        ConversionOptions(input: Origins.tiny, output: path, scheme: .q8, adapter: adapter)
      ).run()
      let model = try GLiClassModel(path: path)
      let merged = try Checkpoint.open(Origins.tiny, adapter: adapter)
      #expect(try DriftOrigin(model: model, against: .checkpoint(merged)).report(prompts: [], threads: 1).lines == [])
      // Without it, what it changed shows.
      let plain = try Checkpoint.open(Origins.tiny)
      #expect(try DriftOrigin(model: model, against: .checkpoint(plain)).report(prompts: [], threads: 1).lines != [])
    }
  }

  /// A file against itself: every ratio is infinite.
  @Test func againstItself() throws {
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, .q8))
    let report = try DriftOrigin(model: model, against: .baseline(model)).report(
      prompts: Origins.prompts(model, Origins.tiny), threads: 2)
    #expect(report.layers.allSatisfy { $0.sqnr == .infinity && $0.ownSQNR ?? .infinity == .infinity })
    #expect(report.tensors.allSatisfy { $0.sqnr == .infinity } && report.lines == [])
  }
}
