import ModelCore

extension Verdict {
  /// The table for people; the last line is for grep.
  public var table: String {
    func row(_ name: String, _ cells: [String]) -> String {
      name.padded(to: 24) + cells.map { $0.leftPadded(to: 12) }.joined()
    }
    let rows = [
      "model      \(model)",
      "reference  \(reference) (\(producer))",
      "data       \(data): \(texts) texts, \(decisions) decisions at threshold \(threshold)",
      "",
      row("", ["reference", "model", "drift"]),
      row(
        "micro F1",
        [
          Formatting.decimals(referenceF1.micro, 5), Formatting.decimals(modelF1.micro, 5),
          Formatting.signed(microDrift, 5),
        ]),
      row(
        "macro F1 (\(referenceF1.labelCount) labels)",
        [
          Formatting.decimals(referenceF1.macro, 5), Formatting.decimals(modelF1.macro, 5),
          Formatting.signed(macroDrift, 5),
        ]),
      "",
      row("", ["mean", "p99", "max"]),
      row(
        "logit error",
        [logitErrors.mean, logitErrors.quantile(0.99), logitErrors.maximum].map { Formatting.decimals($0, 5) }),
      "",
      "decisions flipped       \(flips) of \(decisions) (\(Formatting.decimals(flipRate * 100, 3)) %)",
      "token ids               "
        + (tokenMismatches == 0 ? "equal in every text" : "differ in \(tokenMismatches) of \(texts) texts"),
    ]
    let noteRows = notes.map { "note: \($0)" }
    let judged = judgements.map {
      "\($0.passes ? "pass" : "FAIL"): \($0.name) \(Formatting.decimals($0.found, 6)), bound \($0.bound)"
    }
    let summary =
      "verdict: \(passes ? "pass" : "FAIL") micro_f1_drift=\(Formatting.signed(microDrift, 6)) flips=\(flips) "
      + "max_logit_error=\(Formatting.decimals(logitErrors.maximum, 6))"
    return (rows + noteRows + [""] + judged + [summary]).joined(separator: "\n")
  }

  /// The same for programs.
  public var json: JSON {
    func scores(_ f1: F1Scores) -> JSON { .object([("micro_f1", .double(f1.micro)), ("macro_f1", .double(f1.macro))]) }
    return .object([
      ("schema", .int(1)),
      ("model", .string(model)),
      ("content_digest", contentDigest.map { .string($0) } ?? .null),
      ("numerics_revision", .int(Int(numericsRevision))),
      ("reference", .object([("path", .string(reference)), ("producer", .string(producer))])),
      ("data", .string(data)),
      ("threshold", .float(threshold)),
      ("texts", .int(texts)),
      ("decisions", .int(decisions)),
      ("labels", .int(referenceF1.labelCount)),
      ("reference_scores", scores(referenceF1)),
      ("model_scores", scores(modelF1)),
      ("drift", .object([("micro_f1", .double(microDrift)), ("macro_f1", .double(macroDrift))])),
      ("flips", .object([("count", .int(flips)), ("rate", .double(flipRate))])),
      (
        "logit_error",
        .object([
          ("mean", .double(logitErrors.mean)), ("p99", .double(logitErrors.quantile(0.99))),
          ("max", .double(logitErrors.maximum)),
        ])
      ),
      ("token_mismatches", .int(tokenMismatches)),
      ("notes", .array(notes.map { .string($0) })),
      (
        "judgements",
        .array(
          judgements.map {
            .object([
              ("name", .string($0.name)), ("bound", .double($0.bound)), ("found", .double($0.found)),
              ("passes", .bool($0.passes)),
            ])
          })
      ),
      ("passes", .bool(passes)),
    ])
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
