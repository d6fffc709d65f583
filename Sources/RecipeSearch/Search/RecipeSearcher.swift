/// Looks for the cheapest candidate that keeps a bound: the algorithm, apart from what candidates are (docs/quantization.md, "Searching
/// a recipe"). The order of trials depends on what they give alone; the budget decides how many there are.
package struct RecipeSearcher<Evaluator: CandidateEvaluator> {
  private let problem: SearchProblem
  private let rule: SearchRule
  private let budget: SearchBudget
  private let reserve: Double
  private var evaluator: Evaluator
  private var known: [[Int]: Trial] = [:]
  private var result = SearchResult()

  /// - Parameter reserve: seconds of the budget that are kept for what comes behind the search.
  package init(
    _ problem: SearchProblem, rule: SearchRule, budget: SearchBudget, reserve: Double = 0, evaluator: Evaluator
  ) {
    self.problem = problem
    self.rule = rule
    self.budget = budget
    self.reserve = reserve
    self.evaluator = evaluator
  }

  /// Searches, in run order.
  package mutating func run() throws(RecipeSearchError) -> SearchResult {
    guard try findAny() else { return result }
    guard hasTime(), try !accept(problem.smallest), let effects = try effects() else { return result }
    try bisect(Frontier(problem, effects: effects.values).candidates)
    try improve(effects)
    return result
  }

  /// The base, or else the largest.
  private mutating func findAny() throws(RecipeSearchError) -> Bool {
    if try accept(problem.base) { return true }
    // Not where it is the same, which is known.
    if try accept(problem.largest) { return true }
    // With so few texts that nothing is believed, what comes nearest to it may yet keep the bound.
    result.chosen = result.trials.filter { $0.upper <= rule.bound }.min { $0.reach < $1.reach }
    result.isMarginal = result.chosen != nil
    return false
  }

  /// The effect of every choice; `nil` where there was no time for any.
  private mutating func effects() throws(RecipeSearchError) -> ChoiceEffects? {
    guard hasTime() else { return nil }
    let base = try evaluator.measure(problem.base, probing: true)
    var measured = ChoiceEffects.Measurements(units: problem.prices.map { $0.map { _ in nil } })
    for kind in sharedKinds {
      guard hasTime() else { break }
      measured.kinds[kind] = try probe(problem.base(kind: kind), base)
    }
    // What is smaller than the base first: there is more to gain.
    for isBelow in [true, false] {
      for unit in problem.prices.indices {
        for choice in problem.prices[unit].indices
        where problem.probed[unit][choice] && choice != problem.base[unit] && (choice < problem.base[unit]) == isBelow {
          guard hasTime() else { break }
          measured.units[unit][choice] = try probe(problem.base(unit, choice), base)
        }
      }
    }
    return ChoiceEffects(problem, measured)
  }

  /// Kinds that choices are scaled by, or from.
  private var sharedKinds: [Int] {
    var kinds: Set<Int> = []
    for unit in problem.prices.indices {
      let base = problem.base[unit]
      let hasScaled = { (isBelow: Bool) in
        problem.probed[unit].enumerated().contains { !$1 && $0 != base && ($0 < base) == isBelow }
      }
      for choice in problem.prices[unit].indices where choice != base && hasScaled(choice < base) {
        kinds.insert(problem.kinds[unit][choice])
      }
    }
    return kinds.sorted()
  }

  private mutating func probe(_ choices: [Int], _ base: Measured) throws(RecipeSearchError) -> Double {
    result.probeCount += 1
    return try evaluator.measure(choices, probing: true).squaredDistance(to: base)
  }

  /// Between the first candidate that is too large to be of use and the last that does not fit, of candidates from the smallest to the
  /// largest.
  private mutating func bisect(_ candidates: [[Int]]) throws(RecipeSearchError) {
    let prices = candidates.map(problem.price)
    var high = prices.firstIndex { $0 >= result.chosen?.price ?? .max } ?? prices.count
    var low = candidates.first == problem.smallest ? 0 : -1
    while high - low > 1, hasTime() {
      let middle = low + (high - low) / 2
      if try accept(candidates[middle]) { high = middle } else { low = middle }
    }
  }

  /// Changes of one unit or two, as long as they are found.
  private mutating func improve(_ effects: ChoiceEffects) throws(RecipeSearchError) {
    var failures = 0
    search: while let chosen = result.chosen {
      let least = Int(rule.leastSaving * Double(chosen.price))
      for candidate in Neighbours(of: chosen.choices, problem, effects, saving: least).candidates {
        guard known[candidate] == nil, !isHopeless(candidate) else { continue }
        guard hasTime(), failures < rule.patience else { return }
        if try accept(candidate) {
          failures = 0
          continue search
        }
        failures += 1
      }
      return
    }
  }

  /// Whether another that did not fit has no cheaper choice anywhere.
  private func isHopeless(_ choices: [Int]) -> Bool {
    result.trials.contains { trial in !trial.fits && zip(choices, trial.choices).allSatisfy { $0 <= $1 } }
  }

  private mutating func hasTime() -> Bool {
    if budget.isExhausted(reserving: reserve) { result.ranOut = true }
    return !result.ranOut
  }

  /// Tries a candidate, and takes it where it fits and costs less than the one that was taken before.
  private mutating func accept(_ choices: [Int]) throws(RecipeSearchError) -> Bool {
    if let known = known[choices] { return known.fits }
    let measured = try evaluator.measure(choices, probing: false)
    let trial = Trial(
      choices: choices, price: problem.price(choices), drift: measured.drift, upper: measured.upper,
      reach: measured.reach, fits: rule.fits(measured))
    known[choices] = trial
    result.trials.append(trial)
    if trial.fits, trial.price < result.chosen?.price ?? .max { result.chosen = trial }
    return trial.fits
  }
}

/// A candidate that was run on all texts that candidates are compared on.
package struct Trial: Sendable, Equatable {
  /// The choice of every unit.
  package let choices: [Int]
  package let price: Int
  /// Loss of micro F1, and the upper end of its interval.
  package let drift: Double
  package let upper: Double
  /// What that is believed to stay below on other texts.
  package let reach: Double
  /// Whether both are within the bound.
  package let fits: Bool
}

/// What a search found.
package struct SearchResult: Sendable {
  /// The cheapest that fits.
  package var chosen: Trial?
  /// In the order they were made.
  package var trials: [Trial] = []
  /// Candidates that were run on few texts, to find out what a unit does.
  package var probeCount = 0
  /// Whether the budget ended it.
  package var ranOut = false
  /// Whether ``chosen`` keeps the bound, but is not believed to keep it on other texts.
  package var isMarginal = false

  /// The trial that comes nearest to keeping the bound.
  package var best: Trial? { trials.filter { !$0.upper.isNaN }.min { $0.upper < $1.upper } }
}
