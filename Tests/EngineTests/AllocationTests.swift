import AllocationCounter
import Conversion
import Engine
import GLiClass
import TestSupport
import Testing

/// A session that has met inputs of some sizes allocates nothing for further ones.
@Suite(.enabled(if: alc_counts() != 0, "allocations cannot be counted here")) struct AllocationTests {
  /// Allocations of four calls after two that are not counted, on all threads of the session and no others.
  private static func allocations(_ session: EngineSession, _ prompts: [EnginePrompt]) throws -> Int {
    var logits: [Float] = []
    for _ in 0..<2 { try session.logits(prompts, into: &logits) }
    let counter = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    counter.initialize(to: 0)
    session.onEachThread(counter) { alc_watch($0) }
    defer {
      session.onEachThread(()) { _ in alc_watch(nil) }
      counter.deallocate()
    }
    for _ in 0..<4 { try session.logits(prompts, into: &logits) }
    return counter.pointee
  }

  private static func session(_ model: GLiClassModel, threads: Int) throws -> EngineSession {
    var options = EngineOptions(threads: threads)
    options.dividesEverything = true
    return try model.makeSession(options: options).engine
  }

  @Test func countsAllocations() {
    var counter = 0
    alc_watch(&counter)
    let array = Array(repeating: 7, count: 100)
    alc_watch(nil)
    #expect(array.count == 100 && counter > 0)
  }

  @Test(arguments: [WeightScheme.q8, .f32], [1, 2])
  func demoAllocatesNothing(_ scheme: WeightScheme, _ threads: Int) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let prompts = try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl")).prefix(40).map { line in
      let prompt = try model.prompts.prompt(text: line.text, labels: line.labels)
      return EnginePrompt(tokens: prompt.ids, labelPositions: prompt.labelPositions)
    }
    #expect(try Self.allocations(Self.session(model, threads: threads), prompts) == 0)
  }

  @Test(arguments: Variants.names, [WeightScheme.q8, .f32])
  func variantsAllocateNothing(_ name: String, _ scheme: WeightScheme) throws {
    let (model, prompts) = try VariantTests.load(name, scheme)
    for threads in [1, 2] { #expect(try Self.allocations(Self.session(model, threads: threads), prompts) == 0) }
  }

  @Test(arguments: MixedWeightTests.mixes, MixedWeightTests.variants)
  func mixedWeightsAllocateNothing(_ mix: WeightMix, _ name: String) throws {
    let prompts = try VariantTests.load(name, .q8).1
    let model = try mix.model(name)
    for threads in [1, 2] { #expect(try Self.allocations(Self.session(model, threads: threads), prompts) == 0) }
  }

  @Test func outputsOneAfterAnotherAreThoseOfEachPrompt() throws {
    let (model, prompts) = try VariantTests.load("calibrator-bias", .q8)
    let session = try Self.session(model, threads: 2)
    var logits: [Float] = [1, 2, 3]
    try session.logits(prompts, into: &logits)
    let expected = try session.logits(prompts).flatMap(\.self)
    #expect(logits == expected)
    try session.logits([], into: &logits)
    #expect(logits.isEmpty)
  }
}
