import Conversion
import DataSets
import Foundation
import GLiClass
import Testing
import Verification

/// How often an honest conversion is blamed: a q8 file judged on 200 random parts of its texts.
@Suite final class FalseAlarmTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Decisions of the whole data set.
  private func decisions(_ checkpoint: String) throws -> DecisionTable {
    let path = folder.path + "/q8.glc"
    _ = try Converter(ConversionOptions(input: checkpoint, output: path, scheme: .q8)).run()
    return try Verifier(model: GLiClassModel(path: path), options: VerificationOptions()).decisions(
      against: ReferenceFile(path: checkpoint + "/reference.jsonl"), data: DataIndex(path: checkpoint + "/eval.jsonl"))
  }

  /// Two rates: how often the upper end of the interval lies below the drift of the whole set, which by the stated confidence
  /// may be 2.5 % of the times, and how often a bound fails that the conversion truly keeps.
  private func rates(_ checkpoint: String, texts: Int, bound: Double) throws -> (below: Double, fails: Double) {
    let table = try decisions(checkpoint)
    let truth = try #require(Measures(table, settings: MeasureSettings())[.microF1]).drift
    var settings = MeasureSettings()
    settings.replicates = 500
    var generator = SplitMix(7)
    var (below, fails, sum) = (0, 0, 0.0)
    for _ in 0..<200 {
      let chosen = Array(0..<table.textCount).shuffled(using: &generator).prefix(texts)
      let micro = try #require(Measures(table.selecting(texts: chosen), settings: settings)[.microF1])
      if micro.interval.upper < truth { below += 1 }
      if !(micro.interval.upper <= bound) { fails += 1 }
      sum += micro.interval.upper
    }
    print(
      "\(checkpoint), 200 x \(texts) texts: true drift \(truth), upper end below it \(below) times, bound \(bound) fails \(fails) "
        + "times, mean upper end \(sum / 200)")
    return (Double(below) / 200, Double(fails) / 200)
  }

  @Test func partsOfTheDemoData() throws {
    // 100 texts can show less than 500: the bound is wider.
    let rates = try rates(Fixtures.debianTags, texts: 100, bound: 0.02)
    #expect(rates.below <= 0.025 && rates.fails <= 0.025)
  }

  @Test(.enabled(if: DemoBoundsTests.fullData != nil)) func partsOfTheFullData() throws {
    let rates = try rates(try #require(DemoBoundsTests.fullData), texts: 500, bound: 0.005)
    #expect(rates.below <= 0.025 && rates.fails <= 0.025)
  }
}
