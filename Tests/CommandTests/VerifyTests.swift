import Foundation
import Testing

/// `gliclass-verify`, where there is a verdict.
@Suite struct VerifyTests {
  struct Verdict: Decodable {
    struct Scores: Decodable {
      var micro_f1: Double
      var macro_f1: Double
    }
    struct Count: Decodable {
      var count: Int
      var rate: Double
    }
    struct Errors: Decodable {
      var mean: Double
      var p99: Double
      var max: Double
    }
    struct Judgement: Decodable {
      var name: String
      var bound: Double
      var found: Double
      var passes: Bool
    }
    struct Identity: Decodable {
      var field: String
      var agrees: Bool
      var passes: Bool
    }
    var texts: Int
    var decisions: Int
    var identity: [Identity]
    var reference_scores: Scores
    var model_scores: Scores
    var drift: Scores
    var flips: Count
    var logit_error: Errors
    var token_mismatches: Int
    var notes: [String]
    var judgements: [Judgement]
    var numerics_revision: Int
    var passes: Bool
  }

  private let folder: TemporaryFolder
  private let model: String
  init() throws {
    folder = try TemporaryFolder()
    model = try folder.model()
  }

  private static let reference = ["--reference", "\(Fixtures.tiny)/reference.jsonl"]
  private static let data = ["--data", "\(Fixtures.tiny)/eval.jsonl"]
  private func verify(_ options: [String]) throws -> Outcome { try Program.verify.run([model] + options) }
  private func verdict(_ options: [String] = reference + data) throws -> Verdict {
    let outcome = try verify(options + ["--json", "-"])
    expectSuccess(outcome)
    return try outcome.json(Verdict.self)
  }

  @Test func verdictForPeople() throws {
    let outcome = try verify(Self.reference + Self.data + ["--max-f1-drift", "1", "--max-logit-error", "5"])
    expectSuccess(outcome)
    for text in [
      "gliclass 0.1.21", "20 texts, 172 decisions", "micro F1", "macro F1", "logit error", "equal in every text",
    ] {
      #expect(outcome.text.contains(text), "\(text) in \(outcome)")
    }
    #expect(outcome.lines.last?.hasPrefix("verdict: pass micro_f1_drift=") == true)
  }

  @Test func verdictForPrograms() throws {
    let verdict = try verdict()
    #expect(verdict.texts == 20 && verdict.decisions == 172 && verdict.token_mismatches == 0)
    #expect(abs(verdict.drift.micro_f1 - (verdict.reference_scores.micro_f1 - verdict.model_scores.micro_f1)) < 1e-12)
    #expect(abs(verdict.flips.rate - Double(verdict.flips.count) / 172) < 1e-12)
    #expect(verdict.logit_error.mean < verdict.logit_error.p99 && verdict.logit_error.p99 <= verdict.logit_error.max)
    #expect(verdict.judgements.isEmpty && verdict.passes && verdict.notes.isEmpty)
    #expect(verdict.numerics_revision == 1)
  }

  @Test func boundsDecide() throws {
    let maximum = try verdict().logit_error.max
    for (bound, status) in [(maximum, Int32(0)), (maximum.nextUp, 0), (maximum.nextDown, 1), (0, 1)] {
      let outcome = try verify(Self.reference + Self.data + ["--max-logit-error", "\(bound)"])
      #expect(outcome.end == .status(status), "\(outcome)")
      #expect(outcome.errors.isEmpty)
      #expect(outcome.lines.last?.hasPrefix(status == 0 ? "verdict: pass" : "verdict: FAIL") == true)
    }
    // A reference that is always right: what the model does not find is lost.
    let text = String(decoding: try bytes("\(Fixtures.tiny)/reference.jsonl"), as: UTF8.self)
    var lines = text.split(separator: "\n").map(String.init)
    for index in 1..<lines.count {
      let data = try bytes("\(Fixtures.tiny)/eval.jsonl").split(separator: 0x0A)[index - 1]
      let truth = try JSONDecoder().decode(DataLine.self, from: Data(data))
      let logits = truth.all_labels.map { truth.true_labels.contains($0) ? "9" : "-9" }.joined(separator: ", ")
      lines[index] = lines[index].replacing(/"logits": \[[^\]]*\]/, with: "\"logits\": [\(logits)]")
    }
    let perfect = try folder.write("perfect.jsonl", lines.joined(separator: "\n"))
    let outcome = try verify(
      ["--reference", perfect] + Self.data + ["--max-f1-drift", "0.1", "--json", folder["v.json"]])
    #expect(outcome.end == .status(1), "\(outcome)")
    let verdict = try JSONDecoder().decode(Verdict.self, from: Data(folder.bytes("v.json")))
    #expect(verdict.reference_scores.micro_f1 == 1 && !verdict.passes)
    #expect(verdict.judgements.map(\.name) == ["max-f1-drift"])
  }

  private struct DataLine: Decodable {
    var all_labels: [String]
    var true_labels: [String]
  }

  @Test func thresholdDecides() throws {
    let none = try verdict(Self.reference + Self.data + ["--threshold", "1"])
    #expect(none.model_scores.micro_f1 == 0 && none.reference_scores.micro_f1 == 0)
    let all = try verdict(Self.reference + Self.data + ["--threshold", "0"])
    #expect(all.flips.count == 0 && all.model_scores.micro_f1 > 0)
  }

  @Test func checkpointInPlaceOfReferenceOutputs() throws {
    let python = try verdict()
    let own = try verdict(["--checkpoint", Fixtures.tiny] + Self.data)
    #expect(own.texts == 20 && own.token_mismatches == 0)
    #expect(abs(own.logit_error.max - python.logit_error.max) < 1e-3)
    #expect(own.reference_scores.micro_f1 == python.reference_scores.micro_f1)
    #expect(own.notes.isEmpty)
    let file = try verdict(["--checkpoint", "\(Fixtures.tiny)/model.safetensors"] + Self.data)
    #expect(file.logit_error.max == own.logit_error.max)
  }

  /// With the maximum hardly beyond the middle, bucket 15 follows bucket 8.
  @Test func bucketsThatSkipAreThoseOfTheReference() throws {
    let checkpoint = try folder.checkpoint(
      replacing: "\"max_relative_positions\": -1", with: "\"max_relative_positions\": 10", in: "config.json")
    let model = folder["skipping.glc"]
    expectSuccess(try Program.convert.run([checkpoint, "-o", model, "--f32"]))
    let outcome = try Program.verify.run(
      [model, "--checkpoint", checkpoint, "--max-logit-error", "0.001"] + Self.data)
    expectSuccess(outcome)
  }

  @Test func dataAsAnArray() throws {
    let lines = String(decoding: try bytes("\(Fixtures.tiny)/eval.jsonl"), as: UTF8.self).split(separator: "\n")
    let array = try folder.write("eval.json", "[\(lines.joined(separator: ",\n"))]\n")
    let found = try verdict(Self.reference + ["--data", array])
    #expect(try found.logit_error.max == verdict().logit_error.max)
  }

  /// Another model fails whatever the bounds, and is named; or is compared all the same.
  @Test func anotherModelIsNamed() throws {
    let other = try folder.write("other.glc", try Models.debianTags.get())
    let outcome = try Program.verify.run([other] + Self.reference + Self.data + ["--json", "-"])
    #expect(outcome.end == .status(1), "\(outcome)")
    let verdict = try outcome.json(Verdict.self)
    #expect(verdict.token_mismatches == 20 && !verdict.passes)
    #expect(verdict.identity.filter { !$0.passes }.map(\.field) == ["checkpoint", "tokens"])
    let allowed = try Program.verify.run(
      [other] + Self.reference + Self.data
        + ["--json", "-", "--allow-mismatch", "checkpoint", "--allow-mismatch", "tokens"])
    expectSuccess(allowed)
    #expect(try allowed.json(Verdict.self).identity.filter { !$0.agrees }.count == 2)
  }

  @Test func reportIsWrittenWholeOrNotAtAll() throws {
    try folder.write("verdict.json", "old")
    let good = try verify(Self.reference + Self.data + ["--json", folder["verdict.json"]])
    expectSuccess(good)
    #expect(good.text.contains("verdict: pass"))
    #expect(try JSONDecoder().decode(Verdict.self, from: Data(folder.bytes("verdict.json"))).passes)
    #expect(folder.names == ["model.glc", "verdict.json"])

    try folder.write("verdict.json", "old")
    let limited = try ChildProcess.run(
      ["/bin/sh", "-c", "ulimit -f 1; exec \"$@\"", "sh", Program.verify.path, model] + Self.reference + Self.data
        + ["--json", folder["verdict.json"]])
    expectFailure(limited, status: 74, naming: [folder["verdict.json"], "write failed"])
    #expect(try folder.bytes("verdict.json") == Array("old".utf8))
    #expect(folder.names == ["model.glc", "verdict.json"])

    for path in [folder["none/verdict.json"], folder.path, "/proc/verdict.json"] {
      let outcome = try verify(Self.reference + Self.data + ["--json", path])
      expectFailure(outcome, status: 73, naming: [path, "cannot create"])
    }
  }
}
