import ModelCore

/// The verdict for a comment on a pull request, or `$GITHUB_STEP_SUMMARY`.
package struct MarkdownReport: Sendable {
  /// Bytes that no report exceeds: GitHub takes comments of 65,536 characters.
  package static let limit = 60_000

  package let text: String

  package init(_ verdict: Verdict) {
    var page = MarkdownPage()
    page.addOutcome(verdict)
    page.addFigures(verdict)
    page.addDetails(verdict)
    text = page.text
  }

  package init(_ suite: SuiteVerdict) {
    var page = MarkdownPage()
    let model = MarkdownText.code(suite.model.path.fileName)
    page.add("## \(suite.passes ? "PASS" : "FAIL"): \(model) on \(Figures.count(suite.rows.count, "data set"))")
    page.add("the table", MarkdownPage.table(suite.table))
    for note in suite.notes { page.add("a note", MarkdownText.words(note.capitalizedFirst) + ".") }
    for row in suite.rows where !row.verdict.passes {
      let reasons = row.verdict.reasons.map { "- \(MarkdownText.words($0))" }.joined(separator: "\n")
      page.add("why \(row.name) fails", "### \(MarkdownText.code(row.name))\n\n\(reasons)")
    }
    for row in suite.rows {
      page.addSection(
        row.name, MarkdownPage.list(row.verdict.compared) + "\n\n" + MarkdownPage.figures(row.verdict),
        title: MarkdownText.code(row.name))
    }
    text = page.text
  }
}

/// Blocks of Markdown, as long as there is room for them.
struct MarkdownPage {
  private var blocks: [String] = []
  private var bytes = 0
  /// What there was no room for.
  private var cut: [String] = []
  /// Kept for saying what was cut.
  private static let reserve = 2_000

  var text: String {
    guard !cut.isEmpty else { return blocks.joined(separator: "\n\n") + "\n" }
    let names = cut.count > 20 ? cut.prefix(20) + ["\(cut.count - 20) more"] : cut[...]
    let list = names.map { MarkdownText.words($0.cut(to: 40)) }.joined(separator: ", ")
    return (blocks + ["_Cut, to stay below GitHub's limit: \(list)._"]).joined(separator: "\n\n") + "\n"
  }

  mutating func add(_ block: String) { add("a part", block) }

  /// Adds `block`, or names it among what was cut.
  mutating func add(_ name: String, _ block: String) {
    let size = block.utf8.count + 2
    guard bytes + size <= MarkdownReport.limit - Self.reserve else {
      cut.append(name)
      return
    }
    bytes += size
    blocks.append(block)
  }

  /// A part that is folded.
  mutating func addSection(_ name: String, _ content: String, title: String? = nil) {
    let title = title ?? MarkdownText.words(name.capitalizedFirst)
    add(name, "<details><summary>\(title)</summary>\n\n\(content)\n\n</details>")
  }

  /// A table of as many of `table`'s rows as fit into `bytes`.
  static func table(_ table: ReportTable, bytes: Int = 16_000) -> String {
    func cell(_ text: String, _ kind: ReportTable.Kind) -> String {
      text.isEmpty ? "" : kind == .name ? MarkdownText.code(text) : MarkdownText.words(text)
    }
    let columns = table.columns
    var lines = [
      "| " + columns.map { cell($0.title, .words) }.joined(separator: " | ") + " |",
      "|" + columns.map { $0.kind == .number ? " ---: |" : " --- |" }.joined(),
    ]
    var size = 0
    for (index, row) in table.rows.enumerated() {
      let line =
        "| " + zip(row.cells, columns).map { cell($0, $1.kind) }.joined(separator: " | ") + " |"
      size += line.utf8.count + 1
      guard size <= bytes else {
        return lines.joined(separator: "\n")
          + "\n\nThe first \(Figures.count(index)) of \(Figures.count(table.rows.count)) rows."
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + (table.omitted.map { "\n\n\($0)" } ?? "")
  }

  static func list(_ items: [ReportItem]) -> String {
    items.map { item in
      "- **\(item.name)**: \(MarkdownText.words(item.text.cut(to: 300)))"
        + (item.detail.map { " (\(MarkdownText.words($0.cut(to: 600))))" } ?? "")
    }.joined(separator: "\n")
  }
}
