/// A pattern as a nondeterministic automaton whose forks are ordered by preference (after Thompson, and Pike's rule for
/// leftmost-first matches).
struct PatternProgram {
  enum Node {
    /// Reads a scalar of the set with this number.
    case scalar(set: Int, next: Int)
    case lookahead(set: Int, acceptsEnd: Bool, next: Int)
    /// Both, `first` before `second`.
    case fork(first: Int, second: Int)
    case match
  }

  private(set) var nodes: [Node] = []
  /// The sets that nodes name, each once.
  private(set) var sets: [ScalarSet] = []
  private(set) var start = 0
  private var setNumbers: [ScalarSet: Int] = [:]
  /// The letters of nodes that ignore case, by node.
  private var foldedLetters: [Int: UInt32] = [:]

  /// Counts are written out, so `{1000}` needs a thousand nodes.
  static let maximumNodes = 16_384

  /// The automaton of `root`.
  /// - Throws: ``PatternError`` where it can match the empty string, or grows too large.
  init(_ root: PatternNode) throws(PatternError) {
    guard !root.canBeEmpty else { throw .whole("that can match the empty string is not supported") }
    let match = try append(.match)
    start = try build(root, next: match)
    try checkFoldedPairs()
  }

  private mutating func append(_ node: Node) throws(PatternError) -> Int {
    guard nodes.count < Self.maximumNodes else {
      throw .whole("of more than \(Self.maximumNodes) steps, with its counts written out, is not supported")
    }
    nodes.append(node)
    return nodes.count - 1
  }

  private mutating func number(of set: ScalarSet) -> Int {
    if let number = setNumbers[set] { return number }
    setNumbers[set] = sets.count
    sets.append(set)
    return sets.count - 1
  }

  /// Appends the nodes of `node`, which go on at `next`, and returns where they begin.
  private mutating func build(_ node: PatternNode, next: Int) throws(PatternError) -> Int {
    switch node {
    case .empty: return next
    case .scalar(let set, let foldedLetter):
      let index = try append(.scalar(set: number(of: set), next: next))
      foldedLetters[index] = foldedLetter
      return index
    case .lookahead(let lookahead):
      return try append(
        .lookahead(set: number(of: lookahead.set), acceptsEnd: lookahead.acceptsEnd, next: next))
    case .sequence(let parts):
      var next = next
      for part in parts.reversed() { next = try build(part, next: next) }
      return next
    case .alternatives(let parts):
      var first: Int?
      for part in parts.reversed() {
        let start = try build(part, next: next)
        if let second = first { first = try append(.fork(first: start, second: second)) } else { first = start }
      }
      return first ?? next
    case .repetition(let body, let minimum, let maximum):
      return try buildRepetition(of: body, minimum, maximum, next: next)
    }
  }

  private mutating func buildRepetition(
    of body: PatternNode, _ minimum: Int, _ maximum: Int?, next: Int
  ) throws(PatternError) -> Int {
    var start = next
    var copies = minimum
    if let maximum {
      for _ in minimum..<maximum {
        let optional = try build(body, next: start)
        start = try append(.fork(first: optional, second: next))
      }
    } else {
      // x{n,} is n − 1 times x and x+, whose one copy is read again and again.
      let loop = try append(.match)
      let again = try build(body, next: loop)
      nodes[loop] = .fork(first: again, second: next)
      start = minimum == 0 ? loop : again
      copies = max(minimum - 1, 0)
    }
    for _ in 0..<copies { start = try build(body, next: start) }
    return start
  }

  // MARK: Case

  /// Letters that a single character may stand for where case is ignored: ß, ﬀ, ﬁ, ﬂ, ﬅ, ﬆ (and ﬃ, ﬄ).
  private static let foldedPairs: Set<[UInt32]> = [
    [0x73, 0x73], [0x66, 0x66], [0x66, 0x69], [0x66, 0x6C], [0x73, 0x74],
  ]

  /// Refuses letters without regard to case that Oniguruma may find in one character: `(?i:ss)` matches ß there.
  private func checkFoldedPairs() throws(PatternError) {
    for (index, letter) in foldedLetters.sorted(by: { $0.key < $1.key }) {
      guard case .scalar(_, let next) = nodes[index] else { continue }
      for following in scalarNodes(from: next) {
        guard let second = foldedLetters[following], Self.foldedPairs.contains([letter, second]) else { continue }
        let pair = PatternParser.text([letter, second])
        throw .whole("of \"\(pair)\" without regard to case is not supported: one character may stand for both")
      }
    }
  }

  /// The nodes that may read the next scalar from `start` on.
  private func scalarNodes(from start: Int) -> [Int] {
    var found: [Int] = []
    var seen: Set<Int> = []
    var pending = [start]
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      switch nodes[index] {
      case .scalar: found.append(index)
      case .lookahead(_, _, let next): pending.append(next)
      case .fork(let first, let second): pending += [second, first]
      case .match: break
      }
    }
    return found
  }
}
