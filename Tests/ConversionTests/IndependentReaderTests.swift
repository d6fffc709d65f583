import Conversion
import Foundation
import TestSupport
import Testing

/// The file against a reader in Python that was written from formats/ alone (Scripts/read_glc.py), and against codes that
/// it derives from the checkpoint by itself.
@Suite struct IndependentReaderTests {
  /// Runs the reader; returns its status and what it said.
  private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    try Python.run("read_glc.py", arguments)
  }

  @Test(
    arguments: [
      ("random-tiny", WeightScheme.q8), ("random-tiny", .q4), ("random-tiny", .f16), ("random-tiny", .bf16),
      ("random-tiny", .f32), ("debian-tags-f16", .q8), ("debian-tags-f16", .q4), ("debian-tags-f16", .bf16),
      ("debian-tags-f16", .f32),
    ])
  func agrees(_ fixture: String, _ scheme: WeightScheme) throws {
    let checkpoint = Fixtures.path(fixture)
    let (status, output) = try Self.run([
      try Converted.glc(checkpoint, scheme), "--check", "--against", checkpoint,
    ])
    #expect(status == 0, "\(output)")
  }

  /// Those of the variants between which every tensor and every member of version 2.0 occurs.
  @Test(
    arguments: [
      "published-v1-lw", "published-v3", "published-instruct", "published-multilang", "mix-all", "mix-02",
      "scorer-hopfield", "conv-groups-2", "layer-wise-0", "relative-attention-false", "buckets-15", "normalize-mlp",
    ], [WeightScheme.q8, .q4, .f32])
  func agreesOnVariants(_ name: String, _ scheme: WeightScheme) throws {
    let checkpoint = try Variants.folder(name)
    let (status, output) = try Self.run([
      try Converted.glc(checkpoint, scheme), "--check", "--against", checkpoint,
    ])
    #expect(status == 0, "\(output)")
  }

  /// One thing wrong at a time, all checksums right: the reader names each of some hundred.
  @Test(arguments: ["published-multilang", "mix-all"]) func namesEveryDamage(_ name: String) throws {
    let checkpoint = try Variants.folder(name)
    let (status, output) = try Python.run("glc_damage.py", [try Converted.glc(checkpoint, .q8), checkpoint])
    #expect(status == 0 && output.contains("damages, 0 lines"), "\(output)")
  }

  /// Every form in one file: int4 in two group sizes, tables too, int8 with input scales, 16 bits.
  private func mixed(_ checkpoint: String, _ folder: TemporaryFolder) throws -> String {
    var recipe = QuantizationRecipe(weights: .q4, groupSize: .features32, embeddings: .q4)
    recipe.overrides = [
      RecipeOverride(pattern: "encoder.layer.0.attention.*", scheme: .q8),
      RecipeOverride(pattern: "*.intermediate.dense.weight", scheme: .f16),
      RecipeOverride(pattern: "layers.1.feed_forward.output.weight", scheme: .q4, groupSize: .channel),
      RecipeOverride(pattern: "layers.?.attention.output.weight", scheme: .bf16),
    ]
    let path = folder.file("mixed.glc")
    _ = try Converter(ConversionOptions(input: checkpoint, output: path, recipe: recipe)).run()
    return path
  }

  @Test(arguments: ["published-multilang", "mix-all"]) func agreesOnMixedForms(_ name: String) throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Variants.folder(name)
    let path = try mixed(checkpoint, folder)
    let (status, output) = try Self.run([path, "--check", "--against", checkpoint])
    #expect(status == 0, "\(output)")
    let damage = try Python.run("glc_damage.py", [path, checkpoint])
    #expect(damage.status == 0 && damage.output.contains("damages, 0 lines"), "\(damage.output)")
  }

  /// Input scales and codes that calibration found: near their weights, all else as derived.
  @Test(arguments: [WeightScheme.q8, .q4]) func agreesOnCalibratedFiles(_ scheme: WeightScheme) throws {
    let folder = try TemporaryFolder()
    let checkpoint = Fixtures.path("debian-tags-f16")
    var options = ConversionOptions(
      input: checkpoint, output: folder.file("calibrated.glc"),
      recipe: QuantizationRecipe(weights: scheme, embeddings: scheme))
    options.recipe = try Calibrator(options).calibrate(
      options.recipe, path: "\(checkpoint)/eval.jsonl", limit: 32
    ).recipe
    _ = try Converter(options).run()
    let (status, output) = try Self.run([options.output, "--check", "--against", checkpoint])
    #expect(status == 0, "\(output)")
  }

  @Test func readsTheCompiledTokenizerAsItsSourceHasIt() throws {
    for fixture in ["random-tiny", "debian-tags-f16"] {
      let (status, output) = try Self.run([
        try Converted.glc(Fixtures.path(fixture), .q8), "--tokenizer-dump", "/dev/null", "--tokenizer-json",
        Fixtures.path("\(fixture)/tokenizer.json"),
      ])
      #expect(status == 0, "\(output)")
    }
  }

  /// A check that cannot fail proves nothing: damage must be found, and named.
  @Test func findsDamage() throws {
    let folder = try TemporaryFolder()
    let checkpoint = Fixtures.path("random-tiny")
    var bytes = try Data(contentsOf: URL(filePath: Converted.glc(checkpoint, .q8)))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: folder.file("damaged.glc")))
    #expect(try Self.run([folder.file("damaged.glc"), "--check"]).status != 0)
    // A file of one checkpoint is not one of another.
    let other = try Self.run([
      try Converted.glc(checkpoint, .q8), "--against", Fixtures.path("debian-tags-f16"),
    ])
    #expect(other.status != 0)
  }
}
