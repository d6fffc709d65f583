import Dispatch
import Foundation
import Testing
import Verification

/// Whether intervals contain the true drift as often as they say: populations whose drift is known, sampled again and
/// again.
///
/// `MEASURES_SIMULATIONS=8` draws eight times as many samples and resamples each 999 times instead of 199, for the
/// table in docs/verification.md.
@Suite struct BootstrapCoverageTests {
  static let factor = ProcessInfo.processInfo.environment["MEASURES_SIMULATIONS"].flatMap { Int($0) } ?? 1

  static let populations: [Population] = {
    var all: [Population] = []
    for (texts, samples) in [(50, 300), (1500, 40)] {
      for (labels, offered) in [(6, 6), (235, 11)] {
        for (name, lost, gained) in [
          ("no flips", 0, 0), ("0.05 %", 0.0005, 0.0005), ("0.05 %, all lost", 0.0005, 0), ("1 %", 0.01, 0.01),
          ("1 %, all lost", 0.01, 0), ("10 %", 0.1, 0.1), ("10 %, all lost", 0.1, 0),
        ] {
          all.append(
            Population(
              name: name, texts: texts, labels: labels, offered: offered, lost: lost, gained: gained,
              samples: samples * factor))
        }
      }
    }
    // Changes that come together: 1 % of the decisions in 5 % of the texts, 0.1 % in 0.5 %.
    for (name, part, texts) in [("1 %, in clusters", 0.01, 0.05), ("0.1 %, in clusters", 0.001, 0.005)] {
      all.append(
        Population(
          name: name, texts: 1500, labels: 235, offered: 11, lost: part, gained: part, within: texts,
          samples: 40 * factor))
    }
    return all
  }()

  @Test func coverage() {
    var all: [Metric: [Coverage]] = [:]
    print("texts labels flips               metric     drift     covered  above   width   ideal width")
    for population in Self.populations {
      let samples = population.simulate()
      for metric in [Metric.microF1, .macroF1] {
        let coverage = Coverage(samples.map { $0[metric] }, population.trueDrift(metric))
        all[metric, default: []].append(coverage)
        print(population.row(metric, coverage))
        // One in forty at either end, and what the number of samples leaves open (four standard deviations).
        #expect(coverage.above <= 0.025 + coverage.error(0.025), "\(population.name) \(metric)")
        #expect(coverage.covered >= 0.95 - coverage.error(0.05), "\(population.name) \(metric)")
        // With 100 flips and more the interval is not much wider than the best there could be.
        if population.lost * Double(population.texts * population.offered) >= 100 {
          let width = coverage.width / coverage.ideal
          #expect(width <= (metric == .microF1 ? 1.5 : 2), "\(population.name) \(metric)")
        }
      }
    }
    for (metric, coverages) in all {
      // Together they decide more sharply.
      let count = coverages.reduce(0) { $0 + $1.count }
      let above = coverages.reduce(0) { $0 + $1.above * Double($1.count) } / Double(count)
      #expect(above <= 0.025, "\(metric)")
    }
  }

  /// One right label of six in each of 200 texts: a reference that finds it in 80 %, and a model that loses 1 or 10 %
  /// of those and finds as large a part of the others.
  @Test(arguments: [0.0, 0.01, 0.1])
  func singleLabel(_ part: Double) {
    let samples = (0..<300 * Self.factor).map { index in
      var settings = MeasureSettings()
      (settings.mode, settings.replicates, settings.seed) = (.singleLabel, 199, UInt64(index))
      var generator = SplitMix(UInt64(index) << 32 | 78)
      var table = DecisionTable(hasTruth: true)
      for _ in 0..<200 {
        let right = Int(generator.next() % 6)
        let other = (right + 1 + Int(generator.next() % 5)) % 6
        let found = generator.uniform() < 0.8
        let (changed, chosen) = (generator.uniform() < part, found ? right : other)
        let logits = { (best: Int) in (0..<6).map { $0 == best ? Float(1) : 0 } }
        table.append(
          labels: (0..<6).map { "label \($0)" }, truths: (0..<6).map { $0 == right }, referenceLogits: logits(chosen),
          modelLogits: logits(changed ? right + other - chosen : chosen))
      }
      let drifts = TruthComparison(table, settings: settings).drifts(threads: 2).metrics
      return Dictionary(uniqueKeysWithValues: drifts.map { ($0.metric, $0) })
    }
    for metric in Metric.allCases {
      // With one right label a text and one chosen these are all the part of texts in which they are the same.
      let isAccuracy = [.accuracy, .subsetAccuracy, .microF1, .microPrecision, .microRecall].contains(metric)
      let coverage = Coverage(samples.map { $0[metric] }, isAccuracy ? 0.8 * part - 0.2 * part : nil)
      #expect(coverage.above <= 0.025 + coverage.error(0.025), "\(metric)")
      #expect(coverage.covered >= 0.95 - coverage.error(0.05), "\(metric)")
    }
  }
}

/// How often intervals contain a drift.
struct Coverage {
  var count: Int
  var drift: Double
  var covered: Double
  /// Part of the samples in which the drift is above the upper end.
  var above: Double
  /// Mean, and that of normal intervals with the standard deviation over all samples.
  var width: Double
  var ideal: Double

  /// - Parameter drift: the true one; `nil` for the mean of the samples.
  init(_ drifts: [MetricDrift?], _ drift: Double?) {
    let drifts = drifts.compactMap { $0 }
    let number = Double(drifts.count)
    let mean = drifts.reduce(0) { $0 + $1.drift } / number
    let drift = drift ?? mean
    (count, self.drift) = (drifts.count, drift)
    covered = Double(drifts.count { $0.interval.lower <= drift && drift <= $0.interval.upper }) / number
    above = Double(drifts.count { $0.interval.upper < drift }) / number
    width = drifts.reduce(0) { $0 + $1.interval.upper - $1.interval.lower } / number
    let variance = drifts.reduce(0) { $0 + ($1.drift - mean) * ($1.drift - mean) } / (number - 1)
    ideal = 2 * 1.96 * variance.squareRoot()
  }

  func error(_ rate: Double) -> Double { 4 * (rate * (1 - rate) / Double(count)).squareRoot() }
}

/// Texts with labels to choose from, some more common than others (as 1 ÷ rank), one in five of them right; a reference
/// that finds between 50 and 95 % of the right ones and takes between 0.5 and 5 % of the others; and a model that
/// differs.
struct Population: Sendable {
  var name: String
  var texts: Int
  var labels: Int
  /// With each text.
  var offered: Int
  /// Part of the reference's right decisions that the model has wrong, and of its wrong ones that it has right.
  var lost: Double
  var gained: Double
  /// Part of the texts in which decisions can change; all that change are there.
  var within: Double
  var samples: Int
  private let names: [String]
  private let recall: [Double]
  private let fallout: [Double]
  /// Frequencies, summed up.
  private let cumulative: [Double]

  static let right = 0.2

  init(
    name: String, texts: Int, labels: Int, offered: Int, lost: Double, gained: Double, within: Double = 1, samples: Int
  ) {
    (self.name, self.texts, self.labels, self.offered) = (name, texts, labels, offered)
    (self.lost, self.gained, self.within, self.samples) = (lost, gained, within, samples)
    var generator = SplitMix(5)
    names = (0..<labels).map { "label \($0)" }
    recall = (0..<labels).map { _ in 0.5 + 0.45 * generator.uniform() }
    fallout = (0..<labels).map { _ in 0.005 + 0.045 * generator.uniform() }
    var sum = 0.0
    cumulative = (0..<labels).map { rank in
      sum += 1 / Double(rank + 1)
      return sum
    }
  }

  /// Of infinitely many texts, where every label is offered with every one. With rare labels there is no such number:
  /// macro F1 of a sample counts labels that have too few decisions to have an F1; the mean over samples is the drift
  /// then.
  func trueDrift(_ metric: Metric) -> Double? {
    guard offered == labels else { return nil }
    var (total, sum) = ((reference: Rates(), model: Rates()), 0.0)
    for label in 0..<labels {
      let reference = Rates(
        truePositive: Self.right * recall[label], falsePositive: (1 - Self.right) * fallout[label], positive: Self.right
      )
      let model = Rates(
        truePositive: reference.truePositive * (1 - lost) + (Self.right - reference.truePositive) * gained,
        falsePositive: reference.falsePositive * (1 - gained)
          + (1 - Self.right - reference.falsePositive) * lost, positive: Self.right)
      sum += reference.f1 - model.f1
      total = (total.reference + reference, total.model + model)
    }
    return metric == .microF1 ? total.reference.f1 - total.model.f1 : sum / Double(labels)
  }

  func sample(_ generator: inout SplitMix) -> DecisionTable {
    var table = DecisionTable(hasTruth: true)
    for _ in 0..<texts {
      let chosen = labels(&generator)
      let scale = generator.uniform() < within ? 1 / within : 0
      var (truths, reference, model): ([Bool], [Float], [Float]) = ([], [], [])
      for label in chosen {
        let truth = generator.uniform() < Self.right
        let predicted = generator.uniform() < (truth ? recall[label] : fallout[label])
        let flips = generator.uniform() < scale * (predicted == truth ? lost : gained)
        truths.append(truth)
        reference.append(predicted ? 1 : -1)
        model.append(predicted != flips ? 1 : -1)
      }
      table.append(labels: chosen.map { names[$0] }, truths: truths, referenceLogits: reference, modelLogits: model)
    }
    return table
  }

  private func labels(_ generator: inout SplitMix) -> [Int] {
    if offered == labels { return Array(0..<labels) }
    var chosen: [Int] = []
    while chosen.count < offered {
      let place = generator.uniform() * (cumulative.last ?? 0)
      var (low, high) = (0, labels - 1)
      while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] > place { high = middle } else { low = middle + 1 }
      }
      if !chosen.contains(low) { chosen.append(low) }
    }
    return chosen
  }

  /// The drifts of every sample.
  func simulate() -> [[Metric: MetricDrift]] {
    var results = [[Metric: MetricDrift]](repeating: [:], count: samples)
    results.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer
      DispatchQueue.concurrentPerform(iterations: samples) { index in
        var settings = MeasureSettings()
        settings.replicates = BootstrapCoverageTests.factor > 1 ? 999 : 199
        settings.seed = UInt64(index)
        var generator = SplitMix(UInt64(index) << 32 | 77)
        let comparison = TruthComparison(sample(&generator), settings: settings)
        for drift in comparison.drifts(threads: 1).metrics { buffer[index][drift.metric] = drift }
      }
    }
    return results
  }

  func row(_ metric: Metric, _ coverage: Coverage) -> String {
    func cell(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
    let numbers = [coverage.covered, coverage.above].map { String(format: "%.3f", $0) }
    let sizes = [coverage.drift, coverage.width, coverage.ideal].map { String(format: "%.5f", $0) }
    return cell("\(texts)", 6) + cell("\(labels)", 7) + cell(name, 20) + cell(metric.rawValue, 11)
      + cell(sizes[0], 10) + cell(numbers[0], 9) + cell(numbers[1], 8) + cell(sizes[1], 8) + sizes[2]
  }

  /// Rates of decisions.
  private struct Rates {
    var truePositive = 0.0
    var falsePositive = 0.0
    var positive = 0.0

    var f1: Double { 2 * truePositive / (truePositive + falsePositive + positive) }

    static func + (left: Rates, right: Rates) -> Rates {
      Rates(
        truePositive: left.truePositive + right.truePositive, falsePositive: left.falsePositive + right.falsePositive,
        positive: left.positive + right.positive)
    }
  }
}
