import ModelCore

/// `CrossAttnScorer`: labels attend to the tokens of the text.
struct ReferenceCrossAttentionScorer: ReferenceScorer {
  private let headCount: Int
  private let queryNorm: ReferenceLayerNorm
  private let keyNorm: ReferenceLayerNorm
  private let query: ReferenceLinear
  private let key: ReferenceLinear
  private let value: ReferenceLinear
  private let output: ReferenceLinear
  private let norm: ReferenceLayerNorm
  private let score: ReferencePerceptron

  init(_ loader: WeightLoader, headCount: Int) throws(ReferenceModelError) {
    let name = ReferenceTensors.scorer
    self.headCount = headCount
    queryNorm = try loader.norm("\(name).q_norm", epsilon: ReferenceLayerNorm.defaultEpsilon)
    keyNorm = try loader.norm("\(name).kv_norm", epsilon: ReferenceLayerNorm.defaultEpsilon)
    query = try loader.linear("\(name).q")
    key = try loader.linear("\(name).k")
    value = try loader.linear("\(name).v")
    output = try loader.linear("\(name).out")
    norm = try loader.norm("\(name).norm", epsilon: ReferenceLayerNorm.defaultEpsilon)
    score = try loader.perceptron("\(name).score_mlp", [0, 2, 4], .gelu)
  }

  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    let queries = query(queryNorm(classes))
    let keys = key(keyNorm(text))
    // Values are of the text as it is, not of the normalized one.
    let values = value(text)
    let headSize = classes.columns / headCount
    let scale = 1 / Float(headSize).squareRoot()
    var context = ReferenceMatrix(rows: classes.rows, columns: classes.columns)
    for head in 0..<headCount {
      let columns = head * headSize..<(head + 1) * headSize
      var weights = queries.product(transposed: keys, columns: columns).mapped { $0 * scale }
      weights.softmaxRows()
      context.setProduct(columns: columns, of: weights, values)
    }
    return score(norm(output(context)).beside(classes)).values
  }
}
