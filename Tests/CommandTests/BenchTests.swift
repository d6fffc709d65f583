import Foundation
import Testing

/// `gliclass bench`.
@Suite struct BenchTests {
  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  @Test func measures() throws {
    struct Result: Decodable {
      var isa: String
      var threads: Int
      var tokens: Int
      var batch: Int
      var labels: Int
      var runs: Int
      var median_ms: Double
      var min_ms: Double
      var p90_ms: Double
      var open_ms: Double
      var workspace_bytes: Int
      var peak_resident_bytes: Int
      var logits_crc32: UInt32
    }
    let options = ["--tokens", "32", "--batch", "3", "--labels", "4", "--runs", "5", "--threads", "1"]
    let outcome = try Program.classify.run(["bench", model, "--json"] + options, environment: ["GLC_ISA": "scalar"])
    expectSuccess(outcome)
    let result = try outcome.json(Result.self)
    #expect(result.isa == "scalar")
    let sizes = [result.threads, result.tokens, result.batch, result.labels, result.runs]
    #expect(sizes == ([1, 32, 3, 4, 5] as [Int]))
    #expect(result.min_ms > 0 && result.min_ms <= result.median_ms && result.median_ms <= result.p90_ms)
    #expect(result.open_ms > 0 && result.workspace_bytes > 0 && result.peak_resident_bytes > 0)
    let table = try Program.classify.run(["bench", model] + options)
    expectSuccess(table)
    for word in ["32 tokens x 3", "median", "texts/s", "peak resident"] { #expect(table.text.contains(word)) }
  }

  /// The checksum of the logits does not depend on how they are computed, and does on what is.
  @Test func logitsHaveOneChecksum() throws {
    func checksum(_ options: [String], _ set: String) throws -> UInt32 {
      struct Result: Decodable { var logits_crc32: UInt32 }
      let common = ["bench", model, "--json", "--tokens", "40", "--batch", "3", "--runs", "1", "--warm-up", "0"]
      let outcome = try Program.classify.run(common + options, environment: ["GLC_ISA": set])
      expectSuccess(outcome)
      return try outcome.json(Result.self).logits_crc32
    }
    let expected = try checksum(["--threads", "1"], "scalar")
    #expect(try checksum(["--threads", "2", "--alone"], "scalar") == expected)
    #expect(try checksum(["--labels", "7"], "scalar") != expected)
  }

  @Test func profileSaysWhereTheTimeGoes() throws {
    struct Result: Decodable {
      struct Profile: Decodable {
        struct Stage: Decodable {
          var stage: String
          var ms: Double
          var share: Double
          var gops: Double?
          var of_limit: Double?
        }
        var runs: Int
        var total_ms: Double
        var sum_ms: Double
        var tokenization_ms: Double
        var tokenization_tokens: Int
        var int8_limit_gops: Double
        var f32_limit_gops: Double
        var stages: [Stage]
      }
      var profile: Profile?
    }
    let options = ["bench", model, "--tokens", "64", "--runs", "20", "--profile"]
    let outcome = try Program.classify.run(options + ["--json"])
    expectSuccess(outcome)
    let profile = try #require(try outcome.json(Result.self).profile)
    #expect(profile.runs == 20 && profile.int8_limit_gops > 0 && profile.f32_limit_gops > 0)
    let names = profile.stages.map(\.stage)
    #expect(
      names == [
        "preparation", "embeddings", "query_key_value", "attention_products", "attention_softmax", "attention_output",
        "intermediate", "output", "layer_norm", "quantization", "head",
      ])
    for stage in profile.stages {
      let isProduct = ["query_key_value", "attention_output", "intermediate", "output"].contains(stage.stage)
      #expect(stage.ms > 0 && stage.share > 0 && stage.share < 1 && (stage.gops ?? 0 > 0) == isProduct)
      #expect((stage.of_limit ?? 0 > 0) == isProduct)
    }
    // What is missing is between two calls.
    #expect(profile.sum_ms <= profile.total_ms && profile.sum_ms > 0)
    #expect(profile.tokenization_ms > 0 && profile.tokenization_tokens > 0)
    let table = try Program.classify.run(options)
    expectSuccess(table)
    for word in ["profile of 20 runs", "query, key, value", "GOPS", "all of these"] {
      #expect(table.text.contains(word))
    }
    #expect(try outcome.json(Result.self).profile != nil)
    #expect(!(try Program.classify.run(["bench", model, "--runs", "1", "--json"]).text.contains("profile")))
  }
}
