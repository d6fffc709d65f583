import Conversion
import Engine
import GLiClass
import TestSupport
import Testing

/// The invariant that everything else stands on: no choice of machine, thread or batch changes a bit.
@Suite struct BitIdentityTests {
  @Test(arguments: [WeightScheme.q8, .f32])
  func instructionSetsAgreeOnRealTexts(_ scheme: WeightScheme) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let prompts = try Engines.demoPrompts(model, 24)
    let expected = Engines.bits(try Engines.session(model, InstructionSet.available[0]).logits(prompts))
    var ran: [String] = []
    for set in InstructionSet.available {
      #expect(
        Engines.bits(try Engines.session(model, set).logits(prompts)) == expected, "\(set) against scalar, \(scheme)")
      ran.append(set.name)
    }
    let missing = InstructionSet.compiledNames.filter { !ran.contains($0) }
    print("instruction sets compared: \(ran); this machine cannot run: \(missing)")
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func instructionSetsAgreeAtAwkwardLengths(_ scheme: WeightScheme) throws {
    let model = try Converted.model("random-tiny", scheme)
    let prompts = Engines.syntheticPrompts(
      model, [1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 511, 512, 513, 1024])
    let expected = Engines.bits(try Engines.session(model, InstructionSet.available[0]).logits(prompts))
    for set in InstructionSet.available {
      #expect(
        Engines.bits(try Engines.session(model, set).logits(prompts)) == expected, "\(set) against scalar, \(scheme)")
    }
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func threadsAgree(_ scheme: WeightScheme) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    let prompts = try Engines.demoPrompts(model, 64)
    let expected = Engines.bits(try Engines.session(model, threads: 1).logits(prompts))
    for threads in [2, 3, 5] {
      #expect(
        Engines.bits(try Engines.session(model, threads: threads).logits(prompts)) == expected, "\(threads) threads")
    }
  }

  /// Sets, threads and batches together, at lengths where blocks begin and end; scalar kernels as far as they are quick.
  @Test(arguments: [WeightScheme.q8, .f32])
  func allWaysAgree(_ scheme: WeightScheme) throws {
    let model = try Converted.model("random-tiny", scheme)
    let prompts = Engines.syntheticPrompts(model, [1, 2, 127, 128, 129, 511, 512, 513, 1024])
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

  @Test(arguments: [WeightScheme.q8, .f32])
  func batchesAgree(_ scheme: WeightScheme) throws {
    let model = try Converted.model("debian-tags-f16", scheme)
    // Sixteen real texts with the shortest and longest synthetic ones between them.
    var prompts = try Engines.demoPrompts(model, 16)
    for (index, prompt) in Engines.syntheticPrompts(model, [1, 400, 5, 900]).enumerated() {
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
    for scheme in [WeightScheme.q8, .f32] {
      let model = try Converted.model("debian-tags-f16", scheme)
      let prompts = try Engines.demoPrompts(model, 40)
      let all = try Engines.session(model, threads: 2, skips: false).logits(prompts)
      #expect(Engines.bits(try Engines.session(model, threads: 2).logits(prompts)) == Engines.bits(all))
    }
  }
}
