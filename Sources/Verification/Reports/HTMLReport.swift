import ModelCore

/// The verdict as one HTML file that needs nothing else: no network, no script.
package struct HTMLReport: Sendable {
  package let text: String

  package init(_ verdict: Verdict) {
    let sections = verdict.htmlSections
    let reference = HTMLPage.isolated(verdict.reference.path.fileName, limit: 200)
    let header = [
      HTMLPage.banner(
        passes: verdict.passes,
        title: "\(HTMLPage.isolated(verdict.modelName, limit: 200)) against \(reference)", reasons: verdict.reasons,
        grounds: verdict.grounds),
      HTMLPage.tiles(verdict.tiles), Self.contents(sections),
    ]
    text = HTMLPage.document(
      title: "\(verdict.passes ? "PASS" : "FAIL"): \(verdict.modelName.cut(to: 200))",
      header: header.joined(separator: "\n"),
      main: sections.map { HTMLPage.section($0.id, $0.title, $0.content) }.joined(separator: "\n"))
  }

  package init(_ suite: SuiteVerdict) {
    let sections = suite.htmlSections
    let name = suite.model.path.fileName
    let header = [
      HTMLPage.banner(
        passes: suite.passes,
        title: "\(HTMLPage.isolated(name, limit: 200)) on \(Figures.count(suite.rows.count, "data set"))",
        reasons: suite.rows.flatMap { row in row.verdict.reasons.map { "\(row.name): \($0)" } },
        grounds: suite.rows.isEmpty ? "No data set was compared." : "Every data set passes."),
      HTMLPage.tiles(suite.tiles), Self.contents(sections),
    ]
    text = HTMLPage.document(
      title: "\(suite.passes ? "PASS" : "FAIL"): \(name.cut(to: 200))", header: header.joined(separator: "\n"),
      main: sections.map { HTMLPage.section($0.id, $0.title, $0.content) }.joined(separator: "\n"))
  }

  /// A part of the page.
  struct Section {
    var id: String
    var title: String
    var content: [String]

    /// `nil` where there is nothing to show.
    init?(_ id: String, _ title: String, _ content: [String]) {
      guard content.contains(where: { !$0.isEmpty }) else { return nil }
      self.id = id
      self.title = title
      self.content = content
    }
  }

  private static func contents(_ sections: [Section]) -> String {
    "<nav aria-label=\"contents\"><ul>"
      + sections.map { "<li><a href=\"#\($0.id)\">\(Markup.escaped($0.title))</a></li>" }.joined() + "</ul></nav>"
  }
}
