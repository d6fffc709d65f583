import Foundation
import Testing
import Verification

/// Measures of whole tables against scikit-learn, SciPy and numpy.
@Suite struct MeasuresTests {
  /// A table of one label a text, from logits alone.
  static func table(_ texts: [(labels: [String], truths: [Bool], reference: [Float], model: [Float])]) -> DecisionTable
  {
    var table = DecisionTable(hasTruth: true)
    for text in texts {
      table.append(
        labels: text.labels, truths: text.truths, referenceLogits: text.reference, modelLogits: text.model)
    }
    return table
  }

  static func sameBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

  /// Figures of one side, label by label and together.
  static func check(
    _ measures: Measures, _ names: [String], _ figures: MeasureVectors.Figures, isModel: Bool, _ name: String
  ) {
    for (metric, expected) in figures.metrics {
      let found = measures[metric].map { isModel ? $0.model : $0.reference }
      #expect(isNear(found ?? .nan, expected), "\(name): \(metric) is \(found ?? .nan), not \(expected)")
    }
    for (label, expected) in zip(names, figures.perLabel) {
      guard let found = measures.labels.first(where: { sameBytes($0.label, label) }) else {
        Issue.record("\(name): no label \(label)")
        continue
      }
      let scores = isModel ? found.model : found.reference
      #expect(isNear(scores.precision, expected[0]) && isNear(scores.recall, expected[1]), "\(name): \(label)")
      #expect(isNear(scores.f1, expected[2]) && found.support == Int(expected[3]), "\(name): \(label)")
    }
  }

  @Test func metricsOfOneSide() throws {
    let cases = try MeasureVectors.recorded.get().cases
    #expect(cases.count >= 70)
    for entry in cases {
      var settings = MeasureSettings()
      settings.replicates = 19
      let measures = Measures(entry.table, settings: settings)
      #expect(entry.figures.metrics.count == Metric.allCases.count - 1 && measures.labels.count == entry.names.count)
      Self.check(measures, entry.names, entry.figures, isModel: false, entry.name)
      Self.check(measures, entry.names, entry.figures, isModel: true, entry.name)
      for label in measures.labels {
        #expect(label.offered == entry.decisions.count { Self.sameBytes($0.label, label.label) })
        #expect(label.flips == 0 && label.drift == 0)
      }
    }
  }

  @Test func tables() throws {
    let tables = try MeasureVectors.recorded.get().tables
    #expect(tables.count >= 50)
    for entry in tables {
      let measures = Measures(entry.table, settings: entry.settings)
      #expect(entry.reference.metrics.count == Metric.allCases.count)
      Self.check(measures, entry.names, entry.reference, isModel: false, entry.name)
      Self.check(measures, entry.names, entry.model, isModel: true, entry.name)
      Self.check(measures.agreement, measures.mcNemar, entry)
      Self.check(measures.sweep, entry)
      Self.check(measures.logitError, entry.logit_error, 1e-12, entry.name)
      // Scores are floats, and the softmax of the engine is not numpy's.
      Self.check(measures.probabilityError, entry.probability_error, 1e-6, entry.name)
      for drift in measures.metrics {
        #expect(drift.drift == drift.reference - drift.model)
        #expect(drift.interval.lower <= drift.drift + 1e-12 && drift.drift - 1e-12 <= drift.interval.upper)
      }
    }
  }

  static func check(_ agreement: Agreement, _ test: McNemarTest?, _ entry: MeasureVectors.Table) {
    let decisions = entry.texts.reduce(0) { $0 + $1[0].count }
    #expect(agreement.flipCount == entry.flips && agreement.flips.count == min(100, entry.flips), "\(entry.name)")
    #expect(agreement.flipRate == Double(entry.flips) / Double(decisions))
    #expect(isNear(agreement.flipRateInterval.lower, entry.flip_rate[0], 1e-9), "\(entry.name)")
    #expect(isNear(agreement.flipRateInterval.upper, entry.flip_rate[1], 1e-9), "\(entry.name)")
    #expect(isNear(agreement.f1, entry.agreement_f1), "\(entry.name)")
    #expect(isNear(agreement.top1, entry.top1) && isNear(agreement.wholeTexts, entry.whole_texts), "\(entry.name)")
    #expect(test?.onlyReferenceRight == Int(entry.mcnemar[0]) && test?.onlyModelRight == Int(entry.mcnemar[1]))
    #expect(isNear(test?.pValue ?? .nan, entry.mcnemar[2]), "\(entry.name)")
  }

  static func check(_ sweep: ThresholdSweep?, _ entry: MeasureVectors.Table) {
    guard let reference = entry.reference.sweep, let model = entry.model.sweep else {
      #expect(sweep == nil, "\(entry.name)")
      return
    }
    #expect(isNear(sweep?.bestReferenceF1 ?? .nan, entry.reference.bestF1 ?? .nan), "\(entry.name)")
    #expect(isNear(sweep?.bestModelF1 ?? .nan, entry.model.bestF1 ?? .nan), "\(entry.name)")
    for (one, other) in zip(reference, model) {
      let point = sweep?.points.first { $0.threshold == one[0] }
      let name = "\(entry.name), \(one[0])"
      #expect(
        isNear(point?.referenceMicroF1 ?? .nan, one[1]) && isNear(point?.referenceMacroF1 ?? .nan, one[2]), "\(name)")
      #expect(isNear(point?.modelMicroF1 ?? .nan, other[1]) && isNear(point?.modelMacroF1 ?? .nan, other[2]), "\(name)")
    }
  }

  static func check(_ errors: ErrorDistribution, _ expected: [Double], _ tolerance: Double, _ name: String) {
    for (found, expected) in zip([errors.mean, errors.p50, errors.p99, errors.maximum], expected) {
      #expect(isNear(found, expected, tolerance), "\(name)")
    }
  }

  // MARK: By hand

  @Test func labelsInOrderOfLoss() {
    let measures = Measures(
      Self.table([
        (["kept", "lost", "won", "also kept"], [true, true, true, true], [1, 1, -1, -1], [1, -1, 1, -1])
      ]), settings: MeasureSettings())
    #expect(measures.labels.map(\.label) == ["lost", "kept", "also kept", "won"])
    #expect(measures.labels.map(\.drift) == [1, 0, 0, -1] && measures.labels.map(\.flips) == [1, 0, 0, 1])
    // One text says next to nothing, and the interval of every label that can lose reaches as far as it can.
    #expect(measures.labels.allSatisfy { $0.interval.lower >= -1 && $0.interval.upper <= 1 })
  }

  @Test func marginsAndOrderOfFlips() {
    var settings = MeasureSettings()
    settings.threshold = 0.7
    // The logit of float 0.7 (0.699999988…).
    let logit = log(Double(Float(0.7)) / (1 - Double(Float(0.7))))
    let measures = Measures(
      Self.table([
        (["a", "b"], [true, false], [1, -0.5], [0, 2]), (["a", "c"], [true, true], [3, 1], [0, 0]),
        (["b"], [false], [0], [0.5]),
      ]), settings: settings)
    let agreement = measures.agreement
    #expect(agreement.flips.map(\.line) == [2, 1, 1, 2] && agreement.flips.map(\.label) == ["a", "b", "a", "c"])
    #expect(agreement.flips.map(\.referencePredicts) == [true, false, true, true])
    #expect(agreement.flips.map(\.isTrue) == [true, false, true, true])
    let margins = [3 - logit, logit + 0.5, 1 - logit, 1 - logit]
    for (flip, margin) in zip(agreement.flips, margins) { #expect(isNear(flip.margin, margin)) }
    // Nearest rank: the second smallest of four.
    #expect(isNear(agreement.largestMargin, margins[0]) && isNear(agreement.medianMargin, margins[2]))
    #expect(agreement.flips[1].referenceLogit == -0.5 && agreement.flips[1].modelLogit == 2)

    settings.mode = .singleLabel
    let single = Measures(
      Self.table([(["a", "b", "c"], [true, false, false], [1, 4, 2.5], [1, 2, 2.5])]), settings: settings)
    #expect(single.agreement.flips.map(\.label) == ["b", "c"] && single.agreement.flips.map(\.margin) == [1.5, 1.5])
  }

  @Test func manyFlips() {
    var table = DecisionTable(hasTruth: false)
    for text in 0..<150 {
      table.append(labels: ["a"], truths: [false], referenceLogits: [Float(text % 7) + 1], modelLogits: [-1])
    }
    let agreement = Measures(table, settings: MeasureSettings()).agreement
    #expect(agreement.flipCount == 150 && agreement.flips.count == 100 && agreement.flips.first?.margin == 7)
    #expect(agreement.flips.prefix(21).map(\.line) == (0..<21).map { $0 * 7 + 7 })
    #expect(agreement.flips.allSatisfy { $0.isTrue == nil } && agreement.medianMargin == 4)
  }

  @Test func withoutTruth() {
    var table = DecisionTable(hasTruth: false)
    table.append(labels: ["a", "b"], truths: [false, false], referenceLogits: [1, -1], modelLogits: [1, 1])
    let measures = Measures(table, settings: MeasureSettings())
    #expect(measures.metrics.isEmpty && measures.labels.isEmpty && measures.mcNemar == nil && measures.sweep == nil)
    #expect(measures[.microF1] == nil && measures.agreement.flipCount == 1 && measures.logitError.maximum == 2)
  }

  @Test func nothing() {
    let measures = Measures(DecisionTable(hasTruth: true), settings: MeasureSettings())
    #expect(measures.logitError.maximum.isNaN && measures.agreement.flipRate.isNaN && measures.agreement.top1.isNaN)
    #expect(measures.metrics.allSatisfy { $0.drift == 0 && $0.interval.upper.isNaN } && measures.labels.isEmpty)
    #expect(measures.sweep?.bestModelF1.isNaN == true && measures.mcNemar?.pValue == 1)
    // A text without labels is right in all it decides, and agrees.
    var table = DecisionTable(hasTruth: true)
    table.append(labels: [], truths: [], referenceLogits: [], modelLogits: [])
    let empty = Measures(table, settings: MeasureSettings())
    #expect(empty.agreement.wholeTexts == 1 && empty.agreement.top1 == 1 && empty[.subsetAccuracy]?.model == 1)
  }

  /// A model that does not answer: nothing traps, and no figure that a bound may be put on passes one.
  @Test(arguments: [DecisionMode.multiLabel, .singleLabel], 0..<6)
  func notANumber(_ mode: DecisionMode, _ position: Int) {
    var settings = MeasureSettings()
    settings.mode = mode
    let logits: [Float] = [3, -2, 1, -1, 2, 0]
    var bad = logits
    bad[position] = .nan
    let measures = Measures(
      Self.table(
        (0..<2).map { text in
          let range = text * 3..<text * 3 + 3
          return (["a", "b", "c"], [true, false, true], Array(logits[range]), Array(bad[range]))
        }), settings: settings)
    for errors in [measures.logitError, measures.probabilityError] {
      #expect([errors.mean, errors.p50, errors.p99, errors.maximum].allSatisfy { $0.isNaN })
    }
    #expect(measures.metrics.count == Metric.allCases.count && measures.labels.count == 3)
    for drift in measures.metrics {
      #expect(drift.model.isNaN && drift.drift.isNaN && drift.interval.lower.isNaN && drift.interval.upper.isNaN)
      #expect(!drift.reference.isNaN && !(drift.interval.upper <= 1))
    }
    #expect(measures.labels.allSatisfy { $0.drift.isNaN && $0.interval.upper.isNaN })
    let agreement = measures.agreement
    #expect(agreement.flipRate.isNaN && agreement.flipRateInterval.upper.isNaN && agreement.f1.isNaN)
    #expect(agreement.top1.isNaN && agreement.wholeTexts.isNaN && measures.mcNemar?.pValue.isNaN == true)
    if mode == .multiLabel {
      #expect(measures.sweep?.bestModelF1.isNaN == true && measures.sweep?.points[49].modelMicroF1.isNaN == true)
      #expect(measures.sweep?.bestReferenceF1 == 1 || measures.sweep?.bestReferenceF1.isNaN == false)
    }
    // Nothing is predicted where there is no answer; in single-label mode in the whole text.
    let predicted = agreement.flips.filter { !$0.referencePredicts && $0.line == position / 3 + 1 }
    #expect(predicted.isEmpty)
  }
}
