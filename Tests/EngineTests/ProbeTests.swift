import Conversion
import Engine
import GLiClass
import ModelCore
import TestSupport
import Testing

/// A probe sees what a pass computes, changes nothing unless it is told to, and what it puts in is what the next layer reads.
@Suite struct ProbeTests {
  /// What a probe was shown, by layer and stage, row after row.
  private final class Record {
    var values: [String: [Float]] = [:]
    var order: [String] = []

    func add(_ layer: Int?, _ stage: Probe.Stage, _ rows: Probe.Rows) {
      let key = Self.key(layer, stage)
      if values[key] == nil { order.append(key) }
      #expect(rows.first * rows.columns == values[key, default: []].count, "\(key): rows in order")
      for row in 0..<rows.count { values[key, default: []] += Array(rows[row]) }
    }

    static func key(_ layer: Int?, _ stage: Probe.Stage) -> String { "\(layer.map { "\($0) " } ?? "")\(stage)" }
  }

  private static func record(_ session: EngineSession, _ prompts: [EnginePrompt]) throws -> (Record, [[Float]]) {
    let record = Record()
    session.probe = Probe(observe: record.add)
    defer { session.probe = nil }
    return (record, try session.logits(prompts))
  }

  @Test(arguments: [WeightScheme.q8, .f32], [1, 2])
  func observingChangesNoBit(_ scheme: WeightScheme, _ threads: Int) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let session = try Engines.session(model, threads: threads)
    for prompt in try Prompts.demo(model, 12) {
      let expected = Engines.bits(try session.logits([prompt]))
      let (record, found) = try Self.record(session, [prompt])
      #expect(Engines.bits(found) == expected)
      #expect(record.values["logits"] == found[0])
      #expect(Engines.bits(try session.logits([prompt])) == expected, "and none after it")
    }
  }

  @Test func stagesComeInOrderWithAllTheirRows() throws {
    let model = try Converted.model("random-tiny", .q8)
    // More rows than the feed-forward network takes at once.
    let prompt = Prompts.synthetic(model, [300])[0]
    let (record, _) = try Self.record(try Engines.session(model), [prompt])
    let encoder = model.file.configuration.encoder
    let layers = (0..<encoder.layerCount).flatMap { ["\($0) attention", "\($0) feedForward", "\($0) output"] }
    #expect(record.order == ["embeddings"] + layers + ["text", "classes", "logits"])
    #expect(record.values["0 feedForward"]?.count == 300 * encoder.intermediateSize)
    #expect(record.values["1 output"]?.count == 300 * encoder.hiddenSize)
    #expect(record.values["classes"]?.count == 3 * encoder.hiddenSize)
  }

  @Test(
    arguments: ["conv-3", "class-average", "squeeze-all-states", "scorer-cross-attn", "calibrator"],
    [WeightScheme.q8, .f32])
  func projectedFeaturesAreTheOutputs(_ name: String, _ scheme: WeightScheme) throws {
    try #require(Variants.names.contains(name))
    let (model, prompts) = try VariantTests.load(name, scheme)
    let session = try Engines.session(model)
    for prompt in prompts {
      let (record, logits) = try Self.record(session, [prompt])
      let output = try session.outputs([prompt], embeddings: true)[0]
      #expect(record.values["text"] == output.embeddings?.text.flatMap { $0 })
      #expect(record.values["classes"] == output.embeddings?.classes.flatMap { $0 })
      #expect(record.values["logits"] == output.logits && logits[0] == output.logits)
    }
  }

  /// Each layer reads the states that the pass itself computed, quantized anew.
  @Test(arguments: [WeightScheme.q8, .f32], [AttentionPrecision.f32, .int8])
  func itsOwnStatesPutBackChangeNoBit(_ scheme: WeightScheme, _ attention: AttentionPrecision) throws {
    guard scheme == .q8 || attention == .f32 else { return }
    let model = try Converted.model("debian-tags-f16", scheme, attention: attention)
    let session = try Engines.session(model, threads: 2)
    for prompt in try Prompts.demo(model, 6) {
      let (record, expected) = try Self.record(session, [prompt])
      var replaced: [Int] = []
      session.probe = Probe(observe: { _, _, _ in }) { layer, rows in
        let key = layer == 0 ? "embeddings" : "\(layer - 1) output"
        let values = record.values[key] ?? []
        for row in 0..<rows.count {
          for column in 0..<rows.columns { rows[row][column] = values[row * rows.columns + column] }
        }
        replaced.append(layer)
        return true
      }
      defer { session.probe = nil }
      #expect(Engines.bits(try session.logits([prompt])) == Engines.bits(expected))
      #expect(replaced == Array(0..<model.file.configuration.encoder.layerCount))
    }
  }

  /// What stands in the rows of the last layer decides the logits: those of another text give that text's.
  @Test(arguments: [WeightScheme.q8, .f32])
  func replacedStatesAreWhatTheLayerReads(_ scheme: WeightScheme) throws {
    let model = try Converted.model("random-tiny", scheme)
    let session = try Engines.session(model)
    let one = Prompts.synthetic(model, [40])[0]
    // The same labels around other tokens.
    var other = one
    for index in other.tokens.indices where !one.labelPositions.contains(index) { other.tokens[index] = 7 }
    let (record, expected) = try Self.record(session, [one])
    let last = model.file.configuration.encoder.layerCount - 1
    session.probe = Probe(observe: { _, _, _ in }) { layer, rows in
      guard layer == last else { return false }
      let values = record.values["\(last - 1) output"] ?? []
      for row in 0..<rows.count {
        for column in 0..<rows.columns { rows[row][column] = values[row * rows.columns + column] }
      }
      return true
    }
    #expect(Engines.bits(try session.logits([other])) == Engines.bits(expected))
    session.probe = nil
    #expect(try session.logits([other]) != expected)
  }
}
