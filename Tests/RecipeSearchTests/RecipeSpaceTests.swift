import Conversion
import Quantization
import RecipeSearch
import TestSupport
import Testing

/// Units of a checkpoint, and the recipes that come of choosing.
@Suite struct RecipeSpaceTests {
  private func options(_ fixture: String, _ recipe: QuantizationRecipe = QuantizationRecipe()) -> ConversionOptions {
    ConversionOptions(input: Fixtures.path(fixture), output: "", recipe: recipe)
  }

  private func space(
    _ fixture: String, _ recipe: QuantizationRecipe = QuantizationRecipe()
  ) throws -> (space: RecipeSpace, source: ConversionSource) {
    let source = try ConversionSource(options(fixture, recipe), hashing: false)
    return (RecipeSpace.searching(source, template: recipe), source)
  }

  @Test func unitsOfAnOrdinaryModel() throws {
    let units = try space("random-tiny").space.units
    #expect(
      units.map(\.name) == [
        "layers.0.attention.query+key+value", "layers.0.attention.output", "layers.0.feed_forward.intermediate",
        "layers.0.feed_forward.output", "layers.1.attention.query+key+value", "layers.1.attention.output",
        "layers.1.feed_forward.intermediate", "layers.1.feed_forward.output", "embeddings", "relative_embeddings",
        "head.projectors",
      ])
    // 64 features: one group of 64 is a whole channel, and 128 are no more.
    #expect(units[0].choices.map(\.title) == ["q4:channel", "q4:32", "q8", "f16"])
    // 128 features.
    #expect(units[3].choices.map(\.title) == ["q4:channel", "q4:64", "q4:32", "q8", "f16"])
    #expect(units[9].choices.map(\.title) == ["q8", "f16"])
    #expect(units[10].tensors.count == 4)
  }

  /// Every tensor that a recipe has a say in belongs to one unit, whatever the head.
  @Test(arguments: ["random-tiny", "debian-tags-f16"]) func everyTensorIsInOneUnit(_ fixture: String) throws {
    let (space, source) = try space(fixture)
    let tensors = space.units.flatMap(\.tensors)
    #expect(Set(tensors).count == tensors.count)
    #expect(Set(tensors) == Set(source.mapping.rows.map(\.row).filter(\.role.isWeight).map(\.name)))
  }

  @Test func everyVariantHasUnitsForAllItsTensors() throws {
    try #require(!Variants.names.isEmpty)
    for variant in Variants.names {
      let options = ConversionOptions(input: try Variants.folder(variant), output: "")
      let source = try ConversionSource(options, hashing: false)
      let space = RecipeSpace.searching(source, template: QuantizationRecipe())
      let tensors = space.units.flatMap(\.tensors)
      #expect(Set(tensors).count == tensors.count, "\(variant)")
      let all = source.mapping.rows.map(\.row).filter(\.role.isWeight).map(\.name)
      #expect(Set(tensors) == Set(all), "\(variant)")
      // A mixture of everything makes a recipe that a conversion takes.
      var numbers = Numbers(variant.utf8.count)
      let choices = space.units.map { Int(numbers.next() % UInt64($0.choices.count)) }
      try expectForms(space, source, choices, options)
    }
  }

  @Test func recipesSayWhatWasChosen() throws {
    let (space, source) = try space("debian-tags-f16")
    var numbers = Numbers(1)
    for _ in 0..<40 {
      let choices = space.units.map { Int(numbers.next() % UInt64($0.choices.count)) }
      try expectForms(space, source, choices, options("debian-tags-f16"))
    }
  }

  /// Expects that the plan of a conversion stores every tensor as was chosen.
  private func expectForms(
    _ space: RecipeSpace, _ source: ConversionSource, _ choices: [Int], _ options: ConversionOptions
  ) throws {
    var options = options
    options.recipe = try space.recipe(choices)
    let plan = try Converter(options).plan(source)
    let forms = Dictionary(uniqueKeysWithValues: plan.tensors.map { ($0.name, $0.form) })
    for (unit, choice) in zip(space.units, choices) {
      guard case .weights(let scheme, _) = unit.choices[choice] else { continue }
      for tensor in unit.tensors {
        let form = try #require(forms[tensor])
        let encodings: [WeightScheme: String] = [.q8: "int8", .q4: "int4", .f16: "f16", .bf16: "bf16", .f32: "f32"]
        #expect(form.hasPrefix(try #require(encodings[scheme])), "\(tensor): \(form), not \(scheme)")
      }
    }
  }

  @Test func whatTheUserKeepsStays() throws {
    var template = QuantizationRecipe(embeddings: .q4)
    template.overrides = [
      RecipeOverride(pattern: "layers.0.*", scheme: .q8),
      RecipeOverride(pattern: "layers.1.attention.key.*", scheme: .f16),
    ]
    let (space, source) = try space("random-tiny", template)
    let names = space.units.map(\.name)
    #expect(!names.contains { $0.hasPrefix("layers.0.") })
    // Query and value must be of floats, as the key is.
    let shared = try #require(space.units.first { $0.name == "layers.1.attention.query+key+value" })
    #expect(shared.choices.map(\.title) == ["f16"])
    #expect(shared.tensors == ["layers.1.attention.query.weight", "layers.1.attention.value.weight"])
    let embeddings = try #require(space.units.first { $0.name == "embeddings" })
    #expect(embeddings.choices.map(\.title) == ["q4:channel", "q4:32"])
    let smallest = space.units.map { _ in 0 }
    try expectForms(space, source, smallest, options("random-tiny", template))
    var own = options("random-tiny", template)
    own.recipe = try space.recipe(smallest)
    let forms = try Converter(own).plan(source).tensors
    for tensor in forms where tensor.name.hasPrefix("layers.0.") && tensor.name.hasSuffix("weight") {
      #expect(tensor.form.hasPrefix("int8"), "\(tensor.name)")
    }
  }

  @Test func pricesAreTheBytesOfThePlan() throws {
    let (space, source) = try space("debian-tags-f16")
    let problem = try space.problem(source, options("debian-tags-f16"))
    #expect(problem.prices.allSatisfy { $0 == $0.sorted() })
    func size(_ choices: [Int]) throws -> Int {
      var own = options("debian-tags-f16")
      own.recipe = try space.recipe(choices)
      return try Converter(own).plan(source).tensors.reduce(0) { $0 + $1.size }
    }
    let base = try size(problem.base)
    var numbers = Numbers(2)
    for _ in 0..<10 {
      let choices = space.units.map { Int(numbers.next() % UInt64($0.choices.count)) }
      #expect(try size(choices) - base == problem.price(choices) - problem.price(problem.base))
    }
    // The base is int8 throughout.
    #expect(Set(space.titles(problem.base).map(\.choice)) == ["q8"])
  }

  @Test func solutionsOfACalibrationAreThoseOfTheSchemeThatWasChosen() throws {
    let source = try ConversionSource(options("random-tiny"), hashing: false)
    let space = RecipeSpace.searching(source, template: QuantizationRecipe()) { tensors, choice in
      guard case .weights(let scheme, _) = choice, scheme.isQuantized else { return [:] }
      var solution = LinearSolution()
      solution.bias = Array(repeating: choice == .weights(.q8, nil) ? 8 : 4, count: 64)
      let calibrated = tensors.filter { $0.hasSuffix("attention.output.weight") }
      return Dictionary(uniqueKeysWithValues: calibrated.map { ($0, solution) })
    }
    let problem = try space.problem(source, options("random-tiny"))
    let base = try space.recipe(problem.base)
    #expect(base.solutions["layers.0.attention.output.weight"]?.bias?.first == 8)
    var choices = problem.base
    choices[1] = 0
    let recipe = try space.recipe(choices)
    #expect(recipe.solutions["layers.0.attention.output.weight"]?.bias?.first == 4)
    #expect(recipe.solutions["layers.1.attention.output.weight"]?.bias?.first == 8)
  }
}
