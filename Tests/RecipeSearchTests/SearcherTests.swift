import RecipeSearch
import Testing

/// The search against models of which every candidate is known.
@Suite struct SearcherTests {
  /// Searches `model` with a budget of so many measurements.
  private func search(
    _ model: FakeModel, bound: Double, budget: Double = .infinity, halfWidth: Double = 0, reach: Double = 0,
    _ change: (inout SearchRule) -> Void = { _ in }
  ) throws -> SearchResult {
    let evaluator = FakeEvaluator(model: model, halfWidth: halfWidth, reach: reach)
    let time = evaluator.time
    var rule = SearchRule(bound: bound)
    change(&rule)
    var searcher = RecipeSearcher(
      model.problem, rule: rule, budget: SearchBudget(seconds: budget) { time.seconds }, evaluator: evaluator)
    return try searcher.run()
  }

  /// A bound between what the smallest and what the largest candidate do.
  private func bound(_ model: FakeModel, _ part: Double) -> Double {
    let smallest = model.drift(model.problem.prices.map { _ in 0 })
    let base = model.drift(model.problem.base)
    return base + (smallest - base) * part
  }

  @Test(arguments: 0..<24) func findsTheOptimumOfASmallProblem(_ seed: Int) throws {
    let model = FakeModel.random(units: 5, choices: 4, seed: seed)
    for part in [0.02, 0.1, 0.3, 0.7] {
      let bound = bound(model, part)
      let result = try search(model, bound: bound) {
        $0.patience = .max
        $0.leastSaving = 0
      }
      let chosen = try #require(result.chosen)
      #expect(model.drift(chosen.choices) <= bound)
      #expect(chosen.price == model.optimum(bound), "\(part)")
      #expect(!result.ranOut)
    }
  }

  @Test(arguments: 0..<12) func isNearTheOptimumWithTheDefaults(_ seed: Int) throws {
    let model = FakeModel.random(units: 6, choices: 4, seed: 100 + seed, interaction: 0.3)
    let bound = bound(model, 0.2)
    let result = try search(model, bound: bound)
    let chosen = try #require(result.chosen)
    let optimum = try #require(model.optimum(bound))
    #expect(model.drift(chosen.choices) <= bound)
    #expect(Double(chosen.price) <= 1.03 * Double(optimum), "\(chosen.price) of \(optimum)")
    // Of 4,096 candidates.
    #expect(result.trials.count <= 100)
  }

  @Test func everyTrialIsOfAnotherCandidate() throws {
    let model = FakeModel.random(units: 6, choices: 4, seed: 7)
    let result = try search(model, bound: bound(model, 0.2))
    let trials = model.measured.filter { !$0.isProbe }.map(\.choices)
    #expect(Set(trials).count == trials.count)
    #expect(result.trials.map(\.choices) == trials)
  }

  @Test func theBudgetDecidesHowFarItGoesAndNothingElse() throws {
    let seed = 3
    let whole = try search(FakeModel.random(units: 6, choices: 4, seed: seed), bound: 0.4)
    var last = Int.max
    for budget in [0.0, 1, 2, 5, 9, 20, 30, 1000] {
      let model = FakeModel.random(units: 6, choices: 4, seed: seed)
      let result = try search(model, bound: 0.4, budget: budget)
      if budget >= 30 {
        // Effects are known in full: the same trials, up to where it ended.
        #expect(Array(whole.trials.prefix(result.trials.count)) == result.trials, "\(budget)")
      }
      let price = try #require(result.chosen?.price)
      #expect(price <= last, "\(budget)")
      #expect(result.ranOut == (budget < 1000), "\(budget)")
      // At least one candidate, and none that is begun when the time has passed.
      #expect(Double(model.measured.count) <= max(1, budget), "\(budget)")
      last = price
    }
    #expect(last == whole.chosen?.price)
  }

  @Test func theSameProblemIsSearchedInTheSameOrder() throws {
    let first = FakeModel.random(units: 8, choices: 5, seed: 11)
    let second = FakeModel.random(units: 8, choices: 5, seed: 11)
    let results = (try search(first, bound: 0.3), try search(second, bound: 0.3))
    #expect(results.0.trials == results.1.trials)
    #expect(first.measured.map(\.choices) == second.measured.map(\.choices))
  }

  @Test func theSmallestIsTakenAtOnce() throws {
    let model = FakeModel.random(units: 5, choices: 4, seed: 1)
    let result = try search(model, bound: 100)
    #expect(result.chosen?.choices == [0, 0, 0, 0, 0])
    #expect(model.measured.count == 2)
  }

  @Test func nothingIsChosenWhereNothingFits() throws {
    let model = FakeModel.random(units: 5, choices: 4, seed: 1)
    let result = try search(model, bound: -0.1)
    #expect(result.chosen == nil)
    // The base, and then the one that loses the least.
    #expect(result.trials.map(\.choices) == [[2, 2, 2, 2, 2], [3, 3, 3, 3, 3]])
    #expect(result.best?.choices == [3, 3, 3, 3, 3])
  }

  @Test func choosesAboveTheBaseWhereTheBaseDoesNotFit() throws {
    let model = FakeModel.random(units: 5, choices: 4, seed: 5)
    let bound = model.drift(model.problem.base) / 2
    let result = try search(model, bound: bound) { $0.leastSaving = 0 }
    #expect(result.chosen?.price == model.optimum(bound))
  }

  @Test func whatFitsIsBelievedToFitElsewhere() throws {
    let model = FakeModel.random(units: 5, choices: 4, seed: 2)
    let bound = bound(model, 0.3)
    let chosen = try #require(try search(model, bound: bound, halfWidth: bound / 10, reach: bound / 4).chosen)
    #expect(chosen.drift + bound / 4 <= bound)
    let other = try #require(try search(model, bound: bound, halfWidth: bound / 4, reach: bound / 10).chosen)
    #expect(other.drift + bound / 4 <= bound)
    // Where no candidate is believed, the one that comes nearest, if it keeps the bound itself.
    let few = try search(model, bound: bound, halfWidth: bound * 0.9, reach: bound * 1.5)
    #expect(few.isMarginal)
    #expect(few.chosen?.choices == [3, 3, 3, 3, 3])
    // And none where the upper end itself is beyond the bound.
    #expect(try search(model, bound: bound, halfWidth: bound * 1.1).chosen == nil)
  }

  @Test func whatIsNotFiniteIsNeverChosen() throws {
    let sane = FakeModel.random(units: 4, choices: 4, seed: 9)
    // The first unit cannot be smaller than the base.
    let model = FakeModel(sane.problem, effects: sane.effects) { $0[0] < 2 ? .nan : sane.drift($0) }
    let result = try search(model, bound: bound(sane, 0.5)) { $0.patience = .max }
    let chosen = try #require(result.chosen)
    #expect(chosen.choices[0] >= 2)
    #expect(!chosen.drift.isNaN)
  }
}
