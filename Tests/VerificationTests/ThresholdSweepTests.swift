import Engine
import Testing
import Verification

/// Best thresholds against all thresholds tried one by one.
@Suite struct ThresholdSweepTests {
  static func sweep(_ logits: [Float], _ truths: [Bool]) throws -> ThresholdSweep {
    var table = DecisionTable(hasTruth: true)
    for (logit, truth) in zip(logits, truths) {
      table.append(labels: ["a"], truths: [truth], referenceLogits: [logit], modelLogits: [0 - logit])
    }
    return try #require(Measures(table, settings: MeasureSettings()).sweep)
  }

  static func f1(_ logits: [Float], _ truths: [Bool], at threshold: Float) -> Double {
    let predictions = logits.map { Scores.sigmoid($0) >= threshold }
    let right = zip(predictions, truths).count { $0 && $1 }
    let total = predictions.count { $0 } + truths.count { $0 }
    return total == 0 ? 0 : Double(2 * right) / Double(total)
  }

  /// The threshold that is named gives the F1 that is named, no other gives more, and none that is as good is nearer
  /// 0.5 by more than the distance of scores.
  @Test(arguments: 0..<40)
  func againstAllThresholds(_ seed: UInt64) throws {
    var generator = SplitMix(seed)
    let count = Int(generator.next() % 12) + 1
    let logits = (0..<count).map { _ in Float(Int(generator.next() % 9)) / 2 - 2 }
    let truths = (0..<count).map { _ in generator.next() % 3 == 0 }
    let sweep = try Self.sweep(logits, truths)
    #expect(Self.f1(logits, truths, at: Float(sweep.bestReferenceThreshold)) == sweep.bestReferenceF1)
    #expect(Self.f1(logits.map { 0 - $0 }, truths, at: Float(sweep.bestModelThreshold)) == sweep.bestModelF1)
    let scores = logits.map { Scores.sigmoid($0) }
    let largest = (scores + [2]).map { Self.f1(logits, truths, at: $0) }.max()
    #expect(sweep.bestReferenceF1 == largest)
    #expect(sweep.points.count == 99)
    for point in sweep.points {
      #expect(point.referenceMicroF1 == Self.f1(logits, truths, at: Float(point.threshold)))
      #expect(point.referenceMacroF1 == point.referenceMicroF1)
      #expect(point.referenceMicroF1 <= sweep.bestReferenceF1)
      // A hundredth that is as good lies no nearer 0.5 than the middle of its own gap, or the named one is of the same
      // gap.
      if point.referenceMicroF1 == sweep.bestReferenceF1, let middle = Self.middle(of: point.threshold, scores) {
        #expect(abs(sweep.bestReferenceThreshold - 0.5) <= abs(middle - 0.5) + 1e-7)
      }
    }
  }

  /// The middle of the scores on either side of a threshold.
  static func middle(of threshold: Double, _ scores: [Float]) -> Double? {
    let sorted = ([0, 1] + scores).map { Double($0) }.sorted()
    guard let upper = sorted.first(where: { $0 >= threshold }), let lower = sorted.last(where: { $0 < threshold })
    else { return nil }
    return (upper + lower) / 2
  }

  @Test func byHand() throws {
    // Scores ½ (right), ½ (wrong) and sigmoid(2) (right): both halves are predicted or neither.
    let sweep = try Self.sweep([0, 0, 2], [true, false, true])
    #expect(isNear(sweep.bestReferenceF1, 0.8) && sweep.bestReferenceThreshold == 0.25)
    // Everything from 0.5 to sigmoid(2) is as good: the middle.
    let gap = try Self.sweep([0, 2], [false, true])
    #expect(gap.bestReferenceF1 == 1)
    #expect(isNear(gap.bestReferenceThreshold, (0.5 + Double(Scores.sigmoid(2))) / 2, 1e-7))
    // No positive label: every threshold is as good, and one in the gap around 0.5 is nearest.
    let none = try Self.sweep([-2, 2], [false, false])
    #expect(none.bestReferenceF1 == 0 && isNear(none.bestReferenceThreshold, 0.5, 1e-7))
    // Scores at the ends of the scale.
    let ends = try Self.sweep([-200, 200], [true, true])
    #expect(
      ends.bestReferenceF1 == 1 && Self.f1([-200, 200], [true, true], at: Float(ends.bestReferenceThreshold)) == 1)
    // Neighbouring floats: the threshold between them must still separate them.
    let near: [Float] = [1, Float(1).nextUp.nextUp.nextUp]
    let close = try Self.sweep(near, [false, true])
    #expect(Self.f1(near, [false, true], at: Float(close.bestReferenceThreshold)) == close.bestReferenceF1)
  }

  @Test func atTheThreshold() throws {
    // Hundredths whose logit rounds to a score of just that: predicted there, not at the next.
    let sweep = try Self.sweep([0], [true])
    #expect(sweep.points[49].referenceMicroF1 == 1 && sweep.points[50].referenceMicroF1 == 0)
    #expect(sweep.points.map(\.threshold) == (1...99).map { Double($0) / 100 })
  }
}

/// Numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// Uniform in 0..<1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
