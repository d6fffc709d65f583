/// Factors c of the input features of linear layers: activations are multiplied by them before they are quantized, and the weights
/// divided (SmoothQuant, arXiv 2211.10438).
///
/// The rounding of activations costs E[max_k (x_k·c_k)²] · Σ_k ω_k² ÷ c_k² of the outputs, in units of squared steps, ω being the root mean
/// square of a feature's weights; that of weights E[max_k (w_k ÷ c_k)²] · Σ_k ρ_k²·c_k², ρ being the root mean square of a feature. With
/// the 8-norm in place of both maxima, which is what they follow for features of any spread, the sum is the same for ρ·c and for ω ÷ c, and
/// c = √(ω ÷ ρ) makes these alike.
///
/// Every step is one of + − × ÷ √ in binary64, in a fixed order.
public enum InputBalancing {
  /// ρ is taken as √(ρ² + (floor · median ρ)²), so that no feature is made much larger than the median. Moments that follow from weights are
  /// right to a factor of about 1.3 on trained models, and of 3 for single features; and what was small in the texts that were measured,
  /// perhaps few, need not be small in others. (docs/quantization.md has what other floors give: from 2 to 4 and up to ½ it is the same within
  /// what single figures scatter.)
  private static func floor(isMeasured: Bool) -> Double { isMeasured ? 0.25 : 3 }

  /// The factors of features with these moments.
  /// - Parameters:
  ///   - inputs: moments of K features.
  ///   - weights: root mean square of the weights of each feature, over the channels of all layers that multiply the same rows.
  ///   - isMeasured: whether `inputs` are what texts gave, and do not follow from weights.
  /// - Returns: K finite positive factors, with median 1; or `nil` where they would not make the expected error at least a fiftieth smaller, or nothing can be expected, because moments or weights are not finite or mostly zero.
  public static func scales(inputs: FeatureMoments, weights: [Double], isMeasured: Bool) -> [Float]? {
    precondition(weights.count == inputs.count)
    guard let features = floored(inputs.secondMoments.map { $0.squareRoot() }, floor(isMeasured: isMeasured)),
      let columns = floored(weights, weightFloor)
    else { return nil }
    let raw = zip(columns, features).map { ($0 / $1).squareRoot() }
    let middle = median(raw)
    let scales = raw.map { Float(min(max($0 / middle, 1 / limit), limit)) }
    let balanced = scales.map { Double($0) }
    let unscaled = [Double](repeating: 1, count: weights.count)
    let gain = expectedError(features, columns, balanced) / expectedError(features, columns, unscaled)
    return gain <= worthwhile ? scales : nil
  }

  /// Of the expected error without factors, what may be left: where there is less to win, multiplying activations is not worth it.
  private static let worthwhile = 0.98
  /// Columns of zeros say nothing of their feature, which is made so small that it stands in nobody's way.
  private static let weightFloor = 0x1p-16
  /// Beyond it neither activations nor weights of sane models would stay in range.
  private static let limit = 0x1p16

  /// √(x² + (floor · median)²), `nil` where that would not be positive and finite, with room for eighth powers of ratios.
  private static func floored(_ values: [Double], _ floor: Double) -> [Double]? {
    guard !values.isEmpty, values.allSatisfy({ $0.isFinite }) else { return nil }
    let least = floor * median(values)
    guard least > leastMagnitude, values.allSatisfy({ $0 < 1 / leastMagnitude }) else { return nil }
    return values.map { ($0 * $0 + least * least).squareRoot() }
  }

  private static let leastMagnitude = 0x1p-90

  /// The lower of the two in the middle of an even number.
  private static func median(_ values: [Double]) -> Double { values.sorted()[(values.count - 1) / 2] }

  /// The expected squared error of the outputs, up to a factor that does not depend on the scales.
  static func expectedError(_ features: [Double], _ weights: [Double], _ scales: [Double]) -> Double {
    let activations = zip(features, scales).map { $0 * $1 }
    let columns = zip(weights, scales).map { $0 / $1 }
    return squaredReach(activations) * sumOfSquares(columns) + squaredReach(columns) * sumOfSquares(activations)
  }

  private static func sumOfSquares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }

  /// (Σ x⁸)^¼.
  private static func squaredReach(_ values: [Double]) -> Double {
    let largest = values.reduce(0) { max($0, $1) }
    let sum = values.reduce(0.0) { sum, value in
      let square = value / largest * (value / largest)
      return sum + square * square * (square * square)
    }
    return sum.squareRoot().squareRoot() * (largest * largest)
  }
}
