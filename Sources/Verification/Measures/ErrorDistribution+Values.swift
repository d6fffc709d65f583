extension ErrorDistribution {
  /// Of |a − b|, taken in double: the difference of two floats may be none. NaN where there are none, or one is NaN.
  init(_ left: [Float], _ right: [Float]) {
    let errors = zip(left, right).map { abs(Double($0) - Double($1)) }
    if errors.isEmpty || errors.contains(where: \.isNaN) {
      self = .undefined
      return
    }
    let sorted = errors.sorted()
    // Ascending: the mean depends on the order neither of texts nor of labels.
    self.init(
      mean: sorted.reduce(0, +) / Double(sorted.count), p50: sorted[Self.rank(50, of: sorted.count)],
      p99: sorted[Self.rank(99, of: sorted.count)], maximum: sorted[sorted.count - 1])
  }

  static let undefined = ErrorDistribution(mean: .nan, p50: .nan, p99: .nan, maximum: .nan)

  /// The position of the smallest of `count` sorted values that at least `percent` of all do not exceed: nearest rank,
  /// in integers, because 0.99 times 200 need not be 198 in doubles.
  static func rank(_ percent: Int, of count: Int) -> Int {
    let whole = count / 100 * percent
    return max(1, whole + (count % 100 * percent + 99) / 100) - 1
  }
}
