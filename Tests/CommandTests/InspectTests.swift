import Foundation
import Testing

/// `gliclass inspect` on a good file.
@Suite struct InspectTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  @Test func saysWhatTheFileHolds() throws {
    let outcome = try Program.classify.run(["inspect", model])
    expectSuccess(outcome)
    for text in [
      model, ".glc 1.0", "deberta-v2", "2 layers", "hidden 64", "scorer simple", "tokenizer.json", "model.safetensors",
      "gliclass-convert", "--check reads it", "profile tokenizers, as tokenizers 0.23.3",
      "vocabulary  496 pieces, Unigram, 8 added tokens; Unicode: grapheme clusters 17.0.0\n",
    ] {
      #expect(outcome.text.contains(text), "\(text) in \(outcome)")
    }
  }

  @Test func json() throws {
    struct File: Decodable {
      struct Metadata: Decodable {
        struct Source: Decodable {
          struct Row: Decodable {
            var name: String
            var bytes: Int
            var sha256: String
          }
          var files: [Row]
          var content_digest: String
        }
        var source: Source
      }
      struct Section: Decodable {
        var name: String
        var bytes: Int
      }
      struct Tensor: Decodable {
        var name: String
        var encoding: String
        var layout: String
        var shape: [Int]
        var offset: Int
        var bytes: Int
      }
      struct Tokenizer: Decodable {
        var section_version: String
        var profile: String
        var tokenizers_version: String
        var model: String
        var byte_fallback: Bool
        var pieces: Int
        var added_tokens: Int
        var unicode: [String: String]
      }
      var format_version: String
      var bytes: Int
      var numerics_revision: Int
      var tensor_data_checked: Bool
      var metadata: Metadata
      var tokenizer: Tokenizer
      var sections: [Section]
      var tensors: [Tensor]
    }
    let outcome = try Program.classify.run(["inspect", model, "--json"])
    expectSuccess(outcome)
    let file = try outcome.json(File.self)
    #expect(file.format_version == "1.0")
    #expect(try file.bytes == Models.tiny.get().count)
    #expect(file.numerics_revision == 1)
    #expect(!file.tensor_data_checked)
    let tokenizer = file.tokenizer
    #expect(tokenizer.profile == "tokenizers" && tokenizer.tokenizers_version == "0.23.3")
    #expect(tokenizer.model == "Unigram" && !tokenizer.byte_fallback)
    #expect(tokenizer.pieces == 496 && tokenizer.added_tokens == 8)
    #expect(tokenizer.section_version.hasPrefix("1.") && tokenizer.unicode == ["grapheme_clusters": "17.0.0"])
    #expect(Set(file.sections.map(\.name)) == ["metadata", "tensor directory", "tokenizer", "tensor data"])
    #expect(file.tensors.map(\.name) == file.tensors.map(\.name).sorted())
    let table = try #require(file.tensors.first { $0.name == "embeddings.tokens" })
    #expect(table.shape == [500, 64])
    #expect(table.encoding == "int8" && table.layout == "rows")
    // What it was made from, by the system's own SHA-256.
    let sums = try ChildProcess.run(
      ["/usr/bin/env", "sha256sum"] + Fixtures.checkpointFiles.map { "\(Fixtures.tiny)/\($0)" })
    let expected = sums.lines.map { String($0.prefix(64)) }.sorted()
    #expect(file.metadata.source.files.map(\.sha256).sorted() == expected)
    #expect(file.metadata.source.content_digest.hasPrefix("sha256:"))
  }

  /// A file with several forms: each with its groups, and what a weight of the encoder takes.
  @Test func saysHowTensorsAreStored() throws {
    struct File: Decodable {
      struct Body: Decodable {
        var bits_per_weight: Double
        var weights: Int
        var bytes: Int
      }
      struct Tensor: Decodable {
        var name: String
        var encoding: String
        var shape: [Int]
        var group_size: Int?
        var input_scales: Bool
        var bytes: Int
      }
      var body: Body
      var bytes_beside_body: [String: Int]
      var tensors: [Tensor]
    }
    let path = folder["mixed.glc"]
    let options = ["--q4", "--group-size", "32", "--q4-embeddings", "--keep", "layers.1.*=f16"]
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", path] + options))
    let file = try Program.classify.run(["inspect", path, "--json"]).json(File.self)
    let body = file.tensors.filter { $0.name.hasPrefix("layers.") && $0.name.hasSuffix(".weight") }
    #expect(file.body.weights == 2 * (4 * 64 * 64 + 2 * 64 * 128))
    #expect(file.body.bytes == body.reduce(0) { $0 + $1.bytes })
    #expect(abs(file.body.bits_per_weight - 8 * Double(file.body.bytes) / Double(file.body.weights)) < 1e-9)
    #expect(
      file.bytes_beside_body.values.reduce(file.body.bytes, +) == file.tensors.reduce(0) { $0 + $1.bytes })
    #expect(file.bytes_beside_body.keys.sorted() == ["embeddings", "head", "relative_embeddings", "vectors"])
    for tensor in body {
      #expect(tensor.encoding == (tensor.name.hasPrefix("layers.0.") ? "int4" : "f16"))
      #expect(tensor.group_size == (tensor.encoding == "int4" ? 32 : nil))
      if tensor.encoding == "f16" { #expect(tensor.bytes == 2 * tensor.shape[0] * tensor.shape[1]) }
    }
    let text = try Program.classify.run(["inspect", path, "--tensors"]).text
    for part in [
      "int4 rows in groups of 32, ", "int4 tiles in groups of 32", " f16 panels, ", " bits a weight: 65536 weights",
      "  beside it   biases and LayerNorms ", "bits a value",
    ] { #expect(text.contains(part), "\(part) in \(text)") }
    let row = try #require(text.split(separator: "\n").first { $0.contains("layers.0.feed_forward.output.weight") })
    #expect(row.contains("64 x 128") && row.contains("int4 tiles in groups of 32"), "\(row)")
  }

  /// The recipe that `gliclass-convert --recipe` takes gives the same file.
  @Test func recipeIsPrintedAlone() throws {
    let (first, recipe, second) = (folder["first.glc"], folder["recipe.json"], folder["second.glc"])
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", first, "--q4", "--group-size", "128"]))
    let printed = try Program.classify.run(["inspect", first, "--recipe"])
    expectSuccess(printed)
    try printed.text.write(toFile: recipe, atomically: true, encoding: .utf8)
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", second, "--recipe", recipe]))
    #expect(try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)))
  }

  /// Of a calibrated file: its input scales, scales and multipliers come again, and with them the recipe that was printed; codes that GPTQ
  /// chose for each other need not.
  @Test(arguments: [["--q4", "--q4-embeddings"], ["--q8"]]) func calibratedRecipeIsRepeatedFromWhatIsStored(
    _ options: [String]
  ) throws {
    let (first, recipe, second) = (folder["first.glc"], folder["recipe.json"], folder["second.glc"])
    let texts = "\(Fixtures.tiny)/eval.jsonl"
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", first] + options + ["--calibrate", texts]))
    let printed = try Program.classify.run(["inspect", first, "--recipe"])
    try printed.text.write(toFile: recipe, atomically: true, encoding: .utf8)
    let whole = try #require(try JSONSerialization.jsonObject(with: Data(printed.output)) as? [String: Any])
    let tensors = try #require(whole["tensors"] as? [String: [String: [Double]]])
    #expect(tensors.count == 12)
    let stored = try #require(tensors["layers.1.feed_forward.output.weight"])
    #expect(stored["scales"]?.count == 64 && stored["multipliers"]?.count == (options[0] == "--q4" ? 128 : nil))
    #expect((whole["steps"] as? [String: Bool])?["bias_correction"] == false && stored["bias"] == nil)
    // No text is read again.
    expectSuccess(try Program.convert.run([Fixtures.tiny, "-o", second, "--recipe", recipe]))
    #expect(try Program.classify.run(["inspect", second, "--recipe"]).text == printed.text)
    expectSuccess(try Program.classify.run(["inspect", second, "--check"]))
    let (one, two) = (try bytes(first), try bytes(second))
    let same = zip(one, two).count { $0 == $1 }
    #expect(one.count == two.count && Double(same) > 0.9 * Double(one.count))
  }

  @Test func checkReadsTheTensors() throws {
    let outcome = try Program.classify.run(["inspect", model, "--check"])
    expectSuccess(outcome)
    #expect(outcome.text.contains("all good"))
    let json = try Program.classify.run(["inspect", model, "--check", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any]
    #expect(object?["tensor_data_checked"] as? Bool == true)
  }
}
