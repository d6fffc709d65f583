import Checkpoints
import ModelCore
import Quantization

/// Finds out what is to be done with each linear layer, from weights alone where no calibration has said it.
struct WeightSolver {
  private let recipe: ResolvedRecipe
  private let source: ConversionSource

  init(_ recipe: ResolvedRecipe, _ source: ConversionSource) {
    self.recipe = recipe
    self.source = source
  }

  /// A solution for each tensor that does not simply take the default, by its name in the `.glc`.
  func solutions() throws(ConversionError) -> [String: LinearSolution] {
    let steps = recipe.recipe.steps
    var solutions = try GivenSolutions(recipe, source).checked()
    let (table, configuration) = (source.mapping.table, source.checkpoint.configuration)
    let groups =
      LinearGroup.all(table, configuration.encoder) + LinearGroup.projectors(table, configuration.head)
    let open = groups.indices.filter { index in
      groups[index].members.contains { recipe.form(of: $0.name).encoding.isQuantized && solutions[$0.name] == nil }
    }
    guard steps.inputScales || steps.errorWeights, !open.isEmpty else { return solutions }
    let moments = try source.moments()
    for index in open {
      let group = moments.groups[index]
      let scales =
        steps.inputScales
        ? InputBalancing.scales(inputs: group.inputs, weights: group.weights, isMeasured: false) : nil
      var solution = LinearSolution()
      solution.inputScales = scales
      if steps.errorWeights {
        let seconds = group.inputs.secondMoments.map { Float($0) }
        solution.errorWeights = scales.map { zip(seconds, $0).map { $0 * $1 * $1 } } ?? seconds
      }
      for member in groups[index].members { solutions[member.name] = solution }
    }
    return solutions
  }
}
