/// Candidates near another that cost less: up to two units changed, those first that are expected to lose the least for what they save.
struct Neighbours {
  let candidates: [[Int]]

  /// - Parameter least: what must be saved.
  init(of choices: [Int], _ problem: SearchProblem, _ effects: ChoiceEffects, saving least: Int) {
    struct Change {
      var unit: Int
      var choice: Int
      var saved: Int
      var added: Double
    }
    let single = choices.indices.flatMap { unit in
      problem.prices[unit].indices.filter { $0 != choices[unit] }.map { choice in
        Change(
          unit: unit, choice: choice, saved: problem.prices[unit][choices[unit]] - problem.prices[unit][choice],
          added: effects.values[unit][choice] - effects.values[unit][choices[unit]])
      }
    }
    var found: [(changes: [Change], saved: Int, added: Double)] = single.map { ([$0], $0.saved, $0.added) }
    for (index, first) in single.enumerated() {
      for second in single[(index + 1)...] where second.unit != first.unit {
        found.append(([first, second], first.saved + second.saved, first.added + second.added))
      }
    }
    found = found.filter { $0.saved >= max(1, least) && $0.added.isFinite }
    // What is expected to lose nothing: the smallest first. Then by loss a byte.
    let order = found.indices.sorted { left, right in
      let (first, second) = (found[left], found[right])
      let (isFree, isOtherFree) = (first.added <= 0, second.added <= 0)
      if isFree != isOtherFree { return isFree }
      if isFree { return (second.saved, first.added, left) < (first.saved, second.added, right) }
      return (first.added / Double(first.saved), left) < (second.added / Double(second.saved), right)
    }
    candidates = order.map { index in
      var candidate = choices
      for change in found[index].changes { candidate[change.unit] = change.choice }
      return candidate
    }
  }
}
