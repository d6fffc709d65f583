/// Splits every drift of a table over its texts.
struct DriftSplitter {
  private let decisions: Decisions
  private let reference: DecisionCounts
  private let model: DecisionCounts
  /// Texts that each label was to be chosen for.
  private let offered: [Int]

  init(_ decisions: Decisions, reference: DecisionCounts, model: DecisionCounts, offered: [Int]) {
    (self.decisions, self.reference, self.model, self.offered) = (decisions, reference, model, offered)
  }

  /// The drift of a metric.
  func effects(_ metric: Metric) -> DriftEffects {
    switch metric.form {
    case .micro(let ratio):
      var unit = UnitEffect(ratio)
      unit.add(reference.total, offered: decisions.table.decisionCount, weight: 1)
      let split = RatioSplit(ratio, reference: reference.total, model: model.total)
      return DriftEffects(parts: parts { _ in (split, 1) }, unit: size(unit))
    case .macro(let ratio):
      return mean(ratio) { _ in 1 / Double(offered.count) }
    case .weighted(let ratio):
      let total = Double(max(reference.total.support, 1))
      return mean(ratio) { Double(reference.labels[$0].support) / total }
    case .subsetAccuracy:
      return textEffects { text in
        (isRight(text, decisions.reference) ? 1 : 0) - (isRight(text, decisions.model) ? 1 : 0)
      }
    case .accuracy:
      return textEffects { text in
        (isBestRight(text, decisions.reference) ? 1 : 0) - (isBestRight(text, decisions.model) ? 1 : 0)
      }
    }
  }

  /// The drift of every label's F1.
  func labelEffects() -> [DriftEffects] {
    var all = offered.indices.map { label in
      var unit = UnitEffect(.f1)
      unit.add(reference.labels[label], offered: offered[label], weight: 1)
      return DriftEffects(parts: [], unit: unit.ofDecision)
    }
    let splits = splits(.f1)
    for flip in decisions.flips {
      let label = decisions.label(flip.decision)
      all[label].parts.append(part(flip, splits[label], 1))
    }
    return all
  }

  /// The drift of a weighted mean of labels' ratios.
  private func mean(_ ratio: Confusion.Ratio, weight: (Int) -> Double) -> DriftEffects {
    var unit = UnitEffect(ratio)
    for label in offered.indices { unit.add(reference.labels[label], offered: offered[label], weight: weight(label)) }
    let splits = splits(ratio)
    return DriftEffects(parts: parts { (splits[$0], weight($0)) }, unit: size(unit))
  }

  private func size(_ unit: UnitEffect) -> Double {
    decisions.settings.mode == .multiLabel ? unit.ofDecision : unit.ofText
  }

  private func splits(_ ratio: Confusion.Ratio) -> [RatioSplit] {
    offered.indices.map { RatioSplit(ratio, reference: reference.labels[$0], model: model.labels[$0]) }
  }

  /// One part a text with flips.
  private func parts(_ split: (_ label: Int) -> (RatioSplit, Double)) -> [DriftEffects.Part] {
    var parts: [DriftEffects.Part] = []
    for flip in decisions.flips {
      let (split, weight) = split(decisions.label(flip.decision))
      let part = part(flip, split, weight)
      if parts.last?.text == part.text {
        parts[parts.count - 1].effect += part.effect
      } else {
        parts.append(part)
      }
    }
    return parts
  }

  private func part(_ flip: (decision: Int, text: Int), _ split: RatioSplit, _ weight: Double) -> DriftEffects.Part {
    let effect = split.effect(
      referencePredicts: decisions.reference.predictions[flip.decision], isTrue: decisions.table.truths[flip.decision])
    return DriftEffects.Part(text: flip.text, effect: effect * weight)
  }

  /// The drift of a part of all texts.
  private func textEffects(_ difference: (Int) -> Double) -> DriftEffects {
    let count = Double(max(decisions.table.textCount, 1))
    let parts = (0..<decisions.table.textCount).compactMap { text -> DriftEffects.Part? in
      let effect = difference(text)
      return effect == 0 ? nil : DriftEffects.Part(text: text, effect: effect / count)
    }
    return DriftEffects(parts: parts, unit: 1 / count)
  }

  private func isRight(_ text: Int, _ side: SideDecisions) -> Bool {
    decisions.table.decisions(of: text).allSatisfy { side.predictions[$0] == decisions.table.truths[$0] }
  }

  private func isBestRight(_ text: Int, _ side: SideDecisions) -> Bool {
    side.best[text].map { decisions.table.truths[$0] } ?? false
  }
}
