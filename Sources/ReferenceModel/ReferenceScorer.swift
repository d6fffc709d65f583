import ModelCore

/// One of `scorers.py`: projected text and classes to logits.
protocol ReferenceScorer: Sendable {
  /// - Parameters:
  ///   - text: One row; with pooling `pass`, one a token, those that the mask leaves.
  ///   - classes: One row a label, at least one.
  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float]
}

extension HeadConfiguration {
  func scorer(_ loader: WeightLoader) throws(ReferenceModelError) -> any ReferenceScorer {
    switch scorer {
    case .simple: ReferenceDotScorer()
    case .weightedDot: try ReferenceWeightedDotScorer(loader)
    case .mlp: try ReferenceMLPScorer(loader)
    case .hopfield: try ReferenceHopfieldScorer(loader)
    case .crossAttention: try ReferenceCrossAttentionScorer(loader, headCount: scorerHeadCount)
    }
  }
}

/// `ScorerDot`.
private struct ReferenceDotScorer: ReferenceScorer {
  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    text.product(transposed: classes, columns: 0..<text.columns).values
  }
}

/// `ScorerWeightedDot`.
private struct ReferenceWeightedDotScorer: ReferenceScorer {
  private let text: ReferenceLinear
  private let label: ReferenceLinear
  private let output: ReferencePerceptron

  init(_ loader: WeightLoader) throws(ReferenceModelError) {
    text = try loader.linear("\(ReferenceTensors.scorer).proj_text")
    label = try loader.linear("\(ReferenceTensors.scorer).proj_label")
    output = try loader.perceptron("\(ReferenceTensors.scorer).out_mlp", [0, 3], .relu)
  }

  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    let size = text.columns
    let texts = self.text(text).repeated(classes.rows)
    let labels = label(classes)
    let product = texts.selecting(columns: size..<2 * size)
      .combined(with: labels.selecting(columns: size..<2 * size)) { $0 * $1 }
    let halves = texts.selecting(columns: 0..<size).beside(labels.selecting(columns: 0..<size))
    return output(halves.beside(product)).values
  }
}

/// `MLPScorer`.
private struct ReferenceMLPScorer: ReferenceScorer {
  private let output: ReferencePerceptron

  init(_ loader: WeightLoader) throws(ReferenceModelError) {
    output = try loader.perceptron("\(ReferenceTensors.scorer).mlp", [0, 2, 4], .relu)
  }

  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    output(text.repeated(classes.rows).beside(classes)).values
  }
}

/// `HopfieldScorer`, one iteration: each label takes a share of the text, and the shares of all labels make 1.
private struct ReferenceHopfieldScorer: ReferenceScorer {
  private let beta: Float = 4
  private let query: ReferenceLinear
  private let key: ReferenceLinear
  private let value: ReferenceLinear
  private let output: ReferencePerceptron

  init(_ loader: WeightLoader) throws(ReferenceModelError) {
    query = try loader.linear("\(ReferenceTensors.scorer).q_proj", hasBias: false)
    key = try loader.linear("\(ReferenceTensors.scorer).k_proj", hasBias: false)
    value = try loader.linear("\(ReferenceTensors.scorer).v_proj", hasBias: false)
    output = try loader.perceptron("\(ReferenceTensors.scorer).mlp", [0, 2, 4], .relu)
  }

  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    // Text × labels, so that the softmax over the labels is that of a row.
    var shares = key(text).product(transposed: query(classes), columns: 0..<text.columns).mapped { $0 * beta }
    shares.softmaxRows()
    let value = value(text).values
    var labels = classes
    labels.forEachRow { label, row in
      for index in row.indices { row[index] += shares.values[label] * value[index] }
    }
    return output(labels).values
  }
}
