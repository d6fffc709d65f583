import Foundation
import Testing
import TestSupport

/// Conversions that went wrong in ways that no checksum shows: each must fail under a bound that the honest conversion keeps
/// (three times its 99th percentile of logit errors), and the report must say what is wrong with it.
@Suite struct SabotageTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private static let checkpoint = "\(Fixtures.folder)/debian-tags-f16"
  private static let reference = "\(checkpoint)/reference.jsonl"
  private static let data = "\(checkpoint)/eval.jsonl"
  private static let honest = Result { try honestRun() }

  /// The honest file, and three times the 99th percentile of its logit errors.
  private struct Honest {
    var bytes: [UInt8]
    var bound: Double
  }

  private static func honestRun() throws -> Honest {
    let folder = try TemporaryFolder()
    let model = try folder.write("model.glc", try Models.debianTags.get())
    let outcome = try Program.verify.run([model, "--reference", reference, "--data", data, "--json", "-"])
    return Honest(
      bytes: try Models.debianTags.get(), bound: 3 * (try outcome.json(VerifyTests.Verdict.self).logit_error.p99))
  }

  /// A file that `edit` spoiled.
  private func sabotaged(_ edit: (inout SabotagedGLC) throws -> Void) throws -> String {
    let path = try folder.write("sabotaged.glc", try Self.honest.get().bytes)
    var file = try SabotagedGLC(path: path)
    try edit(&file)
    try file.write(to: path)
    return path
  }

  private func verify(
    _ model: String, reference: String = reference, checkpoint: String? = checkpoint, _ options: [String] = []
  ) throws -> Outcome {
    try Program.verify.run(
      [model, "--reference", reference, "--data", Self.data, "--max-logit-error", "\(try Self.honest.get().bound)"]
        + (checkpoint.map { ["--checkpoint", $0] } ?? []) + options)
  }

  /// Caught, with every text of `naming` in the report.
  private func expectCaught(
    _ outcome: Outcome, naming texts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.end == .status(1), "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.errors.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
    for text in texts {
      #expect(outcome.text.contains(text), "\(text) in: \(outcome.text)", sourceLocation: sourceLocation)
    }
    #expect(outcome.lines.last?.hasPrefix("verdict: FAIL ") == true, "\(outcome)", sourceLocation: sourceLocation)
  }

  @Test func honestConversionPasses() throws {
    let model = try folder.write("model.glc", try Self.honest.get().bytes)
    for checkpoint in [nil, Self.checkpoint] {
      let outcome = try verify(model, checkpoint: checkpoint, checkpoint == nil ? [] : ["--layers"])
      expectSuccess(outcome)
      #expect(outcome.lines.last?.hasPrefix("verdict: pass ") == true)
    }
  }

  @Test func zeroedTile() throws {
    let name = "layers.2.attention.value.weight"
    let model = try sabotaged { try $0.zeroTile(name, block: 1, tile: 1) }
    expectCaught(try verify(model), naming: [name, "channels 16 to 31", "features 64 to 127"])
    // Without a checkpoint, what can be seen of the file alone.
    expectCaught(try verify(model, checkpoint: nil), naming: [name, "channels 16 to 31", "features 64 to 127"])
  }

  @Test(arguments: [("layers.1.feed_forward.output.weight", 37), ("layers.3.attention.query.weight", 5)])
  func doubledScale(_ name: String, _ channel: Int) throws {
    let model = try sabotaged { try $0.scaleChannel(name, channel, by: 2) }
    expectCaught(try verify(model), naming: [name, "channel \(channel)", "2.00 times"])
  }

  @Test func exchangedMarkers() throws {
    let model = try sabotaged { try $0.swapRows("embeddings.tokens", 8001, 8002) }
    expectCaught(try verify(model), naming: ["embeddings.tokens", "8001", "8002", "<<LABEL>>", "<<SEP>>"])
  }

  @Test func otherTokenizerProfile() throws {
    let model = folder["five.glc"]
    expectSuccess(try Program.convert.run([Self.checkpoint, "-o", model, "--tokenizer-profile", "transformers-5"]))
    expectCaught(try verify(model), naming: ["tokenizer", "transformers-5", "tokenizers"])
    expectCaught(try verify(model, checkpoint: nil), naming: ["tokenizer", "transformers-5", "tokenizers"])
    let computed = try Program.verify.run([
      model, "--checkpoint", Self.checkpoint, "--tokenizer-profile", "tokenizers", "--data", Self.data,
    ])
    expectCaught(computed, naming: ["tokenizer", "transformers-5"])
  }

  @Test func promptTheOtherWayRound() throws {
    let model = try sabotaged { try $0.setMetadata("prompt.prompt_first", to: false) }
    expectCaught(try verify(model), naming: ["prompt.prompt_first", "tokens"])
    expectCaught(try verify(model, checkpoint: nil), naming: ["prompt-first", "tokens"])
  }

  @Test func skippedLayer() throws {
    let fewer = try sabotaged { try $0.setMetadata("model.layers", to: 3) }
    expectCaught(try verify(fewer), naming: ["model.layers", "layers.3"])
    // The last layer in place of the one before it, under the right names.
    let moved = try sabotaged { file in
      for tensor in file.tensors where tensor.name.hasPrefix("layers.3.") {
        try file.copyContents(from: tensor.name, to: "layers.2." + tensor.name.dropFirst("layers.3.".count))
      }
    }
    expectCaught(try verify(moved), naming: ["layers.2"])
  }

  @Test func otherEpsilon() throws {
    let model = try sabotaged { file in
      let epsilon = try #require(try file.metadataValue("model.layer_norm_epsilon") as? Double)
      try file.setMetadata("model.layer_norm_epsilon", to: epsilon * 1000)
    }
    expectCaught(try verify(model), naming: ["model.layer_norm_epsilon"])
  }

  @Test func referenceOfAnotherCheckpoint() throws {
    let model = try folder.write("model.glc", try Self.honest.get().bytes)
    let other = try folder.checkpointCopy(Self.checkpoint) { weights in
      // One bit of one weight, far behind the header.
      weights[weights.count - 1000] ^= 0x10
    }
    let computed = try Program.verify.run([model, "--checkpoint", other, "--data", Self.data])
    expectCaught(computed, naming: ["checkpoint", "sha256:"])
    var lines = String(decoding: try bytes(Self.reference), as: UTF8.self).split(separator: "\n").map(String.init)
    lines[0] = lines[0].replacing(#/"content_digest": "[^"]*", /#, with: "")
    lines[0] = lines[0].replacing("{\"reference\": {", with: "{\"reference\": {\"content_digest\": \"sha256:12ab\", ")
    let path = try folder.write("reference.jsonl", lines.joined(separator: "\n"))
    expectCaught(try verify(model, reference: path, checkpoint: nil), naming: ["checkpoint", "sha256:12ab"])
  }

  /// No verdict at all, which is status 65.
  @Test func truncatedReference() throws {
    let model = try folder.write("model.glc", try Self.honest.get().bytes)
    let whole = try bytes(Self.reference)
    let cut = try folder.write("cut.jsonl", Array(whole.prefix(whole.count * 2 / 3)))
    let lines = whole.prefix(whole.count * 2 / 3).count { $0 == 0x0A } + 1
    expectFailure(try verify(model, reference: cut), status: 65, naming: [cut, "line \(lines)"])
    let end = try #require(whole.prefix(whole.count * 2 / 3).lastIndex(of: 0x0A))
    let fewer = try folder.write("fewer.jsonl", Array(whole.prefix(end + 1)))
    expectFailure(try verify(model, reference: fewer), status: 65, naming: [Self.data, "line \(lines - 1)", fewer])
  }

  @Test func notANumber() throws {
    let norm = try sabotaged { try $0.setValue("layers.1.attention.norm.gain", column: 3, to: .nan) }
    expectCaught(
      try verify(norm), naming: ["layers.1.attention.norm.gain", "layer 1", "max_logit_error=NaN", "finite"])
    expectCaught(
      try verify(norm, checkpoint: nil), naming: ["layers.1.attention.norm.gain", "max_logit_error=NaN", "finite"])
    // Without any bound, too.
    let unbounded = try Program.verify.run([norm, "--reference", Self.reference, "--data", Self.data])
    expectCaught(unbounded, naming: ["texts without a finite result: 200, at most 0"])
    let scale = try sabotaged { try $0.setScale("head.text.second.weight", 7, to: .infinity) }
    expectCaught(try verify(scale), naming: ["head.text.second.weight", "max_logit_error=NaN"])
  }
}
