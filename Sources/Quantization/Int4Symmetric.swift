/// Int4 with a scale a row and multipliers for its groups of features (formats/glc.md, "Encodings"): the value of a code is
/// `code · multiplier · scale`, codes in −7…7, multipliers in 1…15.
///
/// The step of a group, `multiplier · scale`, is chosen for the least Σ m · (w − ŵ)², m being what a squared error of a
/// feature costs. The scale of least squared error makes every product a little too small, in every layer alike (about 1 % at
/// four bits), and this adds up where rounding averages out: so the scale of a row is the one that keeps Σ m · w · ŵ at Σ m · w²
/// (``ScaleFit``). All steps are single IEEE operations in a fixed order: the same codes on every machine.
public struct SymmetricInt4: Sendable {
  /// The largest code.
  public static let limit: Float = 7
  /// The largest multiplier.
  public static let largestMultiplier: Float = 15
  /// Rows that reach no further are zero: from here on the scale, about a hundredth of it, is a normal number.
  public static let floor = Float(sign: .plus, exponent: -116, significand: 1)

  /// Features of a row.
  public let columns: Int
  /// Features that share a multiplier.
  public let groupSize: Int
  /// Groups of a row; the last may be shorter.
  public var groups: Int { (columns + groupSize - 1) / groupSize }

  /// [columns]: m.
  let weights: [Float]

  /// - Parameters:
  ///   - columns: features of a row.
  ///   - groupSize: features that share a multiplier, at least 1; `columns` or more is one group.
  ///   - weights: [columns], m ≥ 0: the expected squares of what the features are multiplied with. `nil` is 1 for each.
  ///     Entries that are negative or NaN count as 0, infinity as the largest of the others, and zeros throughout as ones.
  public init(columns: Int, groupSize: Int, weights: [Float]? = nil) {
    precondition(columns >= 0 && groupSize >= 1 && (weights.map { $0.count == columns } ?? true))
    self.columns = columns
    self.groupSize = groupSize
    self.weights = weights.map(Self.relative) ?? Array(repeating: 1, count: columns)
  }

  /// Weights in 0…1, so that no sum of them overflows.
  private static func relative(_ weights: [Float]) -> [Float] {
    let largest = weights.reduce(0) { $1 > $0 && $1 < .infinity ? $1 : $0 }
    guard largest > 0 else {
      return weights.map { $0 == .infinity || !weights.contains(.infinity) ? 1 : 0 }
    }
    return weights.map { $0 > 0 ? min($0, largest) / largest : 0 }
  }

  /// Quantizes one row.
  /// - Parameters:
  ///   - row: `columns` values; where the layer has input scales c, the weights divided by them.
  ///   - codes: `columns` codes.
  ///   - multipliers: `groups` multipliers.
  /// - Returns: the scale, 0 for a row of zeros (or below 2⁻¹¹⁶), whose codes are 0 and multipliers 1; or `nil` where a value
  ///   is infinite or NaN.
  public func quantize(
    _ row: UnsafeBufferPointer<Float>, codes: UnsafeMutablePointer<Int8>, multipliers: UnsafeMutablePointer<UInt8>
  ) -> Float? {
    precondition(row.count == columns)
    let magnitude = SymmetricInt8.maximumMagnitude(row)
    guard magnitude < Float.infinity.bitPattern else { return nil }
    let largest = Float(bitPattern: magnitude)
    guard largest >= Self.floor, let base = row.baseAddress else {
      codes.update(repeating: 0, count: columns)
      multipliers.update(repeating: 1, count: groups)
      return 0
    }
    return weights.withUnsafeBufferPointer { weights in
      guard let weights = weights.baseAddress else { return 0 }
      return withUnsafeTemporaryAllocation(of: Float.self, capacity: groups) { steps in
        let scale = chooseSteps(base, weights, largest, into: steps)
        for group in 0..<groups {
          multipliers[group] = UInt8(Self.rounded(steps[group] / scale, in: 1...Self.largestMultiplier))
        }
        return encode(base, weights, scale, multipliers, into: codes)
      }
    }
  }

  /// Features of a group.
  private func range(_ group: Int) -> Range<Int> { group * groupSize..<min((group + 1) * groupSize, columns) }

  private static func rounded(_ x: Float, in range: ClosedRange<Float>) -> Float {
    min(max(x.rounded(.toNearestOrEven), range.lowerBound), range.upperBound)
  }
}

extension SymmetricInt4 {
  /// Steps that are tried, as parts of the one that reaches the largest value.
  private static let shrinks: [Float] = [1, 0.9, 0.8, 0.7, 0.6]

  /// The best step of each group by itself.
  /// - Returns: the scale of which the largest of them is 15 times.
  private func chooseSteps(
    _ row: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ largest: Float,
    into steps: UnsafeMutableBufferPointer<Float>
  ) -> Float {
    // No step below half of the scale that the full range would give decides anything: its multiplier is 1.
    let smallest = largest / (Self.limit * Self.largestMultiplier) / 2
    var widest: Float = 0
    for group in 0..<groups {
      let range = range(group)
      let values = UnsafeBufferPointer(start: row + range.lowerBound, count: range.count)
      let reach = Float(bitPattern: SymmetricInt8.maximumMagnitude(values)) / Self.limit
      steps[group] = reach < smallest ? reach : bestStep(values, weights + range.lowerBound, reach)
      widest = steps[group] > widest ? steps[group] : widest
    }
    return widest / Self.largestMultiplier
  }

  private func bestStep(
    _ values: UnsafeBufferPointer<Float>, _ weights: UnsafePointer<Float>, _ reach: Float
  ) -> Float {
    var best = (error: Float.infinity, step: reach)
    guard let base = values.baseAddress else { return reach }
    for shrink in Self.shrinks {
      let step = reach * shrink
      let error = Int4Kernels.error(base, weights, count: values.count, inverse: 1 / step) * (shrink * shrink)
      if error < best.error { best = (error, step) }
    }
    return best.step
  }

  /// The codes on a grid, and the scale that fits them.
  private func encode(
    _ row: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ scale: Float,
    _ multipliers: UnsafePointer<UInt8>, into codes: UnsafeMutablePointer<Int8>
  ) -> Float {
    let inverse = 1 / scale
    var fit = ScaleFit()
    for group in 0..<groups {
      let range = range(group)
      fit.add(
        Int4Kernels.encode(
          row + range.lowerBound, weights + range.lowerBound, count: range.count, inverse: inverse,
          multiplier: Float(multipliers[group]), into: codes + range.lowerBound))
    }
    return min(scale * fit.factor, Self.largestScale)
  }

  /// 105 times this is finite.
  private static let largestScale = (Float.greatestFiniteMagnitude / 105).nextDown
}
