import Checkpoints
import Conversion
import Foundation
import GLiClass
import TestSupport
import Testing
import Verification

/// Without a checkpoint: another `.glc`, or nothing at all.
@Suite struct OriginBaselineTests {
  private static let value = "layers.1.attention.value.weight"

  private static func report(
    _ baseline: WeightScheme, _ change: (inout SabotagedGLC) throws -> Void
  ) throws -> OriginReport {
    let home = try TestSupport.TemporaryFolder()
    let model = try GLiClassModel(path: Origins.sabotagedFile(.q8, in: home, change))
    let other = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, baseline))
    return try DriftOrigin(model: model, against: .baseline(other)).report(
      prompts: Origins.prompts(model, Origins.tiny, 1), threads: 1)
  }

  private static func unaided(_ change: (inout SabotagedGLC) throws -> Void) throws -> [String] {
    let home = try TestSupport.TemporaryFolder()
    let model = try GLiClassModel(path: Origins.sabotagedFile(.q8, in: home, change))
    return try DriftOrigin(model: model, against: .nothing).report(prompts: [], threads: 1).lines
  }

  @Test(arguments: [WeightScheme.q8, .f32]) func tensors(baseline: WeightScheme) throws {
    let report = try Self.report(baseline) { file in
      try file.zeroTile("layers.0.feed_forward.output.weight", block: 3, tile: 0)
      try file.scaleChannel(Self.value, 7, by: 2)
      try file.swapRows("embeddings.tokens", 20, 30)
    }
    #expect(report.lines.count == 3)
    #expect(report.lines[0].hasPrefix("embeddings.tokens: rows 20 ("))
    #expect(
      report.lines.dropFirst() == [
        "layers.0.feed_forward.output.weight: channels 48 to 63, features 0 to 63 are zero, in the baseline they are not",
        "\(Self.value): channel 7 is 2.00 times the baseline's",
      ])
    #expect(report.layers.contains { $0.layer == 1 && $0.stage == .attention && $0.ownSQNR ?? 99 < 35 })
  }

  @Test func fields() throws {
    let report = try Self.report(.q8) { file in
      try file.setMetadata("model.layer_norm_epsilon", to: 1e-4)
    }
    #expect(report.lines == ["model.layer_norm_epsilon: 0.0001, in the baseline 1e-07"])
  }

  @Test func nothingToCompareWith() throws {
    #expect(
      try Self.unaided { try $0.zeroTile("layers.1.feed_forward.output.weight", block: 1, tile: 1) } == [
        "layers.1.feed_forward.output.weight: channels 16 to 31, features 64 to 127 are zero, those around them are not"
      ])
    #expect(
      try Self.unaided { try $0.zeroChannel(Self.value, 9) } == [
        "\(Self.value): channel 9 is zero, those around it are not"
      ])
    #expect(
      try Self.unaided { try $0.setScale(Self.value, 9, to: .nan) } == [
        "\(Self.value): a value of channel 9 is not finite (nan)"
      ])
    #expect(
      try Self.unaided { try $0.setValue("head.text.first.bias", column: 2, to: .infinity) } == [
        "head.text.first.bias: value 2 is not finite (inf)"
      ])
    #expect(
      try Self.unaided { try $0.duplicateTensor(Self.value, as: "layers.5.attention.value.weight") } == [
        "layers.5.attention.value.weight: no part of the metadata reads it"
      ])
    // Rows of zeros of an embedding table are as they should be: padding, and tokens that were never seen.
    #expect(try Self.unaided { try $0.zeroChannel("embeddings.tokens", 0) } == [])
  }
}
