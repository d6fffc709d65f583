import Tokenization

/// The deterministic automaton of a pattern: formats/tokenizer.md, "Patterns".
///
/// A state is the list of the threads of a backtracking engine that are still alive, by preference. (RE2 does the same:
/// Russ Cox, "Regular Expression Matching in the Wild".) A thread that matches ends the list: what it is preferred to no
/// longer counts.
struct PatternAutomaton {
  let classes: PatternClasses
  /// Rows of `classes.count + 1` transitions; the last is the end of the text. State 0 is dead.
  private(set) var transitions: [UInt16] = []
  var columns: Int { classes.count + 1 }
  var stateCount: Int { transitions.count / columns }

  /// The automaton of `program`.
  /// - Throws: ``PatternError`` where it is larger than the format allows.
  init(_ program: PatternProgram, _ properties: some PatternProperties) throws(PatternError) {
    classes = try PatternClasses(of: program.sets, properties)
    var builder = PatternDeterminizer(program, classes)
    transitions = try builder.build()
  }

  /// Where `state` leads on `column`, and whether a match ends before.
  func step(_ state: Int, _ column: Int) -> (next: Int, isMatch: Bool) {
    let transition = transitions[state * columns + column]
    return (Int(transition & PatternLayout.stateMask), transition & PatternLayout.matchBit != 0)
  }
}

/// Makes one state of every list of threads that can be reached.
private struct PatternDeterminizer {
  private let nodes: [PatternProgram.Node]
  private let start: Int
  private let membership: [[Bool]]

  /// Threads of every state: nodes that read, look ahead or match.
  private var states: [[Int]] = [[]]
  private var numbers: [[Int]: UInt16] = [[]: 0]
  /// The step at which each node was last seen, among threads of the state and of the next one.
  private var seenNow: [Int]
  private var seenNext: [Int]
  private var stamp = 0
  private var work = 0

  /// Node visits. The largest real pattern known takes some ten thousand.
  private static let maximumWork = 1 << 23

  init(_ program: PatternProgram, _ classes: PatternClasses) {
    nodes = program.nodes
    start = program.start
    membership = classes.membership
    seenNow = Array(repeating: 0, count: nodes.count)
    seenNext = seenNow
  }

  /// All transitions.
  mutating func build() throws(PatternError) -> [UInt16] {
    stamp = 1
    var first: [Int] = []
    try follow(start, into: &first)
    var transitions = Array(repeating: UInt16(0), count: membership.count + 1)
    _ = try number(of: first)
    var state = PatternLayout.startState
    while state < states.count {
      for column in 0...membership.count {
        transitions.append(try step(from: states[state], column < membership.count ? membership[column] : nil))
      }
      state += 1
    }
    return transitions
  }

  private mutating func number(of threads: [Int]) throws(PatternError) -> UInt16 {
    if let number = numbers[threads] { return number }
    guard states.count < PatternLayout.maximumStates else {
      throw .whole("that needs more than \(PatternLayout.maximumStates) states is not supported")
    }
    let number = UInt16(states.count)
    numbers[threads] = number
    states.append(threads)
    return number
  }

  private mutating func count() throws(PatternError) {
    work += 1
    guard work <= Self.maximumWork else {
      throw .whole("that takes more than \(Self.maximumWork) steps to compile is not supported")
    }
  }

  /// The transition from `threads` on a scalar that is in the sets with `true`; `nil` is the end of the text.
  private mutating func step(from threads: [Int], _ scalar: [Bool]?) throws(PatternError) -> UInt16 {
    stamp += 1
    var following: [Int] = []
    var pending = Array(threads.reversed())
    while let index = pending.popLast() {
      if seenNow[index] == stamp { continue }
      seenNow[index] = stamp
      try count()
      switch nodes[index] {
      case .match: return try number(of: following) | PatternLayout.matchBit
      case .fork(let first, let second):
        pending.append(second)
        pending.append(first)
      case .lookahead(let set, let acceptsEnd, let next):
        if scalar.map({ $0[set] }) ?? acceptsEnd { pending.append(next) }
      case .scalar(let set, let next):
        guard let scalar, scalar[set] else { continue }
        try follow(next, into: &following)
      }
    }
    return try number(of: following)
  }

  /// Appends the threads that begin at `node`, unless a preferred one is there already or has matched.
  private mutating func follow(_ node: Int, into threads: inout [Int]) throws(PatternError) {
    if let last = threads.last, case .match = nodes[last] { return }
    var pending = [node]
    while let index = pending.popLast() {
      if seenNext[index] == stamp { continue }
      seenNext[index] = stamp
      try count()
      guard case .fork(let first, let second) = nodes[index] else {
        threads.append(index)
        if case .match = nodes[index] { return }
        continue
      }
      pending.append(second)
      pending.append(first)
    }
  }
}
