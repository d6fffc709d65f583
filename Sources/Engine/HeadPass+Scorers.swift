import CKernels
import ModelCore

// Logits of projected text and labels (numerics 6.6; `scorers.py`).
extension HeadPass {
  /// One logit a label of every text.
  func score(text: ActivationRows, labels: ActivationRows) throws(EngineError) -> [Float] {
    switch weights.scorer {
    case .simple:
      return perLabel { kernels.pointee.dot(size, text[$0], labels[$1]) }
    case .mlp(let mlp):
      forEachLabel { index, label in
        buffers.near[label].update(from: text[index], count: size)
        (buffers.near[label] + size).update(from: labels[label], count: size)
      }
      return try logits(mlp)
    case .weightedDot(let textLinear, let labelLinear, let mlp):
      try weightedDot(textLinear, labelLinear, text, labels)
      return try logits(mlp)
    case .hopfield(let query, let key, let value, let mlp):
      try hopfield(query, key, value, text, labels)
      return try logits(mlp)
    case .crossAttention(let weights):
      try attend(weights, text: text, labels: labels)
      return try logits(weights.mlp)
    }
  }

  /// Calls `body` with each text's index and each of its labels' rows.
  private func forEachLabel(_ body: (Int, Int) -> Void) {
    for (index, text) in batch.texts.enumerated() {
      for label in text.labels { body(index, label) }
    }
  }

  private func perLabel(_ body: (Int, Int) -> Float) -> [Float] {
    var values = [Float](repeating: 0, count: batch.labelRows.count)
    forEachLabel { values[$1] = body($0, $1) }
    return values
  }

  /// What a perceptron of one output makes of the label rows in ``HeadBuffers/near``.
  private func logits(_ mlp: Perceptron) throws(EngineError) -> [Float] {
    let output = try apply(mlp, rows: batch.labelRows.count, "scorer")
    return batch.labelRows.indices.map { output[$0][0] }
  }

  /// near = t₀, l₀, t₁ · l₁ of the projections' halves (`ScorerWeightedDot`).
  private func weightedDot(
    _ textLinear: Linear, _ labelLinear: Linear, _ text: ActivationRows, _ labels: ActivationRows
  ) throws(EngineError) {
    guard let t = buffers.textFeatures, let l = buffers.labelFeatures else { return }
    try apply(textLinear, text, batch.texts.count, into: t, .linear, "scorer")
    try apply(labelLinear, labels, batch.labelRows.count, into: l, .linear, "scorer")
    forEachLabel { index, label in
      let target = buffers.near[label]
      target.update(from: t[index], count: size)
      (target + size).update(from: l[label], count: size)
      for feature in size..<2 * size { target[size + feature] = t[index][feature] * l[label][feature] }
    }
  }

  /// near = l + softmax over the labels of (4 · q(l) · k(t)) · v(t) (`HopfieldScorer`, one iteration).
  private func hopfield(
    _ query: Linear, _ key: Linear, _ value: Linear, _ text: ActivationRows, _ labels: ActivationRows
  ) throws(EngineError) {
    guard let t = buffers.textFeatures, let l = buffers.labelFeatures else { return }
    try apply(query, labels, batch.labelRows.count, into: l, .linear, "scorer")
    try apply(key, text, batch.texts.count, into: t, .linear, "scorer")
    let scores = perLabel { kernels.pointee.dot(size, l[$1], t[$0]) * 4 }
    try apply(value, text, batch.texts.count, into: t, .linear, "scorer")
    for (index, own) in batch.texts.enumerated() {
      for (label, weight) in zip(own.labels, Scores.softmax(scores[own.labels], kernels)) {
        buffers.near[label].update(from: labels[label], count: size)
        kernels.pointee.add_scaled(size, weight, t[index], buffers.near[label])
      }
    }
  }
}
