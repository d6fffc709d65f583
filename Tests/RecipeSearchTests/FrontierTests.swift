import RecipeSearch
import Testing

/// Candidates that no other beats.
@Suite struct FrontierTests {
  private func effect(_ effects: [[Double]], _ choices: [Int]) -> Double {
    zip(effects, choices).reduce(0) { $0 + $1.0[$1.1] }
  }

  @Test(arguments: 0..<20) func isWhatNoOtherCandidateBeats(_ seed: Int) {
    let model = FakeModel.random(units: 5, choices: 4, seed: seed)
    let frontier = Frontier(model.problem, effects: model.effects).candidates
    let all = model.all.map { ($0, model.problem.price($0), effect(model.effects, $0)) }
    let unbeaten = all.filter { own in !all.contains { $0.1 <= own.1 && $0.2 < own.2 || $0.1 < own.1 && $0.2 <= own.2 }
    }
    .map(\.0)
    #expect(Set(frontier) == Set(unbeaten))
    #expect(frontier.map(model.problem.price) == frontier.map(model.problem.price).sorted())
    #expect(frontier.first == [0, 0, 0, 0, 0])
    #expect(frontier.last == [3, 3, 3, 3, 3])
  }

  /// A model of 24 layers: no more candidates than are of use, and in time.
  @Test func isThinnedWhereThereAreMany() throws {
    let model = FakeModel.random(units: 100, choices: 5, seed: 1)
    let frontier = Frontier(model.problem, effects: model.effects).candidates
    #expect((1000...4100).contains(frontier.count))
    let prices = frontier.map(model.problem.price)
    #expect(prices == prices.sorted())
    let effects = frontier.map { effect(model.effects, $0) }
    #expect(zip(effects, effects.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(frontier.first == Array(repeating: 0, count: 100))
    #expect(frontier.last == Array(repeating: 4, count: 100))
    // Near the best that any mixture of candidates is: the lower convex hull, found by exchanging bytes for error at every rate.
    for step in 0..<60 {
      var rate = 1.0
      for _ in 0..<step { rate *= 1.5 }
      let best = model.problem.prices.indices.map { unit in
        let costs = model.problem.prices[unit].indices.map {
          Double(model.problem.prices[unit][$0]) + rate * model.effects[unit][$0]
        }
        return costs.indices.min { costs[$0] < costs[$1] } ?? 0
      }
      let (price, error) = (model.problem.price(best), effect(model.effects, best))
      let near = try #require(prices.lastIndex { Double($0) <= 1.01 * Double(price) })
      #expect(effects[near] <= error * 1.01 + 1e-12, "\(step)")
    }
  }
}
