import Engine
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// int4, 16-bit floats and input scales, tensor by tensor.
@Suite struct MixedWeightTests {
  /// Encoders and heads of every kind of layer that may be stored so.
  static let variants = [
    "conv-3", "embedding-size-smaller", "lstm-cross-attn", "scorer-hopfield", "scorer-weighted-dot", "calibrator-bias",
    "squeeze-all-states", "hidden-96", "hidden-act-silu", "mix-all",
  ]
  static let mixes = [WeightMix.int4Groups64, .int4Channels, .mixed, .mixedInt8Attention, .inputScalesInt4]

  private static func prompts(_ model: GLiClassModel, _ name: String) throws -> [EnginePrompt] {
    switch name {
    case "debian-tags-f16": try Prompts.demo(model, 6)
    case "random-tiny":
      Prompts.synthetic(model, [1, 2, 15, 17, 33, 63, 64, 65, 129, 257, 300])
    default: try VariantTests.load(name, .q8).1
    }
  }

  private static func bits(_ session: EngineSession, _ prompts: [EnginePrompt]) throws -> [[UInt32]] {
    try session.outputs(prompts, embeddings: true).map { output in
      let embeddings = [output.embeddings?.text, output.embeddings?.classes].compactMap { $0 }.joined().joined()
      return (output.logits + embeddings).map(\.bitPattern)
    }
  }

  @Test(arguments: WeightMix.allCases, ["debian-tags-f16", "random-tiny"])
  func everyWayGivesTheSameBits(_ mix: WeightMix, _ name: String) throws {
    let model = try mix.model(name)
    let prompts = try Self.prompts(model, name)
    let scalar = try Engines.session(model, InstructionSet.available[0])
    let expected = try prompts.flatMap { try Self.bits(scalar, [$0]) }
    for set in InstructionSet.available.dropFirst() {
      for threads in [1, 2, 3] {
        let session = try Engines.session(model, threads: threads, set)
        #expect(try Self.bits(session, prompts) == expected, "\(set), \(threads) threads")
        #expect(try Self.bits(session, prompts.reversed()) == expected.reversed(), "\(set), reversed")
      }
    }
    #expect(try Self.bits(Engines.session(model, threads: 2, skips: false), prompts) == expected)
    let rows = try EngineModel(GLCFile(path: model.file.path), mappedTableBytes: 0)
    let read = try EngineSession(rows, options: EngineOptions(threads: 2))
    #expect(try Self.bits(read, prompts) == expected, "a table that is read row by row")
    // A probe sees what the second product of the feed-forward network reads before its input scales.
    let probed = try Engines.session(model, threads: 2)
    probed.probe = Probe(observe: { _, _, _ in })
    #expect(try Self.bits(probed, prompts) == expected, "with a probe")
  }

  @Test(arguments: mixes, variants)
  func variantsGiveTheSameBitsEverywhere(_ mix: WeightMix, _ name: String) throws {
    let model = try mix.model(name)
    let prompts = try Self.prompts(model, name)
    let expected = try Self.bits(Engines.session(model, InstructionSet.available[0]), prompts)
    for set in InstructionSet.available.dropFirst() {
      #expect(try Self.bits(Engines.session(model, threads: 2, set), prompts) == expected, "\(set)")
    }
  }

  /// The file with the int8 weights that int4 stands for, and with 16-bit floats in f32, gives the same bits.
  @Test(arguments: WeightMix.allCases, ["random-tiny", "conv-3", "lstm-cross-attn", "mix-all"])
  func widenedTensorsGiveTheSameBits(_ mix: WeightMix, _ name: String) throws {
    let model = try mix.model(name)
    let folder = try TemporaryFolder()
    let path = folder.file("wide.glc")
    var widened = 0
    try RewrittenGLC.write(model.file, to: path) { record, extent in
      let tensor = RewrittenGLC.widened(record, extent)
      if tensor != nil { widened += 1 }
      return tensor
    }
    #expect(widened > 0 || mix == .inputScales)
    let wide = try GLiClassModel(path: path)
    let prompts = try Self.prompts(model, name)
    #expect(try Self.bits(Engines.session(model), prompts) == Self.bits(Engines.session(wide), prompts))
  }

  /// Input scales of powers of two, and channel scales that take them back, change no bit, wherever they are applied.
  @Test(
    arguments: [WeightMix.int4Channels, .mixed, .mixedInt8Attention], ["debian-tags-f16", "random-tiny"] + variants)
  func powersOfTwoChangeNoBit(_ mix: WeightMix, _ name: String) throws {
    let model = try mix.model(name)
    let folder = try TemporaryFolder()
    let path = folder.file("scaled.glc")
    var scaled = 0
    try RewrittenGLC.write(model.file, to: path) { record, extent in
      guard record.encoding.isQuantized, record.layout == .tiles, record.shape.count == 2 else { return nil }
      scaled += 1
      // Query, key and value of a layer share theirs.
      let group = record.name.replacing("key", with: "query").replacing("value", with: "query")
      let power = Int(group.utf8.reduce(UInt(5)) { $0 &* 31 &+ UInt($1) } % 7) - 3
      return RewrittenGLC.scaled(record, extent, by: Float(sign: .plus, exponent: power, significand: 1))
    }
    #expect(scaled > 0)
    let other = try GLiClassModel(path: path)
    let prompts = try Self.prompts(model, name)
    let expected = try Self.bits(Engines.session(model), prompts)
    for threads in [1, 2] { #expect(try Self.bits(Engines.session(other, threads: threads), prompts) == expected) }
  }

  /// Scales of 1/2 to 2 that differ from feature to feature: weights that are divided by them stand for the same model, so that logits
  /// stay near those of the weights in f32. Scales of other features would be an error of half of every weight.
  @Test(arguments: variants)
  func inputScalesMeetTheirFeatures(_ name: String) throws {
    let prompts = try Self.prompts(WeightMix.inputScales.model(name), name)
    let expected = try VariantTests.load(name, .f32).0.makeSession(options: SessionOptions(threads: 1)).logits(prompts)
    let count = Float(expected.joined().count)
    let mean = expected.joined().reduce(0, +) / count
    let deviation = (expected.joined().reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let found = try Engines.session(WeightMix.inputScales.model(name)).logits(prompts)
    let drift = zip(found.joined(), expected.joined()).reduce(0) { $0 + abs($1.0 - $1.1) } / count
    #expect(drift <= 0.04 * deviation, "\(drift / deviation)")
  }
}
