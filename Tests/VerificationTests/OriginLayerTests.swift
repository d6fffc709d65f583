import Checkpoints
import Conversion
import Engine
import Foundation
import GLiClass
import ModelCore
import ReferenceModel
import TestSupport
import Testing
import Verification

/// Layers of both sides beside each other.
@Suite struct OriginLayerTests {
  @Test(arguments: [WeightScheme.q8, .f32]) func stagesInTheOrderOfThePass(scheme: WeightScheme) throws {
    let report = try Origins.report(TestSupport.Converted.glc(Origins.demo, scheme), checkpoint: Origins.demo)
    let inner = (0..<4).flatMap { [($0, LayerStage.attention), ($0, .feedForward), ($0, .output)] }
    let expected: [(Int?, LayerStage)] =
      [(nil, .embeddings)] + inner.map { ($0.0, $0.1) } + [(nil, .text), (nil, .classes), (nil, .logits)]
    #expect(report.layers.map(\.layer) == expected.map(\.0))
    #expect(report.layers.map(\.stage) == expected.map(\.1))
    #expect(report.texts == 3)
    for layer in report.layers {
      #expect((layer.ownSQNR == nil) == (layer.layer == nil) && (layer.ownCosine == nil) == (layer.layer == nil))
      // Between what int8 rows (about 1 part in 100) and f32 sums in another order allow.
      let range = scheme == .q8 ? 30.0...90 : 110.0...160
      #expect(range.contains(layer.sqnr) && range.contains(layer.ownSQNR ?? 50 * (scheme == .q8 ? 1 : 2.5)))
      #expect(layer.cosine > 0.999 && layer.cosine <= 1)
      // A layer that reads the reference's states has less to answer for.
      if let own = layer.ownSQNR { #expect(own > layer.sqnr - 0.5) }
    }
    #expect(report.lines == [])
  }

  /// The reported figures against sums over what both sides give by other ways: the reference's observer and the engine's outputs.
  @Test(arguments: [WeightScheme.q8, .f32]) func classesAreWhatTheOutputsSay(scheme: WeightScheme) throws {
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.demo, scheme))
    let prompts = try Origins.prompts(model, Origins.demo)
    let checkpoint = try Checkpoint.open(Origins.demo)
    let report = try DriftOrigin(model: model, against: .checkpoint(checkpoint)).report(prompts: prompts, threads: 1)
    let reference = try ReferenceModel(checkpoint)
    var (signal, error, cosines): (Double, Double, [Double]) = (0, 0, [])
    for prompt in prompts {
      let theirs = try reference.outputs(inputIDs: prompt.tokens).classes
      let ours = try #require(try model.makeSession().engine.outputs([prompt], embeddings: true)[0].embeddings).classes
      for (row, values) in ours.enumerated() {
        let pairs = zip(values, theirs[row: row]).map { (Double($0), Double($1)) }
        signal += pairs.map { $1 * $1 }.reduce(0, +)
        error += pairs.map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
        let norms = pairs.map { $0.0 * $0.0 }.reduce(0, +) * pairs.map { $0.1 * $0.1 }.reduce(0, +)
        cosines.append(pairs.map { $0 * $1 }.reduce(0, +) / norms.squareRoot())
      }
    }
    let found = try #require(report.layers.first { $0.stage == .classes })
    #expect(abs(found.sqnr - 10 * log10(signal / error)) < 1e-9)
    #expect(abs(found.cosine - cosines.reduce(0, +) / Double(cosines.count)) < 1e-12)
  }

  /// Every value of a stage is off by the same amount, so that the ratio is known: the last LayerNorm's bias is added to states whose
  /// energy the reference says.
  @Test func anErrorOfKnownEnergyGivesItsSQNR() throws {
    let shift: Float = 0.5
    let home = try TestSupport.TemporaryFolder()
    let bias = "layers.1.feed_forward.norm.bias"
    let path = try Origins.sabotagedFile(.f32, in: home) { file in
      for column in 0..<64 {
        let value = try file.tensor(bias).value(0, column)
        try file.setValue(bias, column: column, to: value + (column % 2 == 0 ? shift : -shift))
      }
    }
    let model = try GLiClassModel(path: path)
    let checkpoint = try Checkpoint.open(Origins.tiny)
    let prompts = try Origins.prompts(model, Origins.tiny)
    let report = try DriftOrigin(model: model, against: .checkpoint(checkpoint)).report(prompts: prompts, threads: 1)
    var (signal, count) = (0.0, 0)
    for prompt in prompts {
      _ = try ReferenceModel(checkpoint).outputs(inputIDs: prompt.tokens) { layer, stage, states in
        guard layer == 1, stage == .output else { return }
        signal += states.values.reduce(0) { $0 + Double($1) * Double($1) }
        count += states.values.count
      }
    }
    let expected = 10 * log10(signal / (Double(count) * Double(shift * shift)))
    let output = try #require(report.layers.first { $0.layer == 1 && $0.stage == .output })
    #expect(abs(output.sqnr - expected) < 1e-3 && abs((output.ownSQNR ?? 0) - expected) < 1e-3)
    // Nothing before it is touched.
    #expect(report.layers.prefix { $0 != output }.allSatisfy { $0.sqnr > 100 })
    // 10 · log₁₀ (Σ bias² ÷ (64 · 0.25)) of the tensor itself.
    let tensor = try #require(report.tensors.first)
    let original = try checkpoint.tensor("model.encoder_model.encoder.layer.1.output.LayerNorm.bias")?.floats() ?? []
    let energy = original.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(tensor.name == bias && abs(tensor.sqnr - 10 * log10(energy / (64 * 0.25))) < 1e-3)
  }

  /// A layer answers for its own error, and not for that of the layers before it.
  @Test func ownErrorBelongsToOneLayer() throws {
    let report = try Origins.sabotaged(.f32, texts: 2) {
      try $0.addNoise("layers.0.attention.output.weight", part: 0.3)
    }
    func layer(_ index: Int, _ stage: LayerStage) throws -> LayerError {
      try #require(report.layers.first { $0.layer == index && $0.stage == stage })
    }
    #expect(try layer(0, .attention).sqnr < 40 && layer(0, .attention).ownSQNR ?? 99 < 40)
    #expect(try layer(1, .attention).sqnr < 40 && layer(1, .attention).ownSQNR ?? 0 > 110)
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func valuesThatAreNotFiniteAreReported(scheme: WeightScheme) throws {
    let report = try Origins.sabotaged(scheme) {
      try $0.setValue("layers.1.attention.norm.bias", column: 3, to: .nan)
    }
    #expect(
      report.lines == [
        "layers.1.attention.norm.bias: value 3 is not finite (nan)", "layer 1, attention: the values are not finite",
      ])
    let (before, behind) = (report.layers.prefix(4), report.layers.dropFirst(4))
    #expect(before.allSatisfy { $0.sqnr.isFinite && $0.cosine.isFinite && $0.ownSQNR ?? 50 > 30 })
    #expect(behind.count == 6 && behind.allSatisfy { $0.sqnr.isNaN && $0.cosine.isNaN })
    #expect(behind.allSatisfy { $0.layer == nil || $0.ownSQNR?.isNaN == true })
  }

  @Test func aCheckpointThatOverflowsIsReported() throws {
    // The reference's own values are not finite: the file is not to blame.
    let home = try TestSupport.TemporaryFolder()
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, .f32))
    let path = try Origins.sabotagedFile(.f32, in: home) {
      try $0.setValue("layers.0.feed_forward.norm.gain", column: 0, to: .infinity)
    }
    let broken = try GLiClassModel(path: path)
    let report = try DriftOrigin(model: model, against: .baseline(broken)).report(
      prompts: Origins.prompts(model, Origins.tiny, 1), threads: 1)
    #expect(report.lines.contains("layer 0, output: the baseline's values are not finite"))
    #expect(!report.lines.contains { $0.hasSuffix(": the values are not finite") })
    // Both files are the same up to there.
    #expect(report.layers[2].sqnr == .infinity && report.layers[3].sqnr.isNaN)
  }

  @Test func promptsThatASideCannotTakeAreLeftOut() throws {
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, .q8))
    var prompts = try Origins.prompts(model, Origins.tiny, 2)
    prompts.append(EnginePrompt(tokens: [1, 2_000_000], labelPositions: []))
    prompts.append(EnginePrompt(tokens: [], labelPositions: []))
    let report = try DriftOrigin(model: model, against: .checkpoint(Checkpoint.open(Origins.tiny))).report(
      prompts: prompts, threads: 1)
    #expect(report.texts == 2 && report.lines == [])
  }

  @Test func progressRises() throws {
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, .q8))
    for reference in try [
      DriftOrigin.Reference.checkpoint(Checkpoint.open(Origins.tiny)), .baseline(model), .nothing,
    ] {
      var parts: [Double] = []
      _ = try DriftOrigin(model: model, against: reference).report(
        prompts: Origins.prompts(model, Origins.tiny), threads: 1
      ) { parts.append($0) }
      #expect(parts == parts.sorted() && (parts.first ?? 2) < 0.5 && (parts.last ?? 0) >= 0.5)
    }
  }

  /// What no field and no tensor shows: a layer that computes something else.
  @Test func aLayerThatStandsOut() {
    func layer(_ index: Int, _ own: Double) -> LayerError {
      LayerError(layer: index, stage: .output, sqnr: 20, cosine: 1, ownSQNR: own, ownCosine: 1)
    }
    #expect(
      LayerOutliers([layer(0, 45), layer(1, 24), layer(2, 41)]).findings == [
        Finding(
          place: "layer 1, output", message: "its own SQNR is 24.0 dB, that of the other layers at least 41.0 dB")
      ])
    #expect(LayerOutliers([layer(0, 45), layer(1, 34), layer(2, 41)]).findings == [])
    #expect(LayerOutliers([layer(0, 130), layer(1, 60), layer(2, 131)]).findings == [])
    #expect(LayerOutliers([layer(0, 20)]).findings == [])
  }
}
