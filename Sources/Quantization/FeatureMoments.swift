/// Mean and variance of features over the tokens that a model will see, as they follow from its weights: how the statistics of a
/// layer's inputs are found without data.
///
/// Features are taken as independent of each other. Every step is one of + − × ÷ √ in binary64, in a fixed order, so that the
/// results are the same on every machine.
public struct FeatureMoments: Sendable, Equatable {
  /// E[x] of each feature.
  public var means: [Double]
  /// E[x²] − E[x]², not below 0.
  public var variances: [Double]

  /// Features.
  public var count: Int { means.count }
  /// E[x²].
  public var secondMoments: [Double] { zip(means, variances).map { $0 * $0 + $1 } }

  /// Moments of as many features as both lists have entries.
  public init(means: [Double], variances: [Double]) {
    precondition(means.count == variances.count)
    self.means = means
    self.variances = variances
  }

  /// Those of the sum with other, independent features: a residual connection.
  public static func + (left: FeatureMoments, right: FeatureMoments) -> FeatureMoments {
    precondition(left.count == right.count)
    return FeatureMoments(
      means: zip(left.means, right.means).map { $0 + $1 },
      variances: zip(left.variances, right.variances).map { $0 + $1 })
  }

  /// Those behind a LayerNorm: its statistics are taken to be the same for every token, the mean of the means and the mean square
  /// of the rest. (Behind a LayerNorm of features alike, mean β and second moment γ² + β².)
  public func normalized(gain: [Float], bias: [Float]) -> FeatureMoments {
    precondition(gain.count == count && bias.count == count)
    let center = means.reduce(0, +) / Double(count)
    let square = zip(means, variances).reduce(0.0) { $0 + ($1.0 - center) * ($1.0 - center) + $1.1 } / Double(count)
    let inverse = square > 0 ? 1 / square.squareRoot() : 0
    var result = self
    for index in means.indices {
      let factor = inverse * Double(gain[index])
      result.means[index] = (means[index] - center) * factor + Double(bias[index])
      result.variances[index] = variances[index] * factor * factor
    }
    return result
  }

  /// Those of means over tokens that are weighted as attention does: of the variance a part is left.
  public func mixed() -> FeatureMoments {
    FeatureMoments(means: means, variances: variances.map { $0 * Self.mixedVariance })
  }

  /// What attention leaves of the variance of values: measured on trained models, between 0.2 and 0.5.
  private static let mixedVariance = 0.3

  /// Those behind an activation function, for normally distributed features: Gauss–Hermite quadrature.
  /// - Parameter apply: replaces values by those of the function.
  public func activated(_ apply: (UnsafeMutableBufferPointer<Float>) -> Void) -> FeatureMoments {
    var result = FeatureMoments(
      means: Array(repeating: 0, count: count), variances: Array(repeating: 0, count: count))
    let deviations = variances.map { $0.squareRoot() }
    var values = [Float](repeating: 0, count: count)
    for (node, weight) in Self.quadrature {
      for index in means.indices { values[index] = Float(means[index] + deviations[index] * node) }
      values.withUnsafeMutableBufferPointer { apply($0) }
      for index in means.indices {
        let value = Double(values[index])
        result.means[index] += weight * value
        result.variances[index] += weight * (value * value)
      }
    }
    for index in means.indices {
      result.variances[index] = max(0, result.variances[index] - result.means[index] * result.means[index])
    }
    return result
  }

  /// Nodes and weights of Gauss–Hermite quadrature for the standard normal distribution, 16 points (numpy's `hermegauss`, weights ÷ √(2π)).
  private static let quadrature: [(node: Double, weight: Double)] = [
    (0.3867606045005574, 0.286568521238012),
    (1.1638291005549648, 0.1583383727509497),
    (1.9519803457163334, 0.04728475235401406),
    (2.7602450476307014, 0.007266937601184749),
    (3.6008736241715487, 0.0005259849265739087),
    (4.492955302520011, 1.530003216248732e-05),
    (5.472225705949343, 1.309473216286817e-07),
    (6.630878198393129, 1.4978147231618412e-10),
  ].flatMap { [(-$0.0, $0.1), ($0.0, $0.1)] }
}
