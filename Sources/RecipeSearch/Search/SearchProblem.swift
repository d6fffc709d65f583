/// What a search chooses among, apart from what it is: units, and for each the prices of its choices.
package struct SearchProblem: Sendable {
  /// Bytes (and what else is to be paid) of every choice of every unit, ascending.
  package let prices: [[Int]]
  /// Choices of the candidate that others are compared with: int8 throughout.
  package let base: [Int]
  /// Choices of the same number in different units are of one kind, as int4 in groups of 64.
  package let kinds: [[Int]]
  /// Choices whose effect is measured unit by unit. That of others follows from these by what their kind does to all units at once.
  package let probed: [[Bool]]

  /// - Precondition: lists of the same lengths, prices ascending.
  package init(prices: [[Int]], base: [Int], kinds: [[Int]], probed: [[Bool]]) {
    precondition(prices.count == base.count && prices.map(\.count) == kinds.map(\.count))
    precondition(prices.map(\.count) == probed.map(\.count))
    precondition(zip(prices, base).allSatisfy { $0.indices.contains($1) && $0 == $0.sorted() })
    self.prices = prices
    self.base = base
    self.kinds = kinds
    self.probed = probed
  }

  /// Every unit's first choice, and every unit's last.
  var smallest: [Int] { prices.map { _ in 0 } }
  var largest: [Int] { prices.map { $0.count - 1 } }

  /// What a candidate costs.
  package func price(_ choices: [Int]) -> Int { zip(prices, choices).reduce(0) { $0 + $1.0[$1.1] } }

  /// The base but for one unit.
  func base(_ unit: Int, _ choice: Int) -> [Int] {
    var choices = base
    choices[unit] = choice
    return choices
  }

  /// The base but for all units that have a choice of this kind.
  func base(kind: Int) -> [Int] {
    zip(base, kinds).map { own, kinds in kinds.firstIndex(of: kind) ?? own }
  }
}
