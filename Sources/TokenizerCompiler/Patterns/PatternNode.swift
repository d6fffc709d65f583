/// A regular expression, taken apart.
indirect enum PatternNode {
  /// Nothing, which always matches.
  case empty
  /// One scalar of a set. `foldedLetter` is the lower case of a letter that was written, where case is ignored.
  case scalar(ScalarSet, foldedLetter: UInt32?)
  case lookahead(PatternLookahead)
  case sequence([PatternNode])
  /// The first that matches is preferred.
  case alternatives([PatternNode])
  /// Greedy. `maximum` is `nil` where there is none.
  case repetition(PatternNode, minimum: Int, maximum: Int?)

  /// Whether this may match without reading anything; lookahead is taken to hold.
  var canBeEmpty: Bool {
    switch self {
    case .empty, .lookahead: true
    case .scalar: false
    case .sequence(let parts): parts.allSatisfy(\.canBeEmpty)
    case .alternatives(let parts): parts.contains(where: \.canBeEmpty)
    case .repetition(let body, let minimum, _): minimum == 0 || body.canBeEmpty
    }
  }
}

/// A condition on the next scalar, which is not read: it is in `set`, or there is none and `acceptsEnd`.
struct PatternLookahead: Hashable {
  let set: ScalarSet
  let acceptsEnd: Bool
}
