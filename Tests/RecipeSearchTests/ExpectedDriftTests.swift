import RecipeSearch
import Testing
import Verification

/// How many decisions errors change elsewhere.
@Suite struct ExpectedDriftTests {
  private func table(_ reference: [Float], _ model: [Float]) -> DecisionTable {
    var table = DecisionTable(hasTruth: true)
    table.append(
      labels: reference.indices.map { "\($0)" }, truths: reference.map { $0 > 0 }, referenceLogits: reference,
      modelLogits: model)
    return table
  }

  private func drift(
    _ table: DecisionTable, _ settings: MeasureSettings = MeasureSettings()
  ) -> ExpectedDrift {
    ExpectedDrift(table, settings: settings, unit: 0.001)
  }

  @Test func everyErrorMeetsEveryMargin() {
    // Margins 0.1, 0.5 and 2; errors 0.2, 0 and 1: the first is reached by two errors, the second by one.
    #expect(drift(table([0.1, -0.5, 2], [-0.1, -0.5, 1])).flips == 3.0 / 6)
    #expect(drift(table([0.1, -0.5, 2], [0.1, -0.5, 2])).flips == 0)
    var settings = MeasureSettings()
    settings.threshold = 0.9
    // ln 9 = 2.197: margins 2.097, 2.697 and 0.197.
    #expect(drift(table([0.1, -0.5, 2], [-0.1, -0.5, 1]), settings).flips == 2.0 / 6)
  }

  @Test func aTextChangesWhereItsBestTwoDo() {
    var settings = MeasureSettings()
    settings.mode = .singleLabel
    var table = table([1, 3, 2], [1, 2.5, 2.25])
    table.append(
      labels: ["a", "b"], truths: [true, false], referenceLogits: [5, 4.5], modelLogits: [5, 4.5])
    table.append(labels: ["a"], truths: [true], referenceLogits: [5], modelLogits: [5])
    // Margins 1 and 0.5, errors 0.75 and 0.
    #expect(drift(table, settings).flips == 1.0 / 4)
  }

  @Test func nothingIsExpectedOfWhatIsNotFinite() {
    #expect(drift(table([1, -1], [1, .nan])).upper.isNaN)
  }

  /// The end is that of an interval on other texts, with the drift that one of ten has: on texts whose decisions change as often as
  /// on these, nine of ten ends are below.
  @Test(arguments: [Float(0), 0.02, 0.1, 0.5]) func nineOfTenIntervalsEndBelow(_ size: Float) throws {
    var numbers = Numbers(Int(size * 100))
    var (settings, below) = (MeasureSettings(), 0)
    settings.replicates = 500
    func half() -> DecisionTable {
      var table = DecisionTable(hasTruth: true)
      for _ in 0..<300 {
        let reference = (0..<4).map { _ in Float(numbers.part() * 6 - 3) }
        // Whatever is near the threshold is as often right as wrong.
        let truths = reference.map { Double($0) + 6 * numbers.part() - 3 > 0 }
        table.append(
          labels: ["a", "b", "c", "d"], truths: truths, referenceLogits: reference,
          modelLogits: reference.map { $0 + Float(numbers.part() + numbers.part() - 1) * size })
      }
      return table
    }
    for _ in 0..<100 {
      let table = half()
      let own = try #require(F1Drift(table, settings: settings, threads: 2))
      let other = try #require(F1Drift(half(), settings: settings, threads: 2))
      let expected = ExpectedDrift(table, settings: settings, unit: own.unit).upper
      // What one decision does differs from half to half.
      if other.drift.interval.upper <= expected * (size == 0 ? 1.1 : 1) { below += 1 }
    }
    // But for chance, and because few changes come in whole numbers.
    #expect(below >= 79, "\(below)")
    // Of what does not change at all, all; but not much more than nine of ten where there is something to see.
    #expect(size == 0 || below <= 99, "\(below)")
  }

  /// What is expected of one half is what happens on others: errors of a known size on margins of a known density.
  @Test func otherTextsChangeAsOften() {
    var numbers = Numbers(5)
    func half() -> DecisionTable {
      let reference = (0..<4000).map { _ in Float(numbers.part() * 6 - 3) }
      return table(reference, reference.map { $0 + Float(numbers.part() + numbers.part() - 1) * 0.2 })
    }
    var expected = 0.0
    var found = 0
    for _ in 0..<40 {
      expected += drift(half()).flips
      let other = half()
      found += zip(other.referenceLogits, other.modelLogits).count { ($0 >= 0) != ($1 >= 0) }
    }
    // 40 · 4,000 · E|e| ÷ 2 ÷ 3 = 40 · 4,000 · 0.0667 ÷ 6.
    #expect(abs(expected - 1778) < 30, "\(expected)")
    #expect(abs(Double(found) - expected) < 130, "\(found)")
  }
}
