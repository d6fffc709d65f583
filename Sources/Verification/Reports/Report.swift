/// The forms that a verdict is written in.
package enum ReportForm: Sendable, CaseIterable {
  case text
  case json
  case junit
  case markdown
  case html
}

/// A verdict, or that of a suite, to be written in any form.
package enum Report {
  case verdict(Verdict)
  case suite(SuiteVerdict)

  package func text(_ form: ReportForm) -> String {
    switch (self, form) {
    case (.verdict(let verdict), .text): TextReport(verdict).text
    case (.verdict(let verdict), .json): JSONReport(verdict).text
    case (.verdict(let verdict), .junit): JUnitReport(verdict).text
    case (.verdict(let verdict), .markdown): MarkdownReport(verdict).text
    case (.verdict(let verdict), .html): HTMLReport(verdict).text
    case (.suite(let suite), .text): TextReport(suite).text
    case (.suite(let suite), .json): JSONReport(suite).text
    case (.suite(let suite), .junit): JUnitReport(suite).text
    case (.suite(let suite), .markdown): MarkdownReport(suite).text
    case (.suite(let suite), .html): HTMLReport(suite).text
    }
  }
}
