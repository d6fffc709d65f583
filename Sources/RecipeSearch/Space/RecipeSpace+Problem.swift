import Conversion
import ModelCore

extension RecipeSpace {
  /// Choices with their prices: bytes of the tensors, as they are stored. Attention in f32 costs no byte but time, and is priced like one
  /// part in a hundred of the base.
  package func problem(
    _ source: ConversionSource, _ options: ConversionOptions
  ) throws(RecipeSearchError) -> SearchProblem {
    let base = units.map { unit in
      unit.choices.firstIndex { $0 == .weights(.q8, nil) || $0 == .attention(.int8) } ?? unit.choices.count - 1
    }
    var prices = units.map { _ in [Int]() }
    // One plan for the first choice of all units, one for the second, and so on.
    for index in 0..<(units.map(\.choices.count).max() ?? 0) {
      let choices = units.map { min(index, $0.choices.count - 1) }
      let sizes = try sizes(choices, source, options)
      for (unit, own) in units.enumerated() where index < own.choices.count {
        prices[unit].append(own.tensors.reduce(0) { $0 + (sizes[$1] ?? 0) })
      }
    }
    let whole = zip(prices, base).reduce(0) { $0 + $1.0[$1.1] }
    for (unit, own) in units.enumerated() where own.isAttention {
      prices[unit] = own.choices.map { $0.isQuantized ? 0 : max(1, whole / 100) }
    }
    // Padding may make two choices cost the same, or a coarser one more.
    for unit in prices.indices {
      for index in prices[unit].indices.dropFirst() {
        prices[unit][index] = max(prices[unit][index], prices[unit][index - 1])
      }
    }
    return SearchProblem(prices: prices, base: base, kinds: kinds, probed: probed)
  }

  /// Bytes of every tensor under these choices.
  private func sizes(
    _ choices: [Int], _ source: ConversionSource, _ options: ConversionOptions
  ) throws(RecipeSearchError) -> [String: Int] {
    var options = options
    options.recipe = try recipe(choices)
    let own = options
    let plan = try lifting { () throws(ConversionError) in try Converter(own).plan(source) }
    return Dictionary(plan.tensors.map { ($0.name, $0.size) }) { first, _ in first }
  }

  private var kinds: [[Int]] {
    var titles: [String] = []
    return units.map { unit in
      unit.choices.map { choice in
        if let known = titles.firstIndex(of: choice.title) { return known }
        titles.append(choice.title)
        return titles.count - 1
      }
    }
  }

  /// Of the group sizes of a layer only one is measured by itself: what the others do differs by much the same factor in all layers.
  private var probed: [[Bool]] {
    units.map { unit in
      let groups = unit.choices.filter { if case .weights(.q4, _) = $0 { true } else { false } }
      let middle = groups.contains(.weights(.q4, .features64)) ? .weights(.q4, .features64) : groups.first
      return unit.choices.map { choice in
        !unit.name.hasPrefix("layers.") || !groups.contains(choice) || choice == middle
      }
    }
  }

  /// What is chosen for each unit, as the tables have it.
  package func titles(_ choices: [Int]) -> [(unit: String, choice: String)] {
    zip(units, choices).map { ($0.name, $0.choices[$1].title) }
  }
}
