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
    case .subsetAccuracy: return textEffects(reference.isRight, model.isRight)
    case .accuracy: return textEffects(reference.isBestRight, model.isBestRight)
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

  /// The drift of the part of all texts that are right.
  private func textEffects(_ reference: [Bool], _ model: [Bool]) -> DriftEffects {
    let count = Double(max(reference.count, 1))
    let parts = reference.indices.compactMap { text in
      reference[text] == model[text]
        ? nil : DriftEffects.Part(text: text, effect: (reference[text] ? 1 : -1) / count)
    }
    return DriftEffects(parts: parts, unit: 1 / count)
  }
}
