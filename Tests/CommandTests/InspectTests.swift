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

  @Test func checkReadsTheTensors() throws {
    let outcome = try Program.classify.run(["inspect", model, "--check"])
    expectSuccess(outcome)
    #expect(outcome.text.contains("all good"))
    let json = try Program.classify.run(["inspect", model, "--check", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any]
    #expect(object?["tensor_data_checked"] as? Bool == true)
  }
}
