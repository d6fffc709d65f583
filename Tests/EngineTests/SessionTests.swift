import Conversion
import Engine
import GLiClass
import TestSupport
import Testing

/// Sessions share a model's weights and nothing else.
@Suite struct SessionTests {
  @Test(arguments: [WeightScheme.q8, .f32])
  func sessionsOnOneModelDoNotDisturbEachOther(_ scheme: WeightScheme) async throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let prompts = try Prompts.demo(model, 24)
    let expected = Engines.bits(try Engines.session(model).logits(prompts))
    try await withThrowingTaskGroup(of: [[UInt32]].self) { group in
      for set in InstructionSet.available.suffix(3) {
        for threads in [1, 2] {
          group.addTask {
            let session = try Engines.session(model, threads: threads, set)
            // Twice, alone and together, while the others do the same.
            let alone = Engines.bits(try prompts.map { try session.logits([$0])[0] })
            let together = Engines.bits(try session.logits(prompts))
            return alone == together ? together : []
          }
        }
      }
      for try await found in group { #expect(found == expected) }
    }
  }

  @Test func sessionsComeAndGoWhileOthersCompute() async throws {
    let model = try Converted.model("random-tiny", .q8)
    let prompts = Prompts.synthetic(model, [17, 33])
    let expected = Engines.bits(try Engines.session(model).logits(prompts))
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<3 {
        group.addTask {
          (1...20).allSatisfy { round in
            guard let found = try? Engines.session(model, threads: 1 + round % 3).logits(prompts) else { return false }
            return Engines.bits(found) == expected
          }
        }
      }
      for await isSame in group { #expect(isSame) }
    }
  }

  /// Models that go other ways through the head, on two threads: few enough for Scripts/sanitize.
  @Test(arguments: [
    "calibrator-bias", "conv-3", "extract-class-average-avg", "layer-wise", "lstm-cross-attn", "scorer-hopfield",
  ])
  func threadsAgreeInEveryHead(_ name: String) throws {
    let (model, prompts) = try VariantTests.load(name, .q8)
    let expected = Engines.bits(try Engines.session(model).logits(prompts))
    #expect(Engines.bits(try Engines.session(model, threads: 2).logits(prompts)) == expected)
  }
}
