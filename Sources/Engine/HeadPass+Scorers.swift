import CKernels
import ModelCore

// Logits of projected text and labels (numerics 6.6; `scorers.py`).
extension HeadPass {
  /// One logit a label of every text.
  func score(
    text: ActivationRows, labels: ActivationRows, into logits: UnsafeMutableBufferPointer<Float>
  ) throws(EngineError) {
    switch weights.scorer {
    case .simple:
      forEachLabel { logits[$1] = kernels.pointee.dot(size, text[$0], labels[$1]) }
    case .mlp(let mlp):
      forEachLabel { index, label in
        buffers.near[label].update(from: text[index], count: size)
        (buffers.near[label] + size).update(from: labels[label], count: size)
      }
      try score(mlp, into: logits)
    case .weightedDot(let textLinear, let labelLinear, let mlp):
      try weightedDot(textLinear, labelLinear, text, labels)
      try score(mlp, into: logits)
    case .hopfield(let query, let key, let value, let mlp):
      try hopfield(query, key, value, text, labels)
      try score(mlp, into: logits)
    case .crossAttention(let weights):
      try attend(weights, text: text, labels: labels)
      try score(weights.mlp, into: logits)
    }
  }

  /// Calls `body` with each text's index and each of its labels' rows.
  private func forEachLabel(_ body: (Int, Int) -> Void) {
    for (index, text) in batch.texts.enumerated() {
      for label in text.labels { body(index, label) }
    }
  }

  /// What a perceptron of one output makes of the label rows in ``HeadBuffers/near``.
  private func score(_ mlp: Perceptron, into logits: UnsafeMutableBufferPointer<Float>) throws(EngineError) {
    let output = try apply(mlp, rows: batch.labelRows.count, "scorer")
    for label in logits.indices { logits[label] = output[label][0] }
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
    let scores = buffers.weights
    forEachLabel { scores[$1] = kernels.pointee.dot(size, l[$1], t[$0]) * 4 }
    try apply(value, text, batch.texts.count, into: t, .linear, "scorer")
    for (index, own) in batch.texts.enumerated() {
      Scores.softmax(
        UnsafeMutableBufferPointer(start: scores + own.labels.lowerBound, count: own.labels.count), kernels)
      for label in own.labels {
        buffers.near[label].update(from: labels[label], count: size)
        kernels.pointee.add_scaled(size, scores[label], t[index], buffers.near[label])
      }
    }
  }
}
