import Conversion
import GLCFormat
import ModelCore

/// Recipes that do to one unit what another recipe does, and leave everything else in f32.
struct UnitRecipes {
  /// A unit that the recipe stores otherwise than in f32.
  struct Unit {
    let name: String
    /// Names in the `.glc`; those of attention are the relative embeddings that it needs in int8.
    let tensors: [String]
    /// As `q8` or `q4:64`; several where the recipe has its tensors in several.
    let form: String
    /// That it alone is stored so.
    let recipe: QuantizationRecipe
  }

  /// In the order of ``UnitTensors``, attention last.
  let units: [Unit]
  /// Everything in f32.
  let plain: QuantizationRecipe

  /// - Throws: ``RecipeSearchError`` for a recipe that makes no model of `source`.
  init(_ source: ConversionSource, _ recipe: QuantizationRecipe) throws(RecipeSearchError) {
    let resolved = try lifting { () throws(ConversionError) in try ResolvedRecipe(recipe, source) }
    let all = UnitTensors.all(source)
    let rows = all.flatMap(\.rows)
    let forms = Dictionary(rows.map { ($0.name, Form($0, resolved.form(of: $0.name))) }) { first, _ in first }
    func alone(_ names: Set<String>, attention: AttentionPrecision = .f32) -> QuantizationRecipe {
      var own = recipe
      own.attention = attention
      own.embeddings = nil
      // Attention of integers asks for a scheme of integers; no tensor takes it.
      if attention == .int8, !own.weights.isQuantized { own.weights = .q8 }
      own.overrides = rows.map { row in
        guard names.contains(row.name), let form = forms[row.name] else {
          return RecipeOverride(pattern: row.name, scheme: .f32)
        }
        return RecipeOverride(pattern: row.name, scheme: form.scheme, groupSize: form.groupSize)
      }
      own.solutions = recipe.solutions.filter { names.contains($0.key) }
      return own
    }
    var units = all.compactMap { tensors -> Unit? in
      let names = tensors.rows.map(\.name)
      var titles: [String] = []
      for form in names.compactMap({ forms[$0] }) where !titles.contains(form.title) { titles.append(form.title) }
      guard titles != [WeightScheme.f32.rawValue] else { return nil }
      return Unit(
        name: tensors.name, tensors: names, form: titles.joined(separator: ", "), recipe: alone(Set(names)))
    }
    if resolved.attention == .int8 {
      let relative = all.filter { $0.kind == .relative }.flatMap { $0.rows.map(\.name) }
      units.append(
        Unit(
          name: RecipeUnit.attentionName, tensors: relative, form: AttentionPrecision.int8.rawValue,
          recipe: alone(Set(relative), attention: .int8)))
    }
    self.units = units
    plain = alone([])
  }

  /// How a recipe says what a tensor's form is.
  private struct Form {
    let scheme: WeightScheme
    let groupSize: GroupSize?

    init(_ row: TensorRow, _ form: TensorForm) {
      scheme = WeightScheme.allCases.first { $0.encoding == form.encoding } ?? .f32
      groupSize = scheme == .q4 ? GroupSize.allCases.first { TensorForm(row, .q4, $0) == form } : nil
    }

    var title: String { UnitChoice.weights(scheme, groupSize).title }
  }
}
