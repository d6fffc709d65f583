import Conversion
import Engine
import GLiClass
import TestSupport
import Testing

/// The invariant that everything else stands on: no choice of machine, thread or batch changes a bit.
@Suite struct BitIdentityTests {
  /// Logits as bits, so that −0 and NaN would count as different.
  private static func bits(_ logits: [[Float]]) -> [[UInt32]] { logits.map { $0.map(\.bitPattern) } }

  private static func session(
    _ model: GLiClassModel, threads: Int = 1, _ set: InstructionSet = .best, skips: Bool = true
  ) throws -> EngineSession {
    var options = EngineOptions(threads: threads, instructionSet: set)
    options.skipsUnreadRows = skips
    return try model.makeSession(options: options).engine
  }

  /// Prompts of the demo data in their own order: lengths vary from line to line.
  private static func demoPrompts(_ model: GLiClassModel, _ count: Int) throws -> [EnginePrompt] {
    try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl")).prefix(count).map { line in
      let prompt = try model.prompts.prompt(text: line.text, labels: line.labels)
      return EnginePrompt(tokens: prompt.ids, labelPositions: prompt.labelPositions)
    }
  }

  /// Random tokens at the lengths where blocks, lanes and buckets begin and end.
  private static func syntheticPrompts(_ model: GLiClassModel, _ lengths: [Int]) -> [EnginePrompt] {
    let configuration = model.file.configuration
    var state: UInt64 = 42
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    return lengths.map { length in
      var tokens = (0..<length).map { _ in Int32(random(configuration.prompt.labelTokenID)) }
      let positions = length < 4 ? [length - 1] : [1, length / 2, length - 1]
      for position in positions { tokens[position] = Int32(configuration.prompt.labelTokenID) }
      return EnginePrompt(tokens: tokens, labelPositions: positions)
    }
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func instructionSetsAgreeOnRealTexts(_ scheme: WeightScheme) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let prompts = try Self.demoPrompts(model, 24)
    let expected = Self.bits(try Self.session(model, InstructionSet.available[0]).logits(prompts))
    var ran: [String] = []
    for set in InstructionSet.available {
      #expect(Self.bits(try Self.session(model, set).logits(prompts)) == expected, "\(set) against scalar, \(scheme)")
      ran.append(set.name)
    }
    let missing = InstructionSet.compiledNames.filter { !ran.contains($0) }
    print("instruction sets compared: \(ran); this machine cannot run: \(missing)")
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func instructionSetsAgreeAtAwkwardLengths(_ scheme: WeightScheme) throws {
    let model = try Converted.model("random-tiny", scheme)
    let prompts = Self.syntheticPrompts(
      model, [1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 511, 512, 513, 1024])
    let expected = Self.bits(try Self.session(model, InstructionSet.available[0]).logits(prompts))
    for set in InstructionSet.available {
      #expect(Self.bits(try Self.session(model, set).logits(prompts)) == expected, "\(set) against scalar, \(scheme)")
    }
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func threadsAgree(_ scheme: WeightScheme) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let prompts = try Self.demoPrompts(model, 64)
    let expected = Self.bits(try Self.session(model, threads: 1).logits(prompts))
    for threads in [2, 3, 5] {
      #expect(Self.bits(try Self.session(model, threads: threads).logits(prompts)) == expected, "\(threads) threads")
    }
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func batchesAgree(_ scheme: WeightScheme) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    // Sixteen real texts with the shortest and longest synthetic ones between them.
    var prompts = try Self.demoPrompts(model, 16)
    for (index, prompt) in Self.syntheticPrompts(model, [1, 400, 5, 900]).enumerated() {
      prompts.insert(prompt, at: index * 4)
    }
    let session = try Self.session(model, threads: 2)
    let alone = Self.bits(try prompts.map { try session.logits([$0])[0] })
    #expect(Set(prompts.map(\.tokens.count)).count > 10, "the lengths are to be mixed")
    #expect(Self.bits(try session.logits(prompts)) == alone)
    #expect(Self.bits(try session.logits(prompts.reversed())) == alone.reversed())
    for start in stride(from: 0, to: prompts.count, by: 3) {
      let end = min(start + 3, prompts.count)
      #expect(Self.bits(try session.logits(Array(prompts[start..<end]))) == Array(alone[start..<end]))
    }
  }

  @Test func skippingRowsThatNobodyReadsChangesNothing() throws {
    for scheme in [WeightScheme.q8, .f32] {
      let model = try Converted.model("debian-tags-f16", scheme)
      let prompts = try Self.demoPrompts(model, 40)
      let all = try Self.session(model, threads: 2, skips: false).logits(prompts)
      #expect(Self.bits(try Self.session(model, threads: 2).logits(prompts)) == Self.bits(all))
    }
  }

  @Test func sessionsOnOneModelDoNotDisturbEachOther() async throws {
    let model = try Converted.model("debian-tags-f16", .q8)
    let prompts = try Self.demoPrompts(model, 32)
    let expected = Self.bits(try Self.session(model).logits(prompts))
    try await withThrowingTaskGroup(of: [[UInt32]].self) { group in
      for threads in [1, 2] {
        group.addTask { Self.bits(try Self.session(model, threads: threads).logits(prompts)) }
      }
      for try await found in group { #expect(found == expected) }
    }
  }
}
