extension PatternParser {
  /// The bracket expression whose `[`, at `start`, has been read.
  mutating func parseClass(from start: Int) throws(PatternError) -> ScalarSet {
    var set = ScalarSet()
    set.isNegated = take("^")
    guard next != 0x5D else { throw refusal("a class that begins with \"]\"", at: start) }
    while !take("]") {
      guard next != nil else { throw refusal("the class \"[\"", at: start, "is not closed") }
      let position = index
      switch try parseClassItem() {
      case .set(let item): set.tests += item.tests
      case .foldingSet(let item):
        guard !foldsCase else {
          throw refusal("\(quoted(from: position)) in a class without regard to case", at: position)
        }
        set.tests += item.tests
      case .scalar(let lower): try parseRange(from: lower, at: position, into: &set)
      }
    }
    return set
  }

  private mutating func parseClassItem() throws(PatternError) -> Escape {
    let position = index
    guard let scalar = next else { throw refusal("a class", at: position, "is not closed") }
    if take("&&") { throw refusal("the intersection \"&&\"", at: position) }
    index += 1
    if scalar == 0x5B { throw refusal(next == 0x3A ? "a POSIX class" : "a class within a class", at: position) }
    let item = scalar == 0x5C ? try parseEscapedItem(from: position) : .scalar(scalar)
    if case .scalar = item { return item }
    // "[\d-a]": an error to Oniguruma, and other things to others.
    if next == 0x2D, index + 1 < scalars.count, scalars[index + 1] != 0x5D {
      throw refusal("the range \"\(written(from: position))-…\"", at: position, "begins with a class")
    }
    return item
  }

  /// Puts the scalar `lower`, or the range that begins with it, into `set`.
  private mutating func parseRange(
    from lower: UInt32, at position: Int, into set: inout ScalarSet
  ) throws(PatternError) {
    guard next == 0x2D, index + 1 < scalars.count, scalars[index + 1] != 0x5D else {
      return try insert(lower...lower, at: position, into: &set)
    }
    index += 1
    guard case .scalar(let upper) = try parseClassItem() else {
      throw refusal("the range \(quoted(from: position))", at: position, "ends with a class")
    }
    guard lower <= upper else {
      throw refusal("the range \(quoted(from: position))", at: position, "is the wrong way around")
    }
    // Behind a range a hyphen stands for itself only at the end, as far as this parser is concerned.
    if next == 0x2D, index + 1 < scalars.count, scalars[index + 1] != 0x5D {
      throw refusal("a hyphen behind the range \(quoted(from: position))", at: index)
    }
    try insert(lower...upper, at: position, into: &set)
  }

  private func insert(
    _ range: ClosedRange<UInt32>, at position: Int, into set: inout ScalarSet
  ) throws(PatternError) {
    guard foldsCase else {
      set.ranges.append(range)
      return
    }
    try checkFolding(range.upperBound, at: position)
    for scalar in range { set.ranges += ScalarSet.foldedRanges(scalar) }
  }
}
