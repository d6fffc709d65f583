import Foundation
import Testing

/// `gliclass-convert` where it writes nothing, and what it says of odd checkpoints.
@Suite struct ConvertPlanTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func dryRunWritesNothing() throws {
    let outcome = try Program.convert.run([Fixtures.tiny, "-o", folder["out.glc"], "--dry-run"])
    expectSuccess(outcome)
    #expect(folder.names.isEmpty)
    #expect(outcome.lines.first?.hasPrefix("nothing written") == true)
    for row in [
      "weights    safetensors", "types      47 F32", "vocabulary 500 rows",
      "tokenizer  tokenizer.json, Unigram, profile tokenizers, checked against libsentencepiece: ",
    ] {
      #expect(outcome.text.contains(row), "\(row) in \(outcome)")
    }
    // The size said is the size that comes out.
    let size = try #require(outcome.lines.first { $0.contains("  size ") })
    let converted = try Program.convert.run([Fixtures.tiny, "-o", folder["out.glc"]])
    #expect(converted.lines.contains(size))
    expectSuccess(try Program.convert.run([Fixtures.tiny, "--dry-run"]))
  }

  @Test func listSaysWhatBecomesWhat() throws {
    let outcome = try Program.convert.run([Fixtures.tiny, "--list"])
    expectSuccess(outcome)
    let lines = outcome.lines.filter { $0.contains(" -> ") && !$0.hasPrefix("  ") }
    // 47 tensors written, of which four are projected from weights that are written too; three are projected; one is not read.
    #expect(lines.count == 47 + 3 + 1)
    let fields = lines.map { $0.split(whereSeparator: { $0 == " " }).map(String.init) }
    let word = "model.encoder_model.embeddings.word_embeddings.weight"
    #expect(fields.contains { $0.first == word && $0.contains("embeddings.tokens") && $0.contains("int8") })
    #expect(lines.last?.hasPrefix("model.logit_scale") == true && lines.last?.hasSuffix("not read") == true)
    let full = try Program.convert.run([Fixtures.tiny, "--list", "--f32"])
    #expect(full.text.contains("f32 panels") && !full.text.contains("int8"))
  }

  /// An option that needs tensors which are not there: they are named, before anything is written.
  @Test func optionsWithoutTheirTensorsAreRefused() throws {
    let checkpoint = try folder.checkpoint(
      replacing: "\"scorer_type\": \"simple\"", with: "\"scorer_type\": \"mlp\"", in: "config.json")
    let outcome = try Program.convert.run([checkpoint, "--dry-run"])
    expectFailure(outcome, status: 65, naming: ["model.safetensors", "missing 6 tensors", "model.scorer.mlp.4.bias"])
  }

  @Test func anAdapterIsMerged() throws {
    let adapter = Fixtures.folder + "/adapters/plain"
    let outcome = try Program.convert.run([Fixtures.tiny, "--adapter", adapter, "-o", folder["merged.glc"]])
    expectSuccess(outcome)
    #expect(outcome.text.contains("merged into 4 tensors"))
    #expect(try folder.bytes("merged.glc") != Models.tiny.get())
    let listed = try Program.convert.run([Fixtures.tiny, "--adapter", adapter, "--list"])
    #expect(listed.lines.filter { $0.contains("F32 merged") }.count == 6)
    let none = try Program.convert.run([Fixtures.tiny, "--adapter", folder["none"], "-o", folder["x.glc"]])
    expectFailure(none, status: 66, naming: [folder["none"]])
    let other = try Program.convert.run([Fixtures.tiny, "--adapter", Fixtures.tiny, "-o", folder["x.glc"]])
    expectFailure(other, status: 66, naming: ["adapter_model.safetensors"])
    // A verifier that is told of the adapter computes the reference with it.
    let data = Fixtures.tiny + "/eval.jsonl"
    func verify(_ more: [String]) throws -> Outcome {
      try Program.verify.run(
        [folder["merged.glc"], "--checkpoint", Fixtures.tiny, "--data", data, "--json", "-"] + more)
    }
    struct Verdict: Decodable {
      struct Identity: Decodable {
        var field: String
        var passes: Bool
      }
      var identity: [Identity]
    }
    func failures(_ more: [String]) throws -> [String] {
      try verify(more).json(Verdict.self).identity.filter { !$0.passes }.map(\.field)
    }
    #expect(try failures(["--adapter", adapter]) == [])
    #expect(try failures([]).contains("checkpoint"))
  }

  @Test func theFileThatWinsIsSaidAndTheOthersToo() throws {
    let checkpoint = try folder.checkpoint(without: "model.safetensors")
    for name in ["pytorch_model.bin", "config.json"] {
      try? FileManager.default.removeItem(atPath: "\(checkpoint)/\(name)")
      let source = name == "config.json" ? "micro" : "micro-zip"
      try FileManager.default.copyItem(
        atPath: "\(Fixtures.folder)/containers/\(source)/\(name)", toPath: "\(checkpoint)/\(name)")
    }
    try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(checkpoint)/pytorch_model.bin.index.json"))
    let outcome = try Program.convert.run([checkpoint, "--dry-run"])
    expectSuccess(outcome)
    #expect(outcome.text.contains("weights    PyTorch zip, \(checkpoint)/pytorch_model.bin\n"))
    #expect(outcome.text.contains("ignored    \(checkpoint)/pytorch_model.bin.index.json"))
  }
}
