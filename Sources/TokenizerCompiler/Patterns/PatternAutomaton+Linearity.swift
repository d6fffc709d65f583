import Tokenization

/// That matching a text takes linear time (formats/tokenizer.md, "Patterns").
///
/// A search costs what it reads. Up to the end of its match that is paid for by the match, for matches do not overlap. What
/// it reads behind the last end that it saw, the *overrun*, is read again by the next search, which begins at that end. So
/// an automaton is refused unless
/// 1. no search reads on endlessly before it has seen an end, and
/// 2. wherever an overrun can go on endlessly, the search that begins with it stays alive, and sees ends again and again.
///
/// By 2, the next match reaches up to the end of the overrun but for a number of scalars that depends on the pattern alone:
/// all overruns together are at most as long as all matches, and that number for each match. (Where every cycle of states
/// sees an end, overruns are bounded, and 2 says nothing.)
extension PatternAutomaton {
  private static let maximumPairs = 1 << 18

  /// - Throws: ``PatternError`` where matching could take quadratic time.
  func checkLinearity() throws(PatternError) {
    // Transitions without an end of a match, by state.
    let quiet = (0..<stateCount).map { state in
      Set((0..<classes.count).compactMap { quietStep(state, $0) }).sorted()
    }
    let endless = Self.canGoOnEndlessly(quiet)
    guard !endless[PatternLayout.startState] else {
      throw .whole(
        "that can read on endlessly without a match is not supported: it would take quadratic time")
    }
    guard endless.contains(true) else { return }
    try checkOverruns(endless)
  }

  /// The next state, unless there is none or a match ends before.
  private func quietStep(_ state: Int, _ column: Int) -> Int? {
    let (next, isMatch) = step(state, column)
    return isMatch || next == 0 ? nil : next
  }

  /// The nodes of the graph from which a cycle can be reached: what is left when nodes without successors are taken away.
  private static func canGoOnEndlessly(_ successors: [[Int]]) -> [Bool] {
    var predecessors: [[Int]] = Array(repeating: [], count: successors.count)
    var remaining = successors.map(\.count)
    for (node, nodes) in successors.enumerated() {
      for next in nodes { predecessors[next].append(node) }
    }
    var pending = remaining.indices.filter { remaining[$0] == 0 }
    var isEndless = Array(repeating: true, count: successors.count)
    while let node = pending.popLast() {
      isEndless[node] = false
      for previous in predecessors[node] {
        remaining[previous] -= 1
        if remaining[previous] == 0 { pending.append(previous) }
      }
    }
    return isEndless
  }

  private struct Pair: Hashable {
    /// The state of the search that overruns.
    let overrun: Int
    /// That of the search that begins where the overrun does.
    let next: Int
  }

  /// Runs every endless overrun beside the search that begins with it.
  private func checkOverruns(_ endless: [Bool]) throws(PatternError) {
    var numbers: [Pair: Int] = [:]
    var pairs: [Pair] = []
    func number(_ overrun: Int, _ next: Int) throws(PatternError) -> Int {
      let pair = Pair(overrun: overrun, next: next)
      if let number = numbers[pair] { return number }
      guard next != 0 else { throw Self.endlessOverrun }
      guard pairs.count < Self.maximumPairs else { throw .whole("whose time cannot be bounded is not supported") }
      numbers[pair] = pairs.count
      pairs.append(pair)
      return pairs.count - 1
    }
    for state in PatternLayout.startState..<stateCount {
      for column in 0..<classes.count {
        let (overrun, isMatch) = step(state, column)
        if isMatch, endless[overrun] { _ = try number(overrun, step(PatternLayout.startState, column).next) }
      }
    }
    // Steps of pairs on which neither search sees an end.
    var quiet: [[Int]] = []
    while quiet.count < pairs.count {
      let pair = pairs[quiet.count]
      var successors: [Int] = []
      for column in 0..<classes.count {
        guard let overrun = quietStep(pair.overrun, column), endless[overrun] else { continue }
        let (next, isMatch) = step(pair.next, column)
        let successor = try number(overrun, next)
        if !isMatch { successors.append(successor) }
      }
      quiet.append(Array(Set(successors)))
    }
    guard !Self.canGoOnEndlessly(quiet).contains(true) else { throw Self.endlessOverrun }
  }

  private static let endlessOverrun = PatternError.whole(
    "that could read on endlessly behind a match is not supported: it would take quadratic time")
}
