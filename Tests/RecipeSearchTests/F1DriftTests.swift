import RecipeSearch
import Testing
import Verification

/// The drift of micro F1 alone is that of all measures.
@Suite struct F1DriftTests {
  private func table(texts: Int, labels: Int, noise: Float, seed: Int) -> DecisionTable {
    var numbers = Numbers(seed)
    var table = DecisionTable(hasTruth: true)
    for _ in 0..<texts {
      let logits = (0..<labels).map { _ in Float(numbers.part() * 8 - 4) }
      table.append(
        labels: (0..<labels).map { "label \($0)" }, truths: logits.map { Float(numbers.part() * 8 - 4) < $0 },
        referenceLogits: logits, modelLogits: logits.map { $0 + noise * Float(numbers.part() - 0.5) })
    }
    return table
  }

  @Test(arguments: [Float(0), 0.1, 2]) func isThatOfAllMeasures(_ noise: Float) throws {
    for (texts, mode) in [(1, DecisionMode.multiLabel), (40, .multiLabel), (40, .singleLabel)] {
      let table = table(texts: texts, labels: 6, noise: noise, seed: texts)
      var settings = MeasureSettings()
      settings.mode = mode
      settings.replicates = 400
      let own = try #require(F1Drift(table, settings: settings, threads: 2)?.drift)
      #expect(own == Measures(table, settings: settings)[.microF1])
    }
  }

  @Test func nothingIsSaidOfWhatIsNotFinite() throws {
    var table = table(texts: 5, labels: 3, noise: 0.1, seed: 1)
    table.append(labels: ["x"], truths: [true], referenceLogits: [1], modelLogits: [.nan])
    let drift = try #require(F1Drift(table, settings: MeasureSettings(), threads: 1)?.drift)
    #expect(drift.drift.isNaN && drift.interval.upper.isNaN && drift.interval.lower.isNaN)
  }

  @Test func nothingIsSaidWithoutTruth() {
    var table = DecisionTable(hasTruth: false)
    table.append(labels: ["x"], truths: [false], referenceLogits: [1], modelLogits: [2])
    #expect(F1Drift(table, settings: MeasureSettings(), threads: 1) == nil)
  }
}
