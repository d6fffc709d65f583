/// Parts of the page that sections are made of: markup from text.
enum HTMLPage {
  /// A whole document. It is also well-formed XML, so that an element that is not closed is found by a test; nothing is loaded from
  /// anywhere, and nothing runs.
  static func document(title: String, header: String, main: String) -> String {
    """
    <!DOCTYPE html>
    <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
    <title>\(Markup.escaped(title))</title>
    <style>
    \(HTMLStyle.sheet)
    </style>
    </head>
    <body>
    <header>
    \(header)
    </header>
    <main>
    \(main)
    </main>
    <footer><p>Written by gliclass-verify. Neither the time nor the machine is named in this page.</p></footer>
    </body>
    </html>

    """
  }

  /// Characters of a name or text that are shown at most: a file may hold one of megabytes.
  static let longest = 4_000

  /// A text from elsewhere, its direction its own.
  static func isolated(_ text: String, limit: Int = longest) -> String {
    "<bdi>\(Markup.escaped(text.cut(to: limit)))</bdi>"
  }

  /// What the outcome is, in words of its own.
  static func banner(passes: Bool, title: String, reasons: [String], grounds: String) -> String {
    let why =
      reasons.isEmpty
      ? "<p>\(Markup.escaped(grounds))</p>"
      : "<ul>" + reasons.map { "<li>\(isolated($0))</li>" }.joined() + "</ul>"
    return """
      <div class="banner \(passes ? "pass" : "fail")">
      <span class="mark">\(passes ? "PASS" : "FAIL")</span>
      <h1>\(title)</h1>
      \(why)
      </div>
      """
  }

  /// Large figures in a row.
  static func tiles(_ items: [ReportItem]) -> String {
    "<dl class=\"tiles\">"
      + items.map {
        "<div><dt>\(Markup.escaped($0.name))</dt><dd class=\"figure\">\(number($0.text))</dd>"
          + "<dd class=\"unit\">\(number($0.detail ?? ""))</dd></div>"
      }.joined() + "</dl>"
  }

  static func items(_ items: [ReportItem]) -> String {
    "<dl class=\"items\">"
      + items.map {
        "<dt>\(Markup.escaped($0.name))</dt><dd>\(isolated($0.text))"
          + ($0.detail.map { "<small>\(isolated($0))</small>" } ?? "") + "</dd>"
      }.joined() + "</dl>"
  }

  static func section(_ id: String, _ title: String, _ content: [String]) -> String {
    "<section id=\"\(id)\">\n<h2>\(Markup.escaped(title))</h2>\n"
      + content.filter { !$0.isEmpty }.joined(separator: "\n")
      + "\n</section>"
  }

  static func pair(_ first: String, _ second: String) -> String {
    guard !first.isEmpty, !second.isEmpty else { return first + second }
    return "<div class=\"pair\">\n<div>\n\(first)\n</div>\n<div>\n\(second)\n</div>\n</div>"
  }

  static func figure(_ figure: PlotFigure?) -> String {
    guard let figure else { return "" }
    return "<figure>\n\(figure.svg)\n<figcaption>\(Markup.escaped(figure.caption))</figcaption>\n</figure>"
  }

  static func folded(_ summary: String, _ content: String, isOpen: Bool = false) -> String {
    "<details\(isOpen ? " open=\"open\"" : "")>\n<summary>\(Markup.escaped(summary))</summary>\n\(content)\n</details>"
  }

  static func paragraph(_ text: String, quiet: Bool = false) -> String {
    "<p\(quiet ? " class=\"quiet\"" : "")>\(Markup.escaped(text))</p>"
  }

  /// A table with `caption`; the cells of its first column head their rows.
  static func table(_ table: ReportTable, caption: String, total: Bool = false) -> String {
    guard !table.rows.isEmpty else { return "" }
    let heads = table.columns.map { "<th scope=\"col\"\(style($0.kind))>\(Markup.escaped($0.title))</th>" }.joined()
    let rows = table.rows.enumerated().map { index, row in
      let cells = zip(row.cells, table.columns).enumerated().map { position, cell in
        let content = content(cell.0, cell.1.kind)
        return position == 0
          ? "<th scope=\"row\"\(style(cell.1.kind))>\(content)</th>" : "<td\(style(cell.1.kind))>\(content)</td>"
      }.joined()
      let isTotal = total && index == table.rows.count - 1
      let classes = [row.isGood == false ? "bad" : nil, isTotal ? "total" : nil].compactMap { $0 }
      return "<tr\(classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\"")>\(cells)</tr>"
    }
    return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(Markup.escaped(caption))\">\n<table>\n"
      + "<caption><span>\(Markup.escaped(caption))</span></caption>\n<thead><tr>\(heads)</tr></thead>\n<tbody>\n"
      + rows.joined(separator: "\n")
      + "\n</tbody>\n</table>\n</div>" + (table.omitted.map { paragraph($0, quiet: true) } ?? "")
  }

  private static func style(_ kind: ReportTable.Kind) -> String {
    switch kind {
    case .words: ""
    case .name: " class=\"name\""
    case .number: " class=\"n\""
    }
  }

  private static func content(_ text: String, _ kind: ReportTable.Kind) -> String {
    switch kind {
    case .words: Markup.escaped(text)
    case .name: isolated(text, limit: 200)
    case .number: number(text)
    }
  }

  /// Numbers with minus signs as long as plus signs.
  static func number(_ text: String) -> String {
    Markup.escaped(
      text.split(separator: " ", omittingEmptySubsequences: false).map { Drawing.minus(String($0)) }
        .joined(separator: " "))
  }
}
