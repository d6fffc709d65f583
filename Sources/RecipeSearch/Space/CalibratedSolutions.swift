import Conversion
import ModelCore
import Quantization

/// What a calibration found for every linear layer in each scheme of integers: found once, whatever is then chosen. In it all layers have
/// the scheme, so that each is quantized for what int8, or int4, makes of the layers before.
struct CalibratedSolutions {
  /// With the record of the calibration, and what was found for layers that the user has decided about.
  let template: QuantizationRecipe
  let provider: SolutionProvider
  /// What was looked at.
  let texts: [TextDigest]

  init(
    _ source: ConversionSource, _ texts: (path: String, limit: Int), _ template: QuantizationRecipe,
    _ reporter: SearchReporter
  ) throws(RecipeSearchError) {
    var found: [UnitChoice: [String: LinearSolution]] = [:]
    var own = template
    var digests: [TextDigest] = []
    for choice in [UnitChoice.weights(.q4, template.groupSize), .weights(.q8, nil)] {
      guard case .weights(let scheme, _) = choice else { continue }
      var recipe = template
      recipe.weights = scheme
      try reporter.report("calibrating \(choice.title)", part: 0)
      let plain = recipe
      let calibrated = try lifting { () throws(ConversionError) in
        try Calibrator(source).calibrate(plain, path: texts.path, limit: texts.limit) { part in
          reporter.show("calibrating \(choice.title)", part: part)
        }
      }
      found[choice] = calibrated.recipe.solutions
      (own.calibration, own.solutions) = (calibrated.recipe.calibration, calibrated.recipe.solutions)
      digests = calibrated.lookedAt.map(TextDigest.init)
    }
    self.template = own
    self.texts = digests
    let solutions = found
    provider = { tensors, choice in
      guard let known = solutions[choice] else { return [:] }
      return known.filter { tensors.contains($0.key) }
    }
  }
}
