import Engine
import Tokenization

/// From the outputs of all passes to one classification.
extension ClassificationPlan {
  /// - Parameter outputs: one a pass.
  func classification(_ outputs: ArraySlice<EngineOutput>) -> Classification {
    let names = request.labels.names
    let logits = perPart(outputs) { $0.logits }
    let scores = aggregate(logits.map(probabilities))
    let initialScores =
      outputs.allSatisfy { $0.uncalibratedLogits != nil }
      ? aggregate(perPart(outputs) { $0.uncalibratedLogits ?? [] }.map(probabilities)) : nil
    let largest = Self.largest(logits)
    let labels = names.indices.compactMap { index in
      zip(scores[index], largest[index]).map { score, logit in
        LabelScore(label: names[index], score: score, logit: logit, initialScore: initialScores?[index])
      }
    }
    return Classification(
      text: request.text, labels: labels, predicted: predicted(labels), labelSet: request.labels,
      embeddings: request.options.returnsEmbeddings ? outputs.first?.embeddings : nil, warnings: warnings(scores))
  }

  /// One value a label for every part of the text; `nil` for those lost in it.
  private func perPart(
    _ outputs: ArraySlice<EngineOutput>, _ values: (EngineOutput) -> [Float]
  ) -> [[Float?]] {
    var parts: [[Float?]] = []
    for start in stride(from: outputs.startIndex, to: outputs.endIndex, by: groups.count) {
      var part: [Float?] = []
      for (output, group) in zip(outputs[start...], groups) {
        let found = values(output).map(Optional.some)
        part += found + [Float?](repeating: nil, count: group.count - found.count)
      }
      parts.append(part)
    }
    return parts
  }

  /// Probabilities of the labels that have logits.
  private func probabilities(_ logits: [Float?]) -> [Float?] {
    guard case .singleLabel = request.mode else { return logits.map { $0.map(Scores.sigmoid) } }
    var scores = Scores.softmax(logits.compactMap(\.self))[...]
    return logits.map { $0 == nil ? nil : scores.popFirst() }
  }

  /// The largest score of the parts; in single-label mode they then sum to 1 again.
  private func aggregate(_ parts: [[Float?]]) -> [Float?] {
    let largest = Self.largest(parts)
    guard parts.count > 1, case .singleLabel = request.mode else { return largest }
    let sum = largest.reduce(0) { $0 + Double($1 ?? 0) }
    return largest.map { score in score.map { Float(Double($0) / sum) } }
  }

  private static func largest(_ parts: [[Float?]]) -> [Float?] {
    guard var largest = parts.first else { return [] }
    for part in parts.dropFirst() {
      for (index, value) in part.enumerated() {
        if let value { largest[index] = max(largest[index] ?? value, value) }
      }
    }
    return largest
  }

  private func predicted(_ labels: [LabelScore]) -> [String] {
    switch request.mode {
    case .multiLabel(let threshold): labels.filter { $0.score >= threshold }.map(\.label)
    case .singleLabel:
      // The first of equal ones, as `argmax` takes it.
      labels.indices.max { (labels[$0].score, $1) < (labels[$1].score, $0) }.map { [labels[$0].label] } ?? []
    }
  }

  private func warnings(_ scores: [Float?]) -> [ClassificationWarning] {
    let names = request.labels.names
    let maximumLength = passes.map(\.maximumLength).max() ?? 0
    var warnings: [ClassificationWarning] = []
    let lost = names.indices.filter { scores[$0] == nil }.map { names[$0] }
    if !lost.isEmpty {
      warnings.append(.labelsLost(lost, total: names.count, maximumLength: maximumLength))
    }
    let empty = names.indices.filter { names[$0].isBlank }
    if !empty.isEmpty { warnings.append(.emptyLabels(positions: empty)) }
    let truncated = passes.count(where: \.isTruncated)
    if truncated > 0 {
      warnings.append(.inputTruncated(parts: truncated, of: passes.count, maximumLength: maximumLength))
    }
    return warnings
  }
}

/// Both, or nothing.
private func zip<First, Second>(_ first: First?, _ second: Second?) -> (First, Second)? {
  guard let first, let second else { return nil }
  return (first, second)
}
