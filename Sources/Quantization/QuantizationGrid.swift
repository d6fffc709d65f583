/// Where codes may lie: a scale for each channel and, for int4, a multiplier for each of its groups.
public struct QuantizationGrid: Sendable, Equatable {
  /// [N]
  public var scales: [Float]
  /// [N][groups]; empty for int8.
  public var multipliers: [UInt8]

  /// A grid of those scales and multipliers.
  public init(scales: [Float], multipliers: [UInt8]) {
    self.scales = scales
    self.multipliers = multipliers
  }

  /// Rounds a row to the nearest codes: `value ÷ scale`, for int4 `value ÷ (scale · multiplier)`, each a single operation.
  /// - Parameters:
  ///   - row: which of the N.
  ///   - values: K finite values.
  ///   - groupSize: 0 for int8.
  ///   - codes: K codes.
  ///   - multipliers: takes one a group.
  /// - Returns: the scale.
  public func quantize(
    _ row: Int, _ values: UnsafeBufferPointer<Float>, groupSize: Int, into codes: UnsafeMutablePointer<Int8>,
    multipliers target: UnsafeMutablePointer<UInt8>
  ) -> Float {
    let scale = scales[row]
    guard groupSize > 0 else {
      for index in values.indices { codes[index] = Self.code(values[index], step: scale, limit: 127) }
      return scale
    }
    let groups = (values.count + groupSize - 1) / groupSize
    for group in 0..<groups {
      let multiplier = multipliers[row * groups + group]
      target[group] = multiplier
      let step = scale * Float(multiplier)
      for index in group * groupSize..<min(values.count, (group + 1) * groupSize) {
        codes[index] = Self.code(values[index], step: step, limit: 7)
      }
    }
    return scale
  }

  /// `value ÷ step` to nearest, ties to even, within ±limit; 0 for a step of 0.
  static func code(_ value: Float, step: Float, limit: Float) -> Int8 {
    guard step > 0 else { return 0 }
    return Int8(max(-limit, min(limit, (value / step).rounded(.toNearestOrEven))))
  }
}
