import GLCFormat

/// What a row may differ from its original by because of its encoding alone, feature by feature.
struct EncodingCost {
  /// The least differences that the encoding can tell apart; one for all features, or one each.
  private let steps: [Double]
  /// The largest values that it can hold: larger ones are clipped to them.
  private let limits: [Double]
  /// Of floats: the part of a row's energy that rounding may take.
  private let relative: Double
  /// Squared steps that the error of a value may come to, on the average of many.
  private let slack: Double

  /// A part of a row that its encoding does not change.
  static let none = EncodingCost(steps: [0], limits: [.infinity])

  private init(steps: [Double], limits: [Double], relative: Double = 0, slack: Double = 0) {
    self.steps = steps
    self.limits = limits
    self.relative = relative
    self.slack = slack
  }

  func step(_ feature: Int) -> Double { steps.count == 1 ? steps[0] : steps[feature] }
  func limit(_ feature: Int) -> Double { limits.count == 1 ? limits[0] : limits[feature] }

  /// The energy of the error that `features`, whose original has the energy `signal`, may take: no bound, but far above what rounding
  /// costs, which for codes is step² ÷ 12 a value.
  func noise(_ features: Range<Int>, signal: Double) -> Double {
    let squares =
      steps.count == 1
      ? Double(features.count) * steps[0] * steps[0] : features.reduce(0) { $0 + steps[$1] * steps[$1] }
    return slack * squares + relative * signal
  }

  /// What the encoding of `stored` costs a row of it that was made of `original`.
  ///
  /// Steps are those of the file, but no larger than the largest values of the original call for: a scale above that of absolute
  /// maximum, or a multiplier, is no reason to expect less.
  init(_ stored: StoredTensor, _ row: Int, original: [Float]) {
    let scale = Double(stored.scale(row) ?? 0)
    let inputs = stored.record.inputScalesOffset > 0 ? original.indices.map { Double(stored.inputScale($0) ?? 1) } : nil
    /// The largest value of the original, as it was when it was rounded.
    func peak(_ features: Range<Int>) -> Double {
      features.reduce(0) { max($0, abs(Double(original[$1])) / (inputs?[$1] ?? 1)) }
    }
    func byFeature(_ steps: [Double], levels: Double) -> (steps: [Double], limits: [Double]) {
      guard let inputs else { return (steps, steps.map { $0 * levels }) }
      let own = inputs.indices.map { (steps.count == 1 ? steps[0] : steps[$0]) * inputs[$0] }
      return (own, own.map { $0 * levels })
    }
    switch stored.record.encoding {
    case .int8:
      let largest = 1.02 * peak(original.indices) / 127
      self.init(
        steps: byFeature([min(scale, largest)], levels: 127).steps, limits: byFeature([scale], levels: 127).limits,
        slack: stored.isCompensated ? Self.compensatedSlack : 1)
    case .int4:
      let groups = stored.groups
      let steps = groups.indices.map { Double(stored.multiplier(row, group: $0)) * scale }
      let peaks = groups.map(peak)
      // One step of the row at least; multipliers are whole numbers, the next may be a third above what the group calls for.
      let least = min(scale, 1.02 * (peaks.max() ?? 0) / 7)
      let capped = groups.indices.map { min(steps[$0], max(least, 1.4 * peaks[$0] / 7)) }
      func spread(_ values: [Double]) -> [Double] {
        groups.count == 1 ? values : zip(groups, values).flatMap { Array(repeating: $1, count: $0.count) }
      }
      self.init(
        steps: byFeature(spread(capped), levels: 7).steps, limits: byFeature(spread(steps), levels: 7).limits,
        slack: stored.isCompensated ? Self.compensatedSlack : 0.5)
    case .f16: self.init(steps: [0x1p-24], limits: [65_504], relative: 0x1p-21, slack: 1)
    case .bf16: self.init(steps: [0], limits: [.infinity], relative: 0x1p-15)
    case .f32: self = .none
    }
  }

  /// Rounding to nearest costs a quarter of a squared step at most. Where one column's error was made up for in others (GPTQ), on models
  /// with outliers and without, no row and no group of 64 had more than 1.3. Twice that much is a third of what an int4 row of about normal
  /// values has in all.
  static let compensatedSlack = 2.6
}

/// The same of a row and what it is held against, both of which may be encoded.
struct RowCost {
  private let own: EncodingCost
  private let other: EncodingCost
  private let tolerance: Double

  /// - Parameters:
  ///   - theirs: the row of `expected` that has the values `original`.
  init(_ stored: StoredTensor, _ row: Int, _ expected: ExpectedTensor, _ theirs: Int, original: [Float]) {
    own = EncodingCost(stored, row, original: original)
    other = expected.cost(theirs, original: original)
    tolerance = expected.tolerance
  }

  func step(_ feature: Int) -> Double { max(own.step(feature), other.step(feature)) }
  func limit(_ feature: Int) -> Double { own.limit(feature) }

  /// The energy of the error that is no finding.
  func allowance(_ features: Range<Int>, signal: Double) -> Double {
    own.noise(features, signal: signal) + other.noise(features, signal: signal) + tolerance * signal
  }
}
