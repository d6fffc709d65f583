import Conversion
import Foundation
import GLCFormat
import ModelCore
import Quantization
import TestSupport
import Testing

/// What a recipe says, and what becomes of it.
@Suite struct RecipeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ recipe: QuantizationRecipe, _ name: String = "out.glc") throws -> GLCFile {
    let path = folder.file(name)
    _ = try Converter(ConversionOptions(input: Fixtures.path("random-tiny"), output: path, recipe: recipe)).run()
    return try GLCFile(path: path)
  }

  private func encodings(_ file: GLCFile) -> [String: TensorEncoding] {
    Dictionary(file.records.map { ($0.name, $0.encoding) }) { first, _ in first }
  }

  private func error(_ recipe: QuantizationRecipe) -> String? {
    thrown(ConversionError.self) { try convert(recipe) }?.message
  }

  @Test func q4IsOfTheLayersAlone() throws {
    let found = encodings(try convert(QuantizationRecipe(weights: .q4)))
    #expect(found["layers.0.attention.query.weight"] == .int4)
    #expect(found["layers.1.feed_forward.output.weight"] == .int4)
    #expect(found["layers.0.attention.relative_keys"] == .int8)
    #expect(found["embeddings.tokens"] == .int8)
    #expect(found["head.text.first.weight"] == .int8)
    #expect(found["layers.0.attention.query.bias"] == .f32)
  }

  @Test func embeddingsGoTheirOwnWay() throws {
    let q8 = encodings(try convert(QuantizationRecipe(weights: .q8, embeddings: .q4)))
    #expect(q8["embeddings.tokens"] == .int4 && q8["layers.0.attention.query.weight"] == .int8)
    let f16 = encodings(try convert(QuantizationRecipe(weights: .f16, embeddings: .q8)))
    #expect(f16["embeddings.tokens"] == .int8 && f16["layers.0.attention.query.weight"] == .f16)
    #expect(f16["layers.0.attention.relative_keys"] == .f16)
  }

  @Test(arguments: GroupSize.allCases) func groupsAreAsAsked(_ size: GroupSize) throws {
    let file = try convert(QuantizationRecipe(weights: .q4, groupSize: size))
    let record = try file.record("layers.0.feed_forward.output.weight")
    // 64 features more than the layer has are not stored: 128 of 128, one group of all.
    #expect(record.groupSize == size.features ?? (record.shape[1] + 63) / 64 * 64)
  }

  /// A whole row shares a multiplier unless columns differ much; an override that names the table counts more.
  @Test func groupsOfTablesFollowTheTable() throws {
    var recipe = QuantizationRecipe(weights: .q4, embeddings: .q4)
    let even = try ConversionSource(ConversionOptions(input: Fixtures.path("random-tiny"), output: ""), hashing: false)
    try recipe.chooseTableGroups(even)
    #expect(recipe.overrides == [RecipeOverride(pattern: "embeddings.tokens", scheme: .q4, groupSize: .channel)])
    // 192 features, of which one is 20 times as large as the others in every row.
    var edited = try EditedCheckpoint(in: folder)
    try edited.edit("model.encoder_model.embeddings.word_embeddings.weight", column: 3) { _ in 0.5 }
    var other = QuantizationRecipe(weights: .q4, embeddings: .q4)
    try other.chooseTableGroups(ConversionSource(ConversionOptions(input: edited.path, output: ""), hashing: false))
    #expect(other.overrides.map(\.groupSize) == [.features64])
    var q8 = QuantizationRecipe(weights: .q4)
    try q8.chooseTableGroups(even)
    #expect(q8.overrides.isEmpty)
    recipe.overrides.append(RecipeOverride(pattern: "*word_embeddings*", scheme: .q4, groupSize: .features32))
    #expect(try convert(recipe).record("embeddings.tokens").groupSize == 32)
  }

  /// Names of the checkpoint, shortened or whole, and of the file; the last override counts.
  @Test(
    arguments: [
      "encoder.layer.0.*", "encoder_model.encoder.layer.0.*", "model.encoder_model.encoder.layer.0.*", "layers.0.*",
      "*layer?0.*",
    ])
  func overridesNameTensors(_ pattern: String) throws {
    var recipe = QuantizationRecipe(weights: .q4)
    recipe.overrides = [
      RecipeOverride(pattern: "*", scheme: .q8), RecipeOverride(pattern: "layers.1.*", scheme: .q4),
      RecipeOverride(pattern: pattern, scheme: .f16),
    ]
    recipe.attention = .f32
    let found = encodings(try convert(recipe))
    #expect(found["layers.0.attention.query.weight"] == .f16)
    #expect(found["layers.0.attention.relative_keys"] == .f16)
    #expect(found["layers.0.attention.norm.gain"] == .f32)
    #expect(found["layers.1.attention.query.weight"] == .int4)
    #expect(found["embeddings.tokens"] == .int8)
  }

  @Test func refusesWhatCannotBe() {
    var recipe = QuantizationRecipe()
    recipe.overrides = [RecipeOverride(pattern: "encoder.layer.7.*", scheme: .f16)]
    #expect(
      error(recipe) == "recipe: keep encoder.layer.7.*: expected the name of a tensor of weights, found none")
    // A vector is none that a recipe has a say in.
    recipe.overrides = [RecipeOverride(pattern: "*.bias", scheme: .f16)]
    #expect(error(recipe) == "recipe: keep *.bias: expected the name of a tensor of weights, found none")
    recipe.overrides = [RecipeOverride(pattern: "*.0.attention.self.query_proj.weight", scheme: .f32)]
    #expect(error(recipe)?.contains("layers.0.attention: expected all of") == true)
    recipe.overrides = [RecipeOverride(pattern: "text_projector.*", scheme: .f32)]
    #expect(error(recipe)?.contains("head.text: expected all of") == true)
    recipe.overrides = [RecipeOverride(pattern: "layers.*", scheme: .f16)]
    recipe.attention = .int8
    #expect(
      error(recipe)
        == "recipe: attention int8: expected relative embeddings in q8, found layers.0.attention.relative_keys in f16")
    recipe = QuantizationRecipe(weights: .f16, attention: .int8)
    #expect(error(recipe)?.contains("attention int8") == true)
  }

  /// What a recipe says of single layers may be of another checkpoint: every member is held against the tensor.
  @Test func solutionsAreHeldAgainstTheTensors() throws {
    let names = ["query", "key", "value"].map { "layers.0.attention.\($0).weight" }
    func recipe(_ scheme: WeightScheme, _ edit: (inout [String: LinearSolution]) -> Void) -> QuantizationRecipe {
      var recipe = QuantizationRecipe(weights: scheme)
      for name in names {
        var solution = LinearSolution()
        solution.inputScales = Array(repeating: 2, count: 64)
        solution.grid = QuantizationGrid(
          scales: Array(repeating: 0.01, count: 64), multipliers: scheme == .q4 ? Array(repeating: 3, count: 64) : [])
        recipe.solutions[name] = solution
      }
      edit(&recipe.solutions)
      return recipe
    }
    for scheme in [WeightScheme.q8, .q4] { #expect(error(recipe(scheme) { _ in }) == nil) }
    func expect(_ message: String, _ scheme: WeightScheme = .q8, _ edit: (inout [String: LinearSolution]) -> Void) {
      let found = error(recipe(scheme, edit))
      #expect(found?.hasPrefix("recipe: tensors.\(message)") == true, "\(found ?? "no error")")
    }
    expect("\(names[0]).scales: expected 64 numbers, found 2") { $0[names[0]]?.grid?.scales = [1, 2] }
    expect("\(names[1]).input_scales: expected 64 numbers, found 65") { $0[names[1]]?.inputScales?.append(1) }
    expect("\(names[2]).bias: expected 64 numbers, found 1") { $0[names[2]]?.bias = [1] }
    expect("\(names[2]).multipliers: expected 64 numbers, found 0", .q4) { $0[names[2]]?.grid?.multipliers = [] }
    expect("\(names[0]).multipliers: expected 0 numbers, found 64") {
      $0[names[0]]?.grid?.multipliers = Array(repeating: 1, count: 64)
    }
    expect("\(names[2]).input_scales: expected those of \(names[0])") { $0[names[2]]?.inputScales?[7] = 3 }
    expect("\(names[1]): expected \(names[0]), ") { $0[names[0]] = nil }
    expect("\(names[0]): expected a tensor in q8 or q4, found one in f16", .f16) { _ in }
    for name in [
      "layers.2.attention.query.weight", "layers.0.attention.query.bias", "layers.0.attention.relative_keys", "x",
    ] {
      expect("\(name): expected the weights of a linear layer") { $0[name] = LinearSolution() }
    }
    expect("head.text.first.weight.input_scales: expected 64 numbers, found 3") { solutions in
      var head = LinearSolution()
      head.inputScales = [1, 1, 1]
      solutions["head.text.first.weight"] = head
    }
    expect("embeddings.tokens: expected the weights of a linear layer") { solutions in
      var table = LinearSolution()
      table.inputScales = Array(repeating: 1, count: 64)
      solutions["embeddings.tokens"] = table
    }
  }

  @Test(arguments: [WeightScheme.f16, .bf16]) func halvesAreRoundedToNearestEven(_ scheme: WeightScheme) throws {
    let half = try convert(QuantizationRecipe(weights: scheme), "half.glc")
    let whole = try convert(QuantizationRecipe(weights: .f32), "whole.glc")
    let name = "layers.0.feed_forward.intermediate.weight"
    let stored = half.extent(try half.record(name)).bindMemory(to: UInt16.self)
    let values = whole.extent(try whole.record(name)).bindMemory(to: Float.self)
    #expect(stored.count >= values.count && values.count > 1000)
    for index in values.indices {
      let own =
        scheme == .f16 ? Float(Float16(bitPattern: stored[index])) : Float(bitPattern: UInt32(stored[index]) << 16)
      // Half a unit in the last place of 11 or 8 bits.
      let unit =
        scheme == .f16 ? max(values[index].ulp * 8192, Float16.leastNonzeroMagnitude.float) : values[index].ulp * 65536
      #expect(abs(own - values[index]) <= unit / 2)
    }
  }

  /// What the metadata say is what `--recipe` reads: the same file comes of it.
  @Test func theRecordedRecipeRepeatsTheFile() throws {
    var recipe = QuantizationRecipe(weights: .q4, groupSize: .features32, embeddings: .q4, attention: .int8)
    recipe.overrides = [
      RecipeOverride(pattern: "encoder.layer.0.*", scheme: .q8),
      RecipeOverride(pattern: "*.1.output.*", scheme: .q4, groupSize: .channel),
    ]
    recipe.steps.inputScales = false
    (recipe.steps.gptq, recipe.steps.biasCorrection) = (false, false)
    let first = try convert(recipe, "first.glc")
    let recorded = try #require(first.metadata.root.member("recipe"))
    let file = folder.file("recipe.json")
    try recorded.json.text(pretty: true).write(toFile: file, atomically: true, encoding: .utf8)
    _ = try convert(try QuantizationRecipe(contentsOf: file), "second.glc")
    #expect(
      try Data(contentsOf: URL(filePath: folder.file("first.glc")))
        == Data(contentsOf: URL(filePath: folder.file("second.glc"))))
  }

  @Test(
    arguments: [
      (#"{"schema": 2}"#, "schema: unsupported value 2; supported: 1"),
      (#"{"weights": "q8"}"#, "schema: expected a value, found nothing"),
      (#"{"schema": 1, "weights": "q5"}"#, "weights: unsupported value \"q5\"; supported: q8, q4, f16, bf16, f32"),
      (#"{"schema": 1, "group_size": 48}"#, "group_size: unsupported value 48; supported: 32, 64, 128, channel"),
      (#"{"schema": 1, "keep": {}}"#, "keep: expected an array, found an object"),
      (#"{"schema": 1, "keep": [{"tensors": "*"}]}"#, "keep[0].scheme: expected a value, found nothing"),
      (#"{"schema": 1, "steps": {"gptq": 1}}"#, "steps.gptq: expected true or false, found 1"),
      (#"{"schema": 1, "wieghts": "q8"}"#, "wieghts"),
      (
        #"{"schema": 1, "tensors": {"a": {"input_scales": [0]}}}"#,
        "tensors.a.input_scales[0]: expected a number in range"
      ),
      (#"{"schema": 1, "tensors": {"a": {"scales": [1], "multipliers": [16]}}}"#, "tensors.a.multipliers[0]: expected"),
      (
        #"{"schema": 1, "calibration": {"data": "a", "sha256": "b", "texts": 1, "tokens": 1}}"#,
        "calibration: expected null, or tensors beside it"
      ),
      (#"{"schema": 1, "vocabulary": 3}"#, "vocabulary: expected an object, found 3"),
      (
        #"{"schema": 1, "tensors": {"a": {"input_scales": [3e38]}}}"#,
        "tensors.a.input_scales[0]: expected a number in range, found 3e"
      ),
      ("[]", "the document: expected an object, found an array"),
      ("{", "invalid JSON"),
    ])
  func namesWhatIsWrongWithARecipe(_ text: String, _ expected: String) throws {
    let file = folder.file("recipe.json")
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let message = thrown(ConversionError.self) { try QuantizationRecipe(contentsOf: file) }?.message
    #expect(message?.hasPrefix("\(file): ") == true && message?.contains(expected) == true, "\(message ?? "")")
  }
}

extension Float16 {
  fileprivate var float: Float { Float(self) }
}
