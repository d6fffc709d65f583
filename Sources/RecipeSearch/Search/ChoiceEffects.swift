/// What every choice of every unit adds to the mean squared error of logits, as far as errors of different units are independent (they
/// come from roundings that know nothing of each other).
struct ChoiceEffects {
  /// One a choice of each unit, not ascending with the price.
  let values: [[Double]]

  /// Errors that were measured: the mean squared distance of logits between the base and the base with one unit changed, and with all
  /// units changed to a kind of choice.
  struct Measurements {
    var units: [[Double?]]
    var kinds: [Int: Double] = [:]
  }

  private static let limit = 1e30

  init(_ problem: SearchProblem, _ measured: Measurements) {
    let rates = Rates(problem, measured)
    values = problem.prices.indices.map { unit in
      let base = problem.base[unit]
      let last = problem.prices[unit].count - 1
      // How far each choice is from the base.
      let distances = problem.prices[unit].indices.map { choice in
        choice == base ? 0 : min(rates.distance(unit, choice), Self.limit)
      }
      // The dearest choice is as good as none; what lies between is measured from the base.
      let own = last == base ? 0 : distances[last]
      var effects = distances.indices.map { choice in
        choice < base ? own + distances[choice] : choice == base ? own : max(0, own - distances[choice])
      }
      effects[last] = 0
      for choice in effects.indices.dropLast().reversed() {
        effects[choice] = max(effects[choice], effects[choice + 1])
      }
      return effects
    }
  }

  /// What a candidate is expected to have.
  func sum(_ choices: [Int]) -> Double { zip(values, choices).reduce(0) { $0 + $1.0[$1.1] } }
}

extension ChoiceEffects {
  /// Distances where not every one was measured.
  private struct Rates {
    private let problem: SearchProblem
    private let measured: Measurements
    /// Distance a byte, by kind, and of all kinds below and above the base.
    private var byKind: [Int: (distance: Double, price: Double)] = [:]
    private var below: (distance: Double, price: Double) = (0, 0)
    private var above: (distance: Double, price: Double) = (0, 0)

    init(_ problem: SearchProblem, _ measured: Measurements) {
      self.problem = problem
      self.measured = measured
      for (unit, row) in measured.units.enumerated() {
        for (choice, distance) in row.enumerated() {
          guard let distance, distance.isFinite, choice != problem.base[unit] else { continue }
          let price = difference(unit, choice)
          let kind = problem.kinds[unit][choice]
          let old = byKind[kind] ?? (0, 0)
          byKind[kind] = (old.distance + distance, old.price + price)
          if choice < problem.base[unit] {
            below = (below.distance + distance, below.price + price)
          } else {
            above = (above.distance + distance, above.price + price)
          }
        }
      }
    }

    /// Measured, or scaled from the nearest one that was, or what others of its kind have for their bytes.
    func distance(_ unit: Int, _ choice: Int) -> Double {
      if let own = measured.units[unit][choice] { return own }
      let isBelow = choice < problem.base[unit]
      let known = problem.prices[unit].indices.filter {
        measured.units[unit][$0] != nil && $0 != problem.base[unit] && ($0 < problem.base[unit]) == isBelow
      }
      if let nearest = known.min(by: { abs($0 - choice) < abs($1 - choice) }),
        let distance = measured.units[unit][nearest]
      {
        let kinds = problem.kinds[unit]
        guard let own = measured.kinds[kinds[choice]], let other = measured.kinds[kinds[nearest]], other > 0 else {
          return distance
        }
        return distance * own / other
      }
      let rate = byKind[problem.kinds[unit][choice]] ?? (isBelow ? below : above)
      // Nothing at all is known: bytes alone decide.
      let perByte = rate.price > 0 ? rate.distance / rate.price : isBelow ? 1 : 0.01
      return perByte * difference(unit, choice)
    }

    private func difference(_ unit: Int, _ choice: Int) -> Double {
      Double(abs(problem.prices[unit][choice] - problem.prices[unit][problem.base[unit]]))
    }
  }
}
