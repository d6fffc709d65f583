/// Both sides held against the true labels.
package struct TruthComparison {
  private let decisions: Decisions
  private let reference: DecisionCounts
  private let model: DecisionCounts
  /// Texts that each label was to be chosen for.
  private let offered: [Int]
  private var table: DecisionTable { decisions.table }

  package init(_ table: DecisionTable, settings: MeasureSettings) { self.init(Decisions(table, settings)) }

  init(_ decisions: Decisions) {
    self.decisions = decisions
    reference = DecisionCounts(decisions.reference, decisions.table)
    model = DecisionCounts(decisions.model, decisions.table)
    var offered = [Int](repeating: 0, count: decisions.table.labels.count)
    for label in decisions.table.labelIndices { offered[Int(label)] += 1 }
    self.offered = offered
  }

  /// A metric of both sides, without an interval.
  package func values(_ metric: Metric) -> (reference: Double, model: Double) {
    (reference.value(metric), model.value(metric))
  }

  /// Decisions on which both sides differ.
  package var flipCount: Int { decisions.flips.count }

  /// Whether any logit is NaN.
  package var hasNaN: Bool { decisions.hasNaN }

  /// Every metric, and every label, those with the largest loss first.
  package func drifts(threads: Int) -> (metrics: [MetricDrift], labels: [LabelDrift]) {
    var flips = [Int](repeating: 0, count: table.labels.count)
    for flip in decisions.flips { flips[decisions.label(flip.decision)] += 1 }
    let intervals = intervals(threads: threads)
    let metrics = zip(Metric.allCases, intervals).map { metric, interval in
      MetricDrift(
        metric: metric, reference: reference.value(metric), model: decisions.hasNaN ? .nan : model.value(metric),
        interval: interval)
    }
    let labels = table.labels.indices.map { label in
      LabelDrift(
        label: table.labels[label], offered: offered[label], support: reference.labels[label].support,
        reference: reference.labels[label].scores, model: decisions.hasNaN ? .undefined : model.labels[label].scores,
        flips: flips[label], interval: intervals[Metric.allCases.count + label])
    }
    let order = labels.indices.sorted { left, right in
      labels[left].drift == labels[right].drift || decisions.hasNaN
        ? left < right : labels[left].drift > labels[right].drift
    }
    return (metrics, order.map { labels[$0] })
  }

  /// Those of metrics, then those of labels.
  private func intervals(threads: Int) -> [Interval] {
    let effects = effects
    if decisions.hasNaN { return [Interval](repeating: .undefined, count: effects.count) }
    return Bootstrap(textCount: table.textCount, settings: decisions.settings, threads: threads).intervals(effects)
  }

  /// Every drift split over texts: those of metrics, then those of labels in the table's order.
  package var effects: [DriftEffects] {
    let splitter = DriftSplitter(decisions, reference: reference, model: model, offered: offered)
    return Metric.allCases.map { splitter.effects($0) } + splitter.labelEffects()
  }

  var mcNemar: McNemarTest {
    var (reference, model) = (0, 0)
    for flip in decisions.flips {
      if decisions.reference.predictions[flip.decision] == table.truths[flip.decision] {
        reference += 1
      } else {
        model += 1
      }
    }
    return McNemarTest(
      onlyReferenceRight: reference, onlyModelRight: model,
      pValue: decisions.hasNaN ? .nan : Binomial.signTest(reference, model))
  }
}

extension LabelScores {
  fileprivate static let undefined = LabelScores(precision: .nan, recall: .nan, f1: .nan)
}
