import GLCFormat

/// Whether the biases of a layer differ by no more than bias correction makes of what its weights differ by.
///
/// The correction of a channel is the mean of its output error over tokens, Σ e · E[x] with e = w − ŵ, which is no more than what the
/// error is at all. Were features independent, its root mean square were √(Σ e² · E[x²]). As they are not, a mean may come to a few times
/// that: measured on models with outliers and without, with int8 and int4, 3.2 times for the worst of all channels where weights are
/// rounded to nearest (0.2 with GPTQ), and 1.2 times for the biases of a layer together.
///
/// A bias that is off by less than that does less harm than the weights beside it.
struct BiasCorrection {
  /// By how much a value may differ.
  private let bounds: [Double]
  private let bound: Double

  static let ofOne = 6.0
  static let ofAll = 2.5

  /// What the biases of the layer `name`, as `layers.2.attention.value`, may differ by; `nil` for layers that are not corrected.
  init?(_ name: String, of model: GLCFile, _ expected: ExpectedTensors) throws(VerificationError) {
    guard model.hasCorrectedBiases || expected.hasCorrectedBiases,
      let origin = expected.origins.first(where: { $0.name == "\(name).weight" }),
      let weights = expected.tensor(origin), let record = try? model.record(origin.name), record.shape == weights.shape,
      let stored = StoredTensor(record, in: model)
    else { return nil }
    let moments = try InputMoments(expected: expected, encoder: model.configuration.encoder).secondMoments(name)
    guard let moments, moments.count == stored.columns else { return nil }
    var own = Array(repeating: Float(0), count: stored.columns)
    var theirs = own
    var energies: [Double] = []
    for row in 0..<stored.rows {
      stored.read(row, into: &own)
      try weights.read(row, into: &theirs)
      energies.append(
        own.indices.reduce(0) { sum, feature in
          let error = Double(own[feature]) - Double(theirs[feature])
          return sum + error * error * moments[feature]
        })
    }
    weights.discard(rows: 0..<stored.rows, columns: stored.columns)
    bounds = energies.map { Self.ofOne * $0.squareRoot() }
    bound = Self.ofAll * energies.reduce(0, +).squareRoot()
  }

  /// What is the matter with `biases`, which should be `originals` but for the correction: nothing where that explains them.
  func messages(_ biases: [Float], _ originals: [Float], reference: String) -> [String] {
    let differences = zip(biases, originals).map { Double($0) - Double($1) }
    let why = "more than bias correction explains"
    let wrong = differences.indices.filter { !(abs(differences[$0]) <= bounds[$0] + 1e-6 * abs(Double(originals[$0]))) }
    if !wrong.isEmpty {
      return wrong.count > 3
        ? ["\(wrong.count) of \(biases.count) values differ from the \(reference)'s by \(why)"]
        : wrong.map { "value \($0) is \(biases[$0]), in the \(reference) \(originals[$0]): \(why)" }
    }
    let energy = differences.reduce(0) { $0 + $1 * $1 }
    return energy.squareRoot() <= bound ? [] : ["all values together differ from the \(reference)'s by \(why)"]
  }
}
