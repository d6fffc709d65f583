import Testing
import Verification

@Suite struct TextReportTests {
  /// `key=value` of the last line.
  private func summary(_ text: String) throws -> (outcome: String, fields: [String: String], keys: [String]) {
    let line = try #require(text.split(separator: "\n").last)
    let words = line.split(separator: " ").map(String.init)
    try #require(words.count > 2 && words[0] == "verdict:")
    let pairs = words.dropFirst(2).map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    return (words[1], Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) }), pairs.map { $0[0] })
  }

  @Test func lastLineIsForGrep() throws {
    let verdict = try ReportCases.real()
    let found = try summary(TextReport(verdict).text)
    #expect(found.outcome == (verdict.passes ? "pass" : "FAIL"))
    #expect(found.keys == ["micro_f1_drift", "micro_f1_drift_upper", "flips", "max_logit_error"])
    let micro = try #require(verdict.measures[.microF1])
    #expect(abs(try #require(Double(found.fields["micro_f1_drift"] ?? "")) - micro.drift) <= 5e-7)
    #expect(abs(try #require(Double(found.fields["micro_f1_drift_upper"] ?? "")) - micro.interval.upper) <= 5e-7)
    #expect(found.fields["flips"] == "\(verdict.measures.agreement.flipCount)")

    let none = try summary(TextReport(ReportCases.withoutTruth()).text)
    #expect(none.keys == ["flips", "max_logit_error"])
    let failing = try summary(TextReport(ReportCases.failing()).text)
    #expect(failing.outcome == "FAIL")
    let infinite = try summary(TextReport(ReportCases.notFinite()).text)
    #expect(infinite.fields["max_logit_error"] == "NaN" && infinite.outcome == "FAIL")
  }

  @Test func everythingIsSaid() throws {
    let verdict = try ReportCases.real()
    let text = TextReport(verdict).text
    for part in [
      verdict.model.path, verdict.reference.path, verdict.reference.producer, verdict.data.path,
      String(verdict.data.sha256.prefix(12)), "micro F1", "macro F1", "95 %", "McNemar", "decisions flipped",
      "logit error", "same best label", "best at", "error by stage", "texts with the largest logit errors",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    for judgement in verdict.judgements { #expect(text.contains("(\(judgement.name))")) }
    for note in verdict.notes { #expect(text.contains(String(note.prefix(40)))) }
  }

  @Test func whatFailsIsSaid() throws {
    let verdict = try ReportCases.failing()
    let lines = TextReport(verdict).text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("FAIL: ") && $0.contains("expected") })
    let text = lines.joined(separator: " ")
    #expect(text.contains("found another") && text.contains("(\(verdict.judgements[0].name))"))
    #expect(lines.contains { $0.hasPrefix("finding: layers.1.attention.value.weight") })
    var allowed = verdict
    allowed.identity[0].isAllowed = true
    #expect(TextReport(allowed).text.contains("differs, allowed: "))
  }

  @Test func withoutTruthIsSaidPlainly() throws {
    let text = TextReport(try ReportCases.withoutTruth()).text
    #expect(text.contains("\nno true labels: agreement only\n"))
    #expect(!text.contains("micro F1") && !text.contains("McNemar") && !text.contains("F1 of labels"))
  }

  /// Whole lines, and nothing that a terminal obeys.
  @Test func fitsATerminal() throws {
    for (name, verdict) in try ReportCases.all() {
      let text = TextReport(verdict).text
      // The last line is for grep.
      for line in text.split(separator: "\n").dropLast() where name != "hostile names" {
        #expect(line.count <= 100, "\(name): \(line)")
      }
      #expect(!text.unicodeScalars.contains { ($0.value < 32 && $0 != "\n") || $0 == "\u{202E}" }, "\(name)")
      #expect(text == TextReport(verdict).text)
    }
  }

  @Test func suiteHasARowADataSetAndAverages() throws {
    let suite = try ReportCases.suite()
    let text = TextReport(suite).text
    let lines = text.split(separator: "\n").map(String.init)
    for row in suite.rows { #expect(lines.contains { $0.hasPrefix("\(row.name) ") }, "\(row.name)") }
    #expect(lines.contains { $0.hasPrefix("AVERAGE ") })
    let found = try summary(text)
    let failed = suite.rows.count { !$0.verdict.passes }
    #expect(
      found.keys == ["sets", "failed", "average_micro_f1_drift", "flips", "max_logit_error"] && found.outcome == "FAIL")
    #expect(
      found.fields["sets"] == "\(suite.rows.count)" && found.fields["failed"] == "\(failed)"
        && found.fields["max_logit_error"] == "NaN")
  }

  /// Averages by hand: data sets count the same, and those without truth not at all.
  @Test func averagesOfASuite() throws {
    var first = try ReportCases.real()
    var second = first
    first.measures.metrics[0].reference = 0.75
    first.measures.metrics[0].model = 0.5
    second.measures.metrics[0].reference = 0.25
    second.measures.metrics[0].model = 0.25
    first.measures.agreement.flipCount = 3
    second.measures.agreement.flipCount = 4
    var none = try ReportCases.withoutTruth()
    none.measures.agreement.flipCount = 5
    let suite = SuiteVerdict(
      model: first.model,
      rows: [
        .init(name: "a", verdict: first), .init(name: "b", verdict: second), .init(name: "c", verdict: none),
      ])
    let average = try #require(suite.average(first.measures.metrics[0].metric))
    #expect(average.reference == 0.5 && average.model == 0.375 && average.drift == 0.125 && average.sets == 2)
    #expect(suite.flips == 12)
    #expect(!SuiteVerdict(model: first.model, rows: []).passes)
    #expect(SuiteVerdict(model: first.model, rows: []).average(.microF1) == nil)
    #expect(SuiteVerdict(model: first.model, rows: [.init(name: "c", verdict: none)]).average(.microF1) == nil)
  }
}
