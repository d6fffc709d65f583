import Conversion
import Engine
import GLiClass
import TestSupport
import Testing

/// The invariant that everything else stands on: no choice of machine, thread or batch changes a bit.
@Suite struct BitIdentityTests {
  /// Every instruction set against scalar.
  private func expectAgreement(_ model: GLiClassModel, _ prompts: [EnginePrompt], _ scheme: WeightScheme) throws {
    let expected = Engines.bits(try Engines.session(model, InstructionSet.available[0]).logits(prompts))
    for set in InstructionSet.available.dropFirst() {
      #expect(
        Engines.bits(try Engines.session(model, set).logits(prompts)) == expected, "\(set) against scalar, \(scheme)")
    }
  }

  @Test(arguments: LogitCase.schemes, LogitCase.allCases)
  func instructionSetsAgree(_ scheme: WeightScheme, _ logitCase: LogitCase) throws {
    let model = try logitCase.model(scheme)
    try expectAgreement(model, logitCase.prompts(model), scheme)
  }

  /// More texts than are compared between machines.
  @Test(arguments: LogitCase.schemes)
  func instructionSetsAgreeOnMoreTexts(_ scheme: WeightScheme) throws {
    let model = try LogitCase.realTexts.model(scheme)
    try expectAgreement(model, Prompts.demo(model, 24), scheme)
  }

  @Test func instructionSetsThatRan() {
    let ran = InstructionSet.available.map(\.name)
    #expect(ran.first == "scalar")
    print(
      "instruction sets compared: \(ran); not on this machine: \(InstructionSet.compiledNames.filter { !ran.contains($0) })"
    )
  }

  /// The logits are those of the table that was recorded on several machines.
  @Test(arguments: LogitCase.schemes)
  func machinesAgree(_ scheme: WeightScheme) throws {
    let recorded = try RecordedHashes.read()
    let known = Set(recorded.compactMap { $0["\(scheme)"] })
    #expect(recorded.count >= 8 && known.count == 1, "docs/arm64.md is to hold one hash in many rows: \(known)")
    let found = try LogitCase.hash(scheme, .best, threads: 2)
    #expect(
      known == [found],
      "another machine had other logits; after a change of what is computed, run Scripts/arm64 --record")
  }

  @Test(arguments: LogitCase.schemes)
  func threadsAgree(_ scheme: WeightScheme) throws {
    let model = try LogitCase.realTexts.model(scheme)
    let prompts = try Prompts.demo(model, 64)
    let expected = Engines.bits(try Engines.session(model, threads: 1).logits(prompts))
    for threads in [2, 3, 5] {
      #expect(
        Engines.bits(try Engines.session(model, threads: threads).logits(prompts)) == expected, "\(threads) threads")
    }
  }

  /// Sets, threads and batches together, at lengths where blocks begin and end; scalar kernels as far as they are quick.
  @Test(arguments: LogitCase.schemes)
  func allWaysAgree(_ scheme: WeightScheme) throws {
    let model = try LogitCase.blockLengths.model(scheme)
    let prompts = try LogitCase.blockLengths.prompts(model)
    let best = try Engines.session(model)
    let expected = Engines.bits(try prompts.map { try best.logits([$0])[0] })
    for set in InstructionSet.available {
      for threads in [1, 2, 3] {
        let session = try Engines.session(model, threads: threads, set)
        #expect(Engines.bits(try session.logits(prompts)) == expected, "\(set), \(threads) threads, together")
        // Pairs of different lengths, in another order.
        for (index, prompt) in prompts.enumerated() {
          let other = prompts.count - 1 - index
          let found = Engines.bits(try session.logits([prompt, prompts[other]]))
          #expect(found == [expected[index], expected[other]], "\(set), \(threads) threads, text \(index)")
        }
      }
    }
  }

  @Test(arguments: LogitCase.schemes)
  func batchesAgree(_ scheme: WeightScheme) throws {
    let model = try LogitCase.mixedLengths.model(scheme)
    var prompts = try Prompts.demo(model, 16)
    for (index, prompt) in Prompts.synthetic(model, [1, 400, 5, 900]).enumerated() {
      prompts.insert(prompt, at: index * 4)
    }
    let session = try Engines.session(model, threads: 2)
    let alone = Engines.bits(try prompts.map { try session.logits([$0])[0] })
    #expect(Set(prompts.map(\.tokens.count)).count > 10, "the lengths are to be mixed")
    #expect(Engines.bits(try session.logits(prompts)) == alone)
    #expect(Engines.bits(try session.logits(prompts.reversed())) == alone.reversed())
    for start in stride(from: 0, to: prompts.count, by: 3) {
      let end = min(start + 3, prompts.count)
      #expect(Engines.bits(try session.logits(Array(prompts[start..<end]))) == Array(alone[start..<end]))
    }
  }

  @Test func skippingRowsThatNobodyReadsChangesNothing() throws {
    for scheme in LogitCase.schemes {
      let model = try Converted.model("debian-tags-f16", scheme)
      let prompts = try Prompts.demo(model, 40)
      let all = try Engines.session(model, threads: 2, skips: false).logits(prompts)
      #expect(Engines.bits(try Engines.session(model, threads: 2).logits(prompts)) == Engines.bits(all))
    }
  }
}
