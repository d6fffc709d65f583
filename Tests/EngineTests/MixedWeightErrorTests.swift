import Conversion
import Engine
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// What the engine refuses of quantized tensors, by name.
@Suite struct MixedWeightErrorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The message of the error that the file with some tensors changed is refused with.
  private func message(
    _ mix: WeightMix, _ change: (TensorRecord, UnsafeRawBufferPointer) throws -> RewrittenGLC.Tensor?
  ) throws -> String? {
    let path = folder.file("\(UUID().uuidString).glc")
    try RewrittenGLC.write(mix.model("random-tiny").file, to: path, change)
    let message = thrown(GLiClassError.self) { try GLiClassModel(path: path) }?.message
    return message?.replacing(path, with: "FILE")
  }

  @Test(arguments: [0, -0.0, -1, .infinity, -.infinity, .nan] as [Float])
  func refusesInputScalesThatAreNotPositive(_ value: Float) throws {
    for name in ["layers.1.feed_forward.output.weight", "head.text.second.weight"] {
      let found = try message(.inputScalesInt4) { record, extent in
        guard record.name == name else { return nil }
        return RewrittenGLC.Tensor(record: record, bytes: Array(extent)).replacing([
          (record.inputScalesOffset + 4 * 17, withUnsafeBytes(of: value, Array.init))
        ])
      }
      #expect(
        found == "FILE: tensor \(name): expected a finite positive input scale of feature 17, found \(value)")
    }
  }

  @Test(arguments: ["key", "value"])
  func refusesProjectionsWithInputScalesOfTheirOwn(_ role: String) throws {
    let name = "layers.1.attention.\(role).weight"
    let query = "of layers.1.attention.query.weight, which reads the same rows"
    func changed(_ mix: WeightMix, _ names: String..., by factor: Float) throws -> String? {
      try message(mix) { names.contains($0.name) ? RewrittenGLC.scaled($0, $1, by: factor) : nil }
    }
    #expect(
      try changed(.int4Groups32, name, by: 2)
        == "FILE: tensor \(name): expected no input scales as \(query), found some")
    #expect(
      try changed(.int4Groups32, "layers.1.attention.query.weight", by: 2)
        == "FILE: tensor layers.1.attention.key.weight: expected its input scales as \(query), found none")
    #expect(
      try message(.inputScales) { record, extent in
        guard record.name == name else { return nil }
        return RewrittenGLC.Tensor(record: record, bytes: Array(extent)).replacing([
          (record.inputScalesOffset + 4 * 3, withUnsafeBytes(of: Float(0.75), Array.init))
        ])
      } == "FILE: tensor \(name): expected its input scales as \(query), found others")
  }

  /// All zeros: a tensor in a form of another kind.
  private func zeros(_ record: TensorRecord, _ encoding: TensorEncoding, _ layout: TensorLayout) -> RewrittenGLC.Tensor?
  {
    TensorRecord(name: record.name, encoding: encoding, layout: layout, shape: record.shape).map {
      RewrittenGLC.Tensor(record: $0, bytes: [UInt8](repeating: 0, count: $0.extent.count))
    }
  }

  @Test func refusesProjectionsThatAreQuantizedInPart() throws {
    let found = try message(.int4Groups32) { record, _ in
      record.name == "layers.0.attention.value.weight" ? zeros(record, .f16, .panels) : nil
    }
    let size = try WeightMix.int4Groups32.model("random-tiny").file.configuration.encoder.hiddenSize
    #expect(
      found
        == "FILE: tensor layers.0.attention.value.weight: expected int8 or int4 as of layers.0.attention.query.weight, "
        + "which reads the same rows, found f16 panels [\(size), \(size)]")
    let others = try message(.f16) { record, _ in
      record.name == "layers.0.attention.key.weight" ? zeros(record, .int8, .tiles) : nil
    }
    #expect(others?.contains("expected f32, f16 or bf16 as of layers.0.attention.query.weight") == true)
  }

  @Test func refusesAHeadThatIsQuantizedInPart() throws {
    let found = try message(.int4Groups32) { record, _ in
      record.name == "head.text.first.weight" ? zeros(record, .bf16, .panels) : nil
    }
    #expect(
      found
        == "FILE: metadata: numerics.head_activations: expected projectors that are all quantized, or none of them, "
        + "found int8x2")
  }

  @Test func refusesInt8AttentionWithOtherRelativeEmbeddings() throws {
    let found = try message(.mixedInt8Attention) { record, _ in
      record.name == "layers.1.attention.relative_queries" ? zeros(record, .f16, .panels) : nil
    }
    #expect(
      found == "FILE: metadata: numerics.attention: expected f32 where relative embeddings are not int8, found int8")
  }
}
