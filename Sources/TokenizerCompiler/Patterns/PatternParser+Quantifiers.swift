extension PatternParser {
  /// Oniguruma's own limit of a count.
  private static let maximumCount = 100_000

  /// `atom`, which was written from `start` on, repeated as the quantifier behind it says, if there is one.
  mutating func parseQuantifiers(of atom: PatternNode, from start: Int) throws(PatternError) -> PatternNode {
    let position = index
    guard let (minimum, maximum, isInterval) = try parseQuantifier() else { return atom }
    try refuseSecondQuantifier(from: position, behindInterval: isInterval)
    if case .lookahead = atom {
      throw refusal("the quantifier \(quoted(from: position))", at: position, "repeats a lookahead")
    }
    guard !atom.canBeEmpty else {
      // What an engine does after an iteration that read nothing is its own affair. Oniguruma tries no further one, even
      // where the count is bounded, and refuses some such patterns.
      throw refusal("the quantifier \(quoted(from: position))", at: position, "repeats what may match nothing")
    }
    return .repetition(atom, minimum: minimum, maximum: maximum)
  }

  private mutating func parseQuantifier() throws(PatternError) -> (minimum: Int, maximum: Int?, isInterval: Bool)? {
    if take("?") { return (0, 1, false) }
    if take("*") { return (0, nil, false) }
    if take("+") { return (1, nil, false) }
    return try parseInterval().map { ($0.minimum, $0.maximum, true) }
  }

  private mutating func refuseSecondQuantifier(
    from position: Int, behindInterval: Bool
  ) throws(PatternError) {
    let kind: String
    if take("?") {
      kind = "the lazy quantifier"
    } else if !behindInterval, take("+") {
      kind = "the possessive quantifier"
    } else if try parseQuantifier() != nil {
      kind = "the double quantifier"
    } else {
      return
    }
    throw refusal("\(kind) \(quoted(from: position))", at: position)
  }

  /// `{n}`, `{n,}`, `{n,m}` or `{,m}` (from 0 to m). `nil`, with nothing read, where a brace stands for itself.
  mutating func parseInterval() throws(PatternError) -> (minimum: Int, maximum: Int?)? {
    let start = index
    guard take("{") else { return nil }
    let minimum = try parseCount(from: start)
    let hasComma = take(",")
    let maximum = hasComma ? try parseCount(from: start) : minimum
    guard take("}"), minimum != nil || maximum != nil else {
      index = start
      return nil
    }
    if let minimum, let maximum, minimum > maximum {
      throw refusal("the quantifier \(quoted(from: start))", at: start, "has its counts the wrong way around")
    }
    return (minimum ?? 0, maximum)
  }

  /// Digits, or `nil` where there are none.
  private mutating func parseCount(from start: Int) throws(PatternError) -> Int? {
    var count: Int?
    while let digit = next, (0x30...0x39).contains(digit) {
      let value = 10 * (count ?? 0) + Int(digit - 0x30)
      guard value <= Self.maximumCount else {
        throw refusal("a quantifier", at: start, "counts beyond \(Self.maximumCount)")
      }
      count = value
      index += 1
    }
    return count
  }
}
