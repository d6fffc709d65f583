import RecipeSearch

/// Numbers that look random and are the same everywhere (SplitMix64).
struct Numbers {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// From 0 to below 1.
  mutating func part() -> Double { Double(next() >> 11) * 0x1p-53 }
}

/// A model of which it is known what every choice does: each adds an error of its own to the logits, and a loss to F1.
final class FakeModel {
  let problem: SearchProblem
  /// What each choice of each unit adds to the mean squared error.
  let effects: [[Double]]
  /// Loss of F1 of a candidate.
  let drift: ([Int]) -> Double
  /// What was measured, in order.
  var measured: [(choices: [Int], isProbe: Bool)] = []

  init(_ problem: SearchProblem, effects: [[Double]], drift: @escaping ([Int]) -> Double) {
    self.problem = problem
    self.effects = effects
    self.drift = drift
  }

  /// Units that cost and do different things. All choices are measured one by one.
  static func random(units: Int, choices: Int, seed: Int, interaction: Double = 0) -> FakeModel {
    var numbers = Numbers(seed)
    var prices: [[Int]] = []
    var effects: [[Double]] = []
    for _ in 0..<units {
      let size = 100 + Int(numbers.part() * 900)
      let strength = 0.1 + numbers.part() * numbers.part()
      prices.append((0..<choices).map { size * (2 + 2 * $0) + Int(numbers.part() * 20) })
      // Each choice has about a fourth of the error of the one before; the last has none.
      let divisors: [Double] = [1, 4, 16, 64, 256]
      var own = (0..<choices).map { index -> Double in
        index == choices - 1 ? 0 : strength * (0.7 + 0.6 * numbers.part()) / divisors[index]
      }
      own.sort(by: >)
      effects.append(own)
    }
    let problem = SearchProblem(
      prices: prices, base: prices.map { _ in choices - 2 }, kinds: prices.map { Array($0.indices) },
      probed: prices.map { $0.map { _ in true } })
    let values = effects
    return FakeModel(problem, effects: effects) { choices in
      let parts = zip(values, choices).map { $0[$1] }
      let sum = parts.reduce(0, +)
      // Units that are coarse together do more than each alone.
      return sum + interaction * zip(parts, parts.dropFirst()).reduce(0) { $0 + ($1.0 * $1.1).squareRoot() }
    }
  }

  /// Every candidate there is.
  var all: [[Int]] {
    problem.prices.reduce([[]]) { lists, prices in lists.flatMap { list in prices.indices.map { list + [$0] } } }
  }

  /// The least price of all candidates within the bound.
  func optimum(_ bound: Double) -> Int? { all.filter { drift($0) <= bound }.map(problem.price).min() }

  /// The logits: every unit's error on decisions of its own, and what a choice has more of it than the next on its own, too. Errors
  /// that have nothing in common add up by their squares.
  func logits(_ choices: [Int]) -> [Float] {
    let count = effects.reduce(0) { $0 + $1.count }
    return zip(effects, choices).flatMap { own, choice in
      own.indices.map { index in
        guard index >= choice else { return 0 }
        let more = own[index] - (index + 1 < own.count ? own[index + 1] : 0)
        return Float((more * Double(count)).squareRoot())
      }
    }
  }
}

/// Measures a fake model. Every measurement takes a second of its clock.
struct FakeEvaluator: CandidateEvaluator {
  let model: FakeModel
  /// From drift to the upper end of its interval, and to what is believed of other texts.
  var halfWidth = 0.0
  var reach = 0.0
  var time: FakeTime = FakeTime()

  mutating func measure(_ choices: [Int], probing: Bool) throws(RecipeSearchError) -> Measured {
    time.seconds += 1
    model.measured.append((choices, probing))
    let logits = model.logits(choices)
    guard !probing else { return Measured(logits: logits) }
    let drift = model.drift(choices)
    return Measured(drift: drift, upper: drift + halfWidth, reach: drift + reach, logits: logits)
  }
}

/// A clock that only measurements move.
final class FakeTime {
  var seconds = 0.0
}
