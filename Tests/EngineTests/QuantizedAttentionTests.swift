import Conversion
import Engine
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Attention with int8 products (formats/numerics.md 5.7). Converters choose it for wide models; here it is asked for.
@Suite struct QuantizedAttentionTests {
  private static func model(_ name: String) throws -> GLiClassModel {
    try Converted.model(name, .q8, attention: .int8)
  }

  @Test func staysWithinTheBoundsOfQ8OnTheDemoData() throws {
    let session = try Self.model("debian-tags-f16").makeSession()
    #expect(session.engine.model.attention == .int8)
    var errors: [Double] = []
    var flips = 0
    for line in try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl")) {
      let prompt = try session.prompt(ClassificationRequest(text: line.text, labels: line.labels))
      let logits = try session.logits([EnginePrompt(tokens: prompt.ids, labelPositions: prompt.labelPositions)])[0]
      for (found, expected) in zip(logits, line.logits) {
        errors.append(abs(Double(found) - Double(expected)))
        if (found >= 0) != (expected >= 0) { flips += 1 }
      }
    }
    let mean = errors.reduce(0, +) / Double(errors.count)
    #expect(mean <= 0.02)
    #expect(Double(flips) <= 0.0015 * Double(errors.count))
    print("demo data q8, attention int8: mean logit error \(mean), \(flips) of \(errors.count) decisions flipped")
  }

  @Test(arguments: ["debian-tags-f16", "random-tiny"])
  func everyWayGivesTheSameBits(_ name: String) throws {
    let model = try Self.model(name)
    let prompts =
      try name == "random-tiny"
      ? Prompts.synthetic(
        model, [1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 511, 512, 513, 1024])
      : Prompts.demo(model, 32)
    let scalar = try Engines.session(model, InstructionSet.available[0])
    let expected = Engines.bits(try prompts.map { try scalar.logits([$0])[0] })
    for set in InstructionSet.available {
      for threads in [1, 2, 3] {
        let session = try Engines.session(model, threads: threads, set)
        #expect(Engines.bits(try session.logits(prompts)) == expected, "\(set), \(threads) threads")
        #expect(Engines.bits(try session.logits(prompts.reversed())) == expected.reversed(), "\(set), reversed")
      }
    }
    let all = try Engines.session(model, threads: 2, skips: false)
    #expect(Engines.bits(try all.logits(prompts)) == expected, "without skipping rows")
  }

  /// Every kind of encoder: 64 features a row, where rounding averages out the least, and heads from 16 features on.
  @Test(arguments: Variants.names)
  func disturbsVariantsLittleAndAlikeEverywhere(_ name: String) throws {
    let model = try GLiClassModel(path: Converted.glc(Variants.folder(name), .q8, attention: .int8))
    let (_, prompts) = try VariantTests.load(name, .q8)
    let theirs = try Variants.description(name).examples.flatMap(\.logits)
    let ours = try Engines.session(model, InstructionSet.available[0]).logits(prompts)
    let count = Double(theirs.count)
    let mean = theirs.reduce(0, +) / count
    let deviation = (theirs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let drift = zip(ours.joined(), theirs).reduce(0) { $0 + abs(Double($1.0) - $1.1) } / count
    // With products in f32, which converters choose for rows this narrow, it is 3 %.
    #expect(drift <= 0.06 * deviation, "\(drift / deviation)")
    for set in InstructionSet.available.dropFirst() {
      #expect(Engines.bits(try Engines.session(model, threads: 2, set).logits(prompts)) == Engines.bits(ours), "\(set)")
    }
  }

  @Test func isChosenByWidthUnlessAskedFor() throws {
    #expect(try Converted.model("random-tiny", .q8).makeSession().engine.model.attention == .f32)
    #expect(try Converted.model("random-tiny", .f32).makeSession().engine.model.attention == .f32)
    #expect(try Self.model("random-tiny").makeSession().engine.model.attention == .int8)
  }
}
