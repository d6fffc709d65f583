import ModelCore
import Testing
import Verification

/// Figures, judgements and the two reports of a verdict whose counts are given.
@Suite struct VerdictTests {
  /// Two texts, four decisions: reference F1 1, model F1 2/3 (one of two positives lost).
  static func verdict(
    f1Drift: Double? = nil, logitError: Double? = nil, notes: [String] = [], errors: [Float] = [0.25, 0.5]
  ) throws -> Verdict {
    var verdict = try emptyVerdict()
    verdict.bounds = VerificationBounds(f1Drift: f1Drift, logitError: logitError)
    verdict.notes = notes
    verdict.texts = 2
    verdict.decisions = 4
    verdict.flips = 1
    for (label, actual, model) in [("a", true, true), ("b", true, false), ("a", false, false), ("b", false, false)] {
      verdict.referenceF1.add(label, predicted: actual, actual: actual)
      verdict.modelF1.add(label, predicted: model, actual: actual)
    }
    for error in errors { verdict.logitErrors.add(error, reference: 0) }
    return verdict
  }

  /// A verdict of a real run, emptied: only ``Verifier`` makes one.
  static func emptyVerdict() throws -> Verdict {
    var verdict = try VerificationTests.verdict(
      Converted.f32.get(), reference: Fixtures.randomTiny + "/reference.jsonl")
    (verdict.model, verdict.reference, verdict.data, verdict.producer) = ("m.glc", "r.jsonl", "d.jsonl", "python")
    (verdict.texts, verdict.decisions, verdict.flips, verdict.tokenMismatches) = (0, 0, 0, 0)
    (verdict.referenceF1, verdict.modelF1, verdict.logitErrors) = (F1Scores(), F1Scores(), LogitErrors())
    return verdict
  }

  @Test func figures() throws {
    let verdict = try Self.verdict()
    #expect(verdict.microDrift == 1 - 2.0 / 3)
    #expect(verdict.macroDrift == 0.5)
    #expect(verdict.flipRate == 0.25)
    #expect(verdict.judgements.isEmpty && verdict.passes)
  }

  /// A bound is kept where the figure is at most the bound.
  @Test func bounds() throws {
    let drift = 1 - 2.0 / 3
    let cases: [(Double?, Double?, Bool)] = [
      (drift, nil, true), (drift.nextDown, nil, false), (nil, 0.5, true), (nil, 0.5.nextDown, false), (1, 1, true),
      (0, 1, false), (1, 0, false), (0, 0, false), (.nan, nil, false), (nil, .nan, false), (.infinity, .infinity, true),
    ]
    for (f1, logit, passes) in cases {
      let verdict = try Self.verdict(f1Drift: f1, logitError: logit)
      #expect(verdict.passes == passes, "\(String(describing: f1)), \(String(describing: logit))")
      #expect(verdict.judgements.count == (f1 == nil ? 0 : 1) + (logit == nil ? 0 : 1))
    }
    // A model better than its reference has a negative drift, and passes a bound of zero.
    var better = try Self.verdict(f1Drift: 0)
    swap(&better.referenceF1, &better.modelF1)
    #expect(better.microDrift < 0 && better.passes)
  }

  @Test func nothingAndNotANumberNeverPass() throws {
    var empty = try Self.emptyVerdict()
    #expect(empty.flipRate.isNaN)
    empty.bounds = VerificationBounds(logitError: .infinity)
    #expect(!empty.passes)
    let verdict = try Self.verdict(logitError: 1e9, errors: [0.1, .nan])
    #expect(!verdict.passes)
    #expect(
      verdict.table.split(separator: "\n").last == "verdict: FAIL micro_f1_drift=+0.333333 flips=1 max_logit_error=NaN")
    let json = try JSONDocument(verdict.json.text(), path: "v").root
    #expect(try json.required("logit_error").required("max").isNull)
    #expect(try json.required("judgements").element(0).required("found").isNull)
    #expect(try json.required("passes").requireBool() == false)
  }

  /// `verdict: (pass|FAIL) micro_f1_drift=±x flips=n max_logit_error=y`, as docs/verification.md shows it.
  @Test func lastLineOfTheTable() throws {
    func lastLine(_ verdict: Verdict) -> String { verdict.table.split(separator: "\n").last.map(String.init) ?? "" }
    #expect(lastLine(try Self.verdict()) == "verdict: pass micro_f1_drift=+0.333333 flips=1 max_logit_error=0.500000")
    #expect(
      lastLine(try Self.verdict(f1Drift: 0.1))
        == "verdict: FAIL micro_f1_drift=+0.333333 flips=1 max_logit_error=0.500000")
    var better = try Self.verdict()
    swap(&better.referenceF1, &better.modelF1)
    #expect(lastLine(better) == "verdict: pass micro_f1_drift=-0.333333 flips=1 max_logit_error=0.500000")
    let errors: [(Float, String)] = [
      (0.1214856, "0.121486"), (1e-7, "0.000000"), (0.9999996, "1.000000"), (12345.625, "12345.625000"),
      (.infinity, "inf"),
    ]
    for (error, text) in errors {
      #expect(lastLine(try Self.verdict(errors: [error])).hasSuffix("max_logit_error=\(text)"))
    }
  }

  @Test func table() throws {
    let verdict = try Self.verdict(f1Drift: 0.5, logitError: 0.1, notes: ["something odd"])
    let table = verdict.table
    let lines = table.split(separator: "\n").map(String.init)
    #expect(lines.first == "model      m.glc")
    #expect(table.contains("reference  r.jsonl (python)"))
    #expect(table.contains("data       d.jsonl: 2 texts, 4 decisions at threshold 0.5"))
    #expect(
      lines.contains {
        $0.hasPrefix("micro F1") && $0.contains("1.00000") && $0.contains("0.66667") && $0.hasSuffix("+0.33333")
      })
    #expect(lines.contains { $0.hasPrefix("macro F1 (2 labels)") && $0.hasSuffix("+0.50000") })
    #expect(lines.contains { $0.hasPrefix("logit error") && $0.contains("0.37500") && $0.hasSuffix("0.50000") })
    #expect(table.contains("decisions flipped       1 of 4 (25.000 %)"))
    #expect(table.contains("equal in every text"))
    #expect(lines.contains("note: something odd"))
    #expect(lines.contains("pass: micro F1 drift 0.333333, bound 0.5"))
    #expect(lines.contains("FAIL: largest logit error 0.500000, bound 0.1"))
    #expect(lines.count { $0.hasPrefix("verdict: ") } == 1)
    var mismatched = verdict
    mismatched.tokenMismatches = 1
    #expect(mismatched.table.contains("differ in 1 of 2 texts"))
  }

  /// Schema 1: every member, in order, and its value.
  @Test func json() throws {
    let verdict = try Self.verdict(f1Drift: 0.5, logitError: 0.1, notes: ["n"])
    let root = try JSONDocument(verdict.json.text(), path: "v").root
    #expect(
      root.keys == [
        "schema", "model", "content_digest", "numerics_revision", "reference", "data", "threshold", "texts",
        "decisions",
        "labels", "reference_scores", "model_scores", "drift", "flips", "logit_error", "token_mismatches", "notes",
        "judgements", "passes",
      ])
    #expect(root.member("schema")?.int == 1)
    #expect(root.member("content_digest")?.string?.hasPrefix("sha256:") == true)
    #expect(root.member("numerics_revision")?.int == Int(verdict.numericsRevision))
    func text(_ key: String) throws -> String { try root.required(key).json.text().filter { $0 != " " } }
    #expect(try text("reference") == #"{"path":"r.jsonl","producer":"python"}"#)
    #expect(try text("threshold") == "0.5")
    #expect(try [text("texts"), text("decisions"), text("labels"), text("token_mismatches")] == ["2", "4", "2", "0"])
    #expect(try text("reference_scores") == #"{"micro_f1":1.0,"macro_f1":1.0}"#)
    #expect(try text("model_scores") == #"{"micro_f1":0.6666666666666666,"macro_f1":0.5}"#)
    #expect(try text("drift") == #"{"micro_f1":0.33333333333333337,"macro_f1":0.5}"#)
    #expect(try text("flips") == #"{"count":1,"rate":0.25}"#)
    #expect(try text("logit_error") == #"{"mean":0.375,"p99":0.5,"max":0.5}"#)
    #expect(try text("notes") == #"["n"]"#)
    #expect(try root.required("judgements").count == 2)
    #expect(try root.required("judgements").element(0).json.text().contains("micro F1 drift"))
    #expect(try root.required("judgements").element(1).keys == ["name", "bound", "found", "passes"])
    #expect(root.member("passes")?.bool == false)
  }
}
