import Testing
import Verification

/// Intervals against the exact ones that they become where all texts lose alike, and against each other.
@Suite struct BootstrapTests {
  static func bootstrap(
    _ texts: Int, replicates: Int = 2000, confidence: Double = 0.95, seed: UInt64 = 0, threads: Int = 2
  ) -> Bootstrap {
    var settings = MeasureSettings()
    (settings.replicates, settings.confidence, settings.seed) = (replicates, confidence, seed)
    return Bootstrap(textCount: texts, settings: settings, threads: threads)
  }

  /// The first `count` of `texts` lose `effect` each.
  static func effects(_ count: Int, of texts: Int, _ effect: Double = 1) -> DriftEffects {
    DriftEffects(
      parts: (0..<count).map { DriftEffects.Part(text: $0, effect: effect / Double(texts)) }, unit: 1 / Double(texts))
  }

  /// Random effects of some of 30 texts.
  static func random(_ seed: UInt64) -> DriftEffects {
    var generator = SplitMix(seed)
    let parts = (0..<30).compactMap { text in
      generator.next() % 3 == 0 ? DriftEffects.Part(text: text, effect: generator.uniform() / 30 - 0.01) : nil
    }
    return DriftEffects(parts: parts, unit: 0.02)
  }

  /// Where every text loses all or nothing, the upper end is Clopper and Pearson's (within the error of 20,000
  /// replicates, five standard deviations of their rank).
  @Test(arguments: [(0, 40), (1, 40), (3, 40), (20, 40), (39, 40), (40, 40), (0, 1), (1, 1), (2, 500)], [0.8, 0.95])
  func exactWhereAllLoseAlike(_ found: (count: Int, texts: Int), _ confidence: Double) {
    let bootstrap = Self.bootstrap(found.texts, replicates: 20_000, confidence: confidence, seed: 3)
    let interval = bootstrap.intervals([Self.effects(found.count, of: found.texts)])[0]
    let outside = (1 - confidence) / 2
    let error = 5 * (outside * (1 - outside) / 20_000).squareRoot()
    let loose = Binomial.clopperPearson(found.count, of: found.texts, confidence: 1 - 2 * (outside - error))
    let tight = Binomial.clopperPearson(found.count, of: found.texts, confidence: 1 - 2 * (outside + error))
    #expect(tight.upper <= interval.upper && interval.upper <= loose.upper, "\(found)")
    // A text not seen may have gained, so the lower end is below the exact one of losses.
    #expect(interval.lower <= loose.lower)
    // Gains mirror losses.
    let gains = bootstrap.intervals([Self.effects(found.count, of: found.texts, -1)])[0]
    #expect(gains.lower == 0 - interval.upper && gains.upper == 0 - interval.lower)
  }

  /// The parts of texts sum to the drift, whatever changed and whatever is 0 on one side.
  @Test func effectsSumToTheDrift() throws {
    for entry in try MeasureVectors.recorded.get().tables {
      let table = entry.table
      let measures = Measures(table, settings: entry.settings)
      let effects = TruthComparison(table, settings: entry.settings).effects
      let sums = effects.map { $0.parts.reduce(0) { $0 + $1.effect } }
      for (drift, sum) in zip(measures.metrics, sums) { #expect(isNear(sum, drift.drift), "\(entry.name)") }
      for (label, sum) in zip(table.labels, sums.dropFirst(measures.metrics.count)) {
        let drift = measures.labels.first { MeasuresTests.sameBytes($0.label, label) }
        #expect(isNear(sum, drift?.drift ?? .nan), "\(entry.name): \(label)")
      }
      for drift in effects {
        #expect(drift.unit >= 0 && drift.unit <= 1)
        #expect(drift.parts.allSatisfy { table.decisions(of: $0.text).count > 0 })
      }
    }
  }

  /// What a text that was not seen may lose, where nothing changed. Of four texts two are found, one is missed and one
  /// taken wrongly: micro F1 is 4/6, and 2/5 with one less found, which no other change of one decision equals. Two
  /// labels with 2 and 1 found of 2 and 1, weighed by what they do to macro F1: from 1 to 2/3 and from 1 to 0, each
  /// half as much in the mean, so (2 · (1/6)² + (1/2)²) ÷ (2 · 1/6 + 1/2) = 11/30.
  @Test func oneDecisionMore() {
    var table = DecisionTable(hasTruth: true)
    for (truth, logit) in [(true, Float(1)), (true, 1), (true, -1), (false, 1)] {
      table.append(labels: ["a"], truths: [truth], referenceLogits: [logit], modelLogits: [logit])
    }
    #expect(isNear(TruthComparison(table, settings: MeasureSettings()).effects[0].unit, 4.0 / 6 - 2.0 / 5))
    var two = DecisionTable(hasTruth: true)
    for label in ["a", "a", "b"] {
      two.append(labels: [label], truths: [true], referenceLogits: [1], modelLogits: [1])
    }
    #expect(isNear(TruthComparison(two, settings: MeasureSettings()).effects[1].unit, 11.0 / 30))
    // Subset accuracy and accuracy: a text.
    #expect(TruthComparison(two, settings: MeasureSettings()).effects[9...10].map(\.unit) == [1.0 / 3, 1.0 / 3])
  }

  /// The same replicates worked out by numpy: the same weights, and so the same ends but for rounding.
  @Test func asWorkedOutAgain() throws {
    let recorded = try MeasureVectors.recorded.get().bootstrap
    #expect(recorded.count >= 6)
    for entry in recorded {
      let bootstrap = Bootstrap(textCount: entry.texts, settings: entry.settings, threads: 2)
      let interval = bootstrap.intervals([entry.drift])[0]
      #expect(abs(interval.lower - entry.lower) <= 1e-12 && abs(interval.upper - entry.upper) <= 1e-12, "\(entry)")
    }
  }

  @Test func threadsAndOrderChangeNothing() {
    let drifts = (0..<7).map { Self.random($0) } + [Self.effects(0, of: 30)]
    let expected = Self.bootstrap(30, threads: 1).intervals(drifts)
    for threads in [2, 3, 16] { #expect(Self.bootstrap(30, threads: threads).intervals(drifts) == expected) }
    #expect(Array(Self.bootstrap(30).intervals(drifts.reversed()).reversed()) == expected)
    for (drift, interval) in zip(drifts, expected) { #expect(Self.bootstrap(30).intervals([drift]) == [interval]) }
    #expect(Self.bootstrap(30, seed: 1).intervals(drifts) != expected)
    #expect(Self.bootstrap(30).intervals([]).isEmpty)
  }

  /// More drifts than are resampled at once.
  @Test func batches() {
    let drifts = (0..<1300).map { Self.random($0 % 9) }
    let intervals = Self.bootstrap(30, replicates: 1999).intervals(drifts)
    for (index, interval) in intervals.enumerated() { #expect(interval == intervals[index % 9]) }
  }

  @Test func widerWhereSurer() {
    for seed in 0..<8 {
      let drift = Self.random(UInt64(seed))
      let sum = drift.parts.reduce(0) { $0 + $1.effect }
      var last = (lower: sum, upper: sum)
      for confidence in [0.001, 0.5, 0.8, 0.95, 0.99, 0.99999] {
        let interval = Self.bootstrap(30, confidence: confidence).intervals([drift])[0]
        #expect(interval.lower <= last.lower && last.upper <= interval.upper)
        last = (interval.lower, interval.upper)
      }
    }
    // Few replicates: the outermost.
    let few = Self.bootstrap(30, replicates: 1).intervals([Self.random(0)])[0]
    #expect(few.lower <= few.upper)
  }

  /// A drift is a difference of two numbers of 0...1.
  @Test func withinTheScale() {
    let drift = DriftEffects(parts: [DriftEffects.Part(text: 0, effect: 0.9)], unit: 0.9)
    let interval = Self.bootstrap(100, confidence: 0.999).intervals([drift, DriftEffects(parts: [], unit: 1)])
    #expect(interval[0].upper == 1 && interval[0].lower >= -1)
    #expect(interval[1].lower == -1 && interval[1].upper == 1)
    let none = Self.bootstrap(0).intervals([DriftEffects(parts: [], unit: 0)])[0]
    #expect(none.lower.isNaN && none.upper.isNaN)
  }
}
