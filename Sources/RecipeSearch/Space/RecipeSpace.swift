import Conversion
import ModelCore
import Quantization

/// What a calibration found for these tensors in this scheme, by name in the `.glc`; empty where there is nothing to add.
package typealias SolutionProvider = @Sendable (_ tensors: [String], _ choice: UnitChoice) -> [String: LinearSolution]

/// Units with their choices, and the recipes that come of choosing.
package struct RecipeSpace {
  /// In the order of the choices that make a recipe.
  package let units: [RecipeUnit]
  /// What is no unit's: steps, calibration, tensors that the user has decided about.
  private let template: QuantizationRecipe
  private let source: ConversionSource
  private let rows: [String: TensorRow]
  private let solutions: SolutionProvider

  init(
    _ units: [RecipeUnit], template: QuantizationRecipe, source: ConversionSource,
    solutions: @escaping SolutionProvider
  ) {
    self.units = units
    self.template = template
    self.source = source
    self.solutions = solutions
    rows = Dictionary(source.mapping.rows.map { ($0.row.name, $0.row) }) { first, _ in first }
  }

  /// The recipe in which each unit has the choice of that index: the scheme that most weights have, and `keep` for the others.
  /// - Throws: ``RecipeSearchError``, where the recipe makes no model.
  package func recipe(_ indices: [Int]) throws(RecipeSearchError) -> QuantizationRecipe {
    precondition(indices.count == units.count)
    let chosen = zip(units, indices).map { (unit: $0, choice: $0.choices[$1]) }
    var recipe = plain(chosen)
    recipe.overrides = []
    let resolved = try lifting { () throws(ConversionError) in try ResolvedRecipe(recipe, source) }
    var overrides: [RecipeOverride] = []
    recipe.solutions = template.solutions
    for (unit, choice) in chosen {
      guard case .weights(let scheme, let groupSize) = choice else { continue }
      let size = groupSize ?? recipe.groupSize
      let differs = unit.tensors.contains { name in
        rows[name].map { resolved.form(of: name) != TensorForm($0, scheme, size) } ?? false
      }
      if differs {
        overrides += unit.patterns.map {
          RecipeOverride(pattern: $0, scheme: scheme, groupSize: size == recipe.groupSize ? nil : size)
        }
      }
      recipe.solutions.merge(solutions(unit.tensors, choice)) { $1 }
    }
    recipe.overrides = overrides + template.overrides
    return recipe
  }

  /// The members that are said once for all.
  private func plain(_ chosen: [(unit: RecipeUnit, choice: UnitChoice)]) -> QuantizationRecipe {
    var recipe = template
    for (unit, choice) in chosen {
      if case .attention(let precision) = choice { recipe.attention = precision }
      if case .weights(let scheme, _) = choice, let name = unit.tensors.first, rows[name]?.role == .embeddingTable {
        recipe.embeddings = scheme
      }
    }
    let body = chosen.filter { !$0.unit.isAttention && $0.unit.name.hasPrefix("layers.") }
    // Attention of integers asks for a scheme of integers.
    let relative = chosen.first { $0.unit.name == "relative_embeddings" }?.choice
    let isInt8 = recipe.attention == .int8 && relative?.isQuantized != false
    if !isInt8 { recipe.attention = .f32 }
    let common = mostCommon(body.filter { !isInt8 || $0.choice.isQuantized })
    if case .weights(let scheme, let groupSize)? = common {
      recipe.weights = scheme
      if let groupSize { recipe.groupSize = groupSize }
    } else if isInt8, !recipe.weights.isQuantized {
      recipe.weights = .q8
    }
    return recipe
  }

  /// The choice that most weights have.
  private func mostCommon(_ chosen: [(unit: RecipeUnit, choice: UnitChoice)]) -> UnitChoice? {
    var counts: [(choice: UnitChoice, count: Int)] = []
    for (unit, choice) in chosen {
      let count = unit.tensors.reduce(0) { $0 + (rows[$1]?.shape.reduce(1, *) ?? 0) }
      if let index = counts.firstIndex(where: { $0.choice == choice }) {
        counts[index].count += count
      } else {
        counts.append((choice, count))
      }
    }
    var best = counts.first
    for entry in counts.dropFirst() where entry.count > best?.count ?? 0 { best = entry }
    return best?.choice
  }
}
