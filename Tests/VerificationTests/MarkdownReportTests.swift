import Testing
import Verification

@Suite struct MarkdownReportTests {
  /// Cells of a table's row: a pipe that is text would make more of them.
  private func cells(_ line: Substring) -> Int {
    line.split(separator: "|", omittingEmptySubsequences: false).count - 2
  }

  /// GitHub refuses comments of more than 65,536 characters.
  @Test func staysBelowGitHubsLimit() throws {
    for (name, verdict) in try ReportCases.all() {
      #expect(MarkdownReport(verdict).text.utf8.count <= 60_000, "\(name)")
    }
    var verdict = try ReportCases.manyLabels()
    verdict.worstTexts = (0..<50).flatMap { _ in verdict.worstTexts }
    verdict.notes = (0..<500).map { "note \($0) " + String(repeating: "long ", count: 1_000) }
    let text = MarkdownReport(verdict).text
    #expect(text.utf8.count <= 60_000 && text.hasSuffix("_\n"))
    #expect(text.contains("_Cut, to stay below GitHub"))

    let suite = try ReportCases.suite()
    let many = SuiteVerdict(model: suite.model, rows: (0..<30).flatMap { _ in suite.rows })
    #expect(MarkdownReport(many).text.utf8.count <= 60_000)
  }

  @Test func saysOutcomeAndFigures() throws {
    let verdict = try ReportCases.failing()
    let text = MarkdownReport(verdict).text
    #expect(text.hasPrefix("## FAIL: <code>"))
    #expect(MarkdownReport(try ReportCases.alike()).text.hasPrefix("## PASS: "))
    for judgement in verdict.judgements { #expect(text.contains("<code>\(judgement.name)</code>")) }
    #expect(text.contains("| micro F1 |") && text.contains("<details><summary>"))
    #expect(text.contains("verdict: FAIL micro_f1_drift="))
    #expect(MarkdownReport(try ReportCases.withoutTruth()).text.contains("No true labels: agreement only."))
  }

  /// Every row of a table has the cells of its head, and nothing in a name is markup.
  @Test func namesAreNoMarkup() throws {
    for (name, verdict) in try ReportCases.all() {
      var width: Int?
      for line in MarkdownReport(verdict).text.split(separator: "\n", omittingEmptySubsequences: false) {
        guard line.hasPrefix("|") else {
          width = nil
          continue
        }
        #expect(cells(line) == width ?? cells(line), "\(name): \(line)")
        width = cells(line)
      }
    }
    let text = MarkdownReport(try ReportCases.hostileNames()).text
    for markup in ["<script", "</td>", "`code`", "**bold", "@user", "www.", "http://", "\u{1B}", "\u{202E}", "#1 "] {
      #expect(!text.contains(markup), "\(markup)")
    }
  }

  /// What is folded is closed again.
  @Test func elementsAreClosed() throws {
    for (name, verdict) in try ReportCases.all() {
      let text = MarkdownReport(verdict).text
      for element in ["details", "summary", "code"] {
        #expect(
          text.components("<\(element)>") == text.components("</\(element)>"), "\(element), \(name)")
      }
    }
  }

  @Test func suiteIsATable() throws {
    let suite = try ReportCases.suite()
    let text = MarkdownReport(suite).text
    #expect(text.contains("<code>AVERAGE</code>"))
    for row in suite.rows { #expect(text.contains("| <code>\(row.name)</code> |")) }
  }
}

extension String {
  /// How often `part` is in it.
  fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
