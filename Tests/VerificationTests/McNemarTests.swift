import Testing
import Verification

/// The exact figures of the binomial distribution against SciPy.
@Suite struct McNemarTests {
  @Test func asSciPy() throws {
    let recorded = try MeasureVectors.recorded.get().binomial
    #expect(recorded.count >= 20 && recorded.contains { $0[0] == 5000 && $0[1] == 5200 })
    for entry in recorded {
      let found = Binomial.signTest(Int(entry[0]), Int(entry[1]))
      #expect(abs(found - entry[2]) <= 1e-12 * entry[2], "\(entry): \(found)")
    }
  }

  @Test func byHand() {
    #expect(Binomial.signTest(0, 0) == 1 && Binomial.signTest(1, 0) == 1 && isNear(Binomial.signTest(0, 3), 0.25))
    // 2 · (1 + 10 + 45) ÷ 2^10
    #expect(isNear(Binomial.signTest(2, 8), 112.0 / 1024) && Binomial.signTest(8, 2) == Binomial.signTest(2, 8))
    // 2^-999, and what is below the smallest double.
    #expect(abs(Binomial.signTest(0, 1000) / 0x1p-999 - 1) < 1e-12)
    #expect(Binomial.signTest(0, 5000) == 0 && Binomial.signTest(1_000_000, 0) == 0)
  }

  @Test func proportionsAsSciPy() throws {
    let recorded = try MeasureVectors.recorded.get().proportions
    #expect(recorded.count >= 50)
    for entry in recorded {
      let found = Binomial.clopperPearson(Int(entry[0]), of: Int(entry[1]), confidence: entry[2])
      #expect(abs(found.lower - entry[3]) <= 1e-9 * entry[3], "\(entry): \(found)")
      #expect(abs(found.upper - entry[4]) <= 1e-9 * entry[4], "\(entry): \(found)")
    }
  }

  @Test func proportionsByHand() {
    let none = Binomial.clopperPearson(0, of: 1, confidence: 0.95)
    #expect(none.lower == 0 && isNear(none.upper, 0.975))
    let all = Binomial.clopperPearson(1, of: 1, confidence: 0.95)
    #expect(isNear(all.lower, 0.025) && all.upper == 1)
    let nothing = Binomial.clopperPearson(0, of: 0, confidence: 0.95)
    #expect(nothing.lower.isNaN && nothing.upper.isNaN)
  }
}
