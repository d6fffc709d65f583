/// What is known of the activations that a linear layer multiplies: by its K input features, over the tokens that it will see.
///
/// Without calibration data they follow from the weights before the layer (behind a LayerNorm: mean β, second moment γ² + β²),
/// with it they are measured.
public struct InputStatistics: Sendable {
  /// [K]: E[x].
  public var means: [Float]
  /// [K]: E[x²].
  public var secondMoments: [Float]
  /// [K]: how large |x| is expected to become in a text, the measure of SmoothQuant (arXiv 2211.10438).
  public var reach: [Float]
  /// [K × K], row-major, symmetric: E[x · xᵀ], of calibration data only.
  public var correlations: [Float]?

  /// Input features K.
  public var count: Int { secondMoments.count }

  /// - Precondition: all of them have K entries, or K × K.
  public init(means: [Float], secondMoments: [Float], reach: [Float], correlations: [Float]? = nil) {
    precondition(means.count == secondMoments.count && reach.count == means.count)
    precondition(correlations.map { $0.count == means.count * means.count } ?? true)
    self.means = means
    self.secondMoments = secondMoments
    self.reach = reach
    self.correlations = correlations
  }
}
