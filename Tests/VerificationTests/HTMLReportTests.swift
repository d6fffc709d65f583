import Foundation
import Testing
import Verification

@Suite struct HTMLReportTests {
  private func page(_ verdict: Verdict, _ comment: Comment? = nil) throws -> MarkupElement {
    try MarkupElement.parse(HTMLReport(verdict).text, comment)
  }

  /// Every report is well-formed, whatever is in it, loads nothing and runs nothing.
  @Test func isOneFileThatNeedsNothing() throws {
    var pages = try ReportCases.all().map { ($0.name, HTMLReport($0.verdict).text) }
    pages.append(("suite", HTMLReport(try ReportCases.suite()).text))
    for (name, text) in pages {
      #expect(text.hasPrefix("<!DOCTYPE html>\n") && text.utf8.count <= 1_000_000, "\(name): \(text.utf8.count)")
      let root = try MarkupElement.parse(text, "\(name)")
      let elements = root.descendants
      for forbidden in ["script", "link", "img", "iframe", "object", "embed", "base", "form", "image", "use"] {
        #expect(elements.allSatisfy { $0.name != forbidden }, "\(forbidden) in \(name)")
      }
      for element in elements {
        for (key, value) in element.attributes {
          #expect(!key.hasPrefix("on"), "\(key) in \(name)")
          if key == "href" { #expect(value.hasPrefix("#"), "\(value) in \(name)") }
          #expect(key != "src")
        }
      }
      let style = try #require(elements.first { $0.name == "style" }).text
      #expect(!style.contains("url(") && !style.contains("@import"))
      let policy = elements.first { $0.attributes["http-equiv"] == "Content-Security-Policy" }
      #expect(policy?.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'")
    }
  }

  /// Identifiers are there once, and what points at them finds them.
  @Test func isAccessible() throws {
    for (name, verdict) in try ReportCases.all() {
      let root = try page(verdict, "\(name)")
      #expect(root.attributes["lang"] == "en")
      let identifiers = root.descendants.compactMap { $0.attributes["id"] }
      #expect(Set(identifiers).count == identifiers.count, "\(name)")
      for link in root.all("a") {
        #expect(identifiers.contains(String(link.attributes["href", default: ""].dropFirst())))
      }
      for svg in root.all("svg") {
        let labels = svg.attributes["aria-labelledby", default: ""].split(separator: " ").map(String.init)
        #expect(svg.attributes["role"] == "img" && labels.count == 2)
        #expect(
          labels.allSatisfy { label in svg.children.contains { $0.attributes["id"] == label && !$0.text.isEmpty } })
      }
      for table in root.all("table") {
        let heads = table.all("thead").flatMap { $0.all("th") }
        #expect(!heads.isEmpty && heads.allSatisfy { $0.attributes["scope"] == "col" }, "\(name)")
        for row in table.all("tbody").flatMap({ $0.all("tr") }) {
          #expect(row.children.first?.attributes["scope"] == "row" && row.children.count == heads.count, "\(name)")
        }
      }
      for list in root.all("dl") { #expect(!list.children.isEmpty) }
      #expect(root.all("h1").count == 1)
    }
  }

  @Test func bannerSaysOutcomeAndReasons() throws {
    let verdict = try ReportCases.failing()
    let root = try page(verdict)
    let banner = try #require(root.descendants.first { $0.attributes["class"] == "banner fail" })
    #expect(banner.text.contains("FAIL") && banner.text.contains("found another"))
    #expect(banner.all("li").count == 2)
    #expect(try page(ReportCases.alike()).descendants.contains { $0.attributes["class"] == "banner pass" })
  }

  /// Every plot there is for a verdict that has everything; those without data are left out.
  @Test func plots() throws {
    func plots(_ verdict: Verdict) throws -> Set<String> {
      Set(try page(verdict).all("svg").compactMap { $0.children.first?.attributes["id"] })
    }
    #expect(
      try plots(ReportCases.real()) == [
        "drift-title", "scores-title", "errors-title", "sweep-title", "label-f1-title", "layers-title",
      ])
    #expect(try plots(ReportCases.withoutTruth()) == ["scores-title", "errors-title"])
    #expect(try !plots(ReportCases.singleLabel()).contains("sweep-title"))
    #expect(try !plots(ReportCases.alike()).contains("errors-title"))
  }

  /// No coordinate is NaN or infinite, and none lies far outside of its plot.
  @Test func coordinatesAreNumbers() throws {
    for (name, verdict) in try ReportCases.all() {
      for svg in try page(verdict, "\(name)").all("svg") {
        let box = svg.attributes["viewBox", default: ""].split(separator: " ").compactMap { Double($0) }
        try #require(box.count == 4)
        for path in svg.all("path") {
          let data = path.attributes["d", default: ""]
          #expect(
            !data.isEmpty && data.allSatisfy { "MLhvalz0123456789.- ".contains($0) }, "\(name): \(data.prefix(80))")
          for point in data.split(separator: "M") {
            let start = point.split { "Lhvalz".contains($0) }.first?.split(separator: " ").compactMap { Double($0) }
            let place = try #require(start)
            #expect(place.count == 2 && place[0] > -20 && place[0] < box[2] + 20, "\(name): \(point.prefix(40))")
            #expect(place[1] > -20 && place[1] < box[3] + 20, "\(name): \(point.prefix(40))")
          }
        }
        for text in svg.all("text") { #expect(!text.text.contains("nan") && !text.text.contains("inf")) }
      }
    }
  }

  /// A large set is thinned; what flipped is drawn all the same.
  @Test func scatterIsThinned() throws {
    var verdict = try ReportCases.real()
    let scatter = verdict.scatter
    verdict.scatter = (0..<100_000).map { scatter[$0 % scatter.count] }
    verdict.data.decisions = 100_000
    let text = HTMLReport(verdict).text
    #expect(text.utf8.count < 400_000)
    let root = try MarkupElement.parse(text)
    let plot = try #require(root.all("svg").first { $0.children.first?.attributes["id"] == "scores-title" })
    let dots = plot.all("path").filter { $0.attributes["class"]?.hasPrefix("dots ") == true }
      .reduce(0) { $0 + $1.attributes["d", default: ""].count { $0 == "M" } }
    let flipped =
      plot.all("path").filter { $0.attributes["class"] == "flip" }
      .map { $0.attributes["d", default: ""].count { $0 == "M" } }.max() ?? 0
    // Two more dots are the legend's.
    #expect(dots + flipped <= 4_002 && flipped >= min(verdict.measures.agreement.flips.count, 4_000))
    #expect(root.all("figcaption").contains { $0.text.contains("of 100,000 decisions are drawn") })
  }

  @Test func tablesAreCutAndSaySo() throws {
    let root = try page(ReportCases.manyLabels())
    #expect(root.all("p").contains { $0.text == "The first 200 of 10,000 labels, by loss." })
    #expect(root.all("tr").count < 1_000)
  }

  /// Text is text: what is shown is what was given, up to characters that no page can hold.
  @Test func namesAreEscaped() throws {
    let root = try page(ReportCases.hostileNames())
    let shown = ReportCases.hostile.replacing("\u{1}", with: "\u{FFFD}").replacing("\u{1B}", with: "\u{FFFD}")
      .replacing("\u{FFFE}", with: "\u{FFFD}")
    #expect(root.all("blockquote").first?.text == shown)
    #expect(root.all("th").contains { $0.text == shown })
    for name in ReportCases.foreign { #expect(root.all("bdi").contains { $0.text == name }, "\(name)") }
  }

  @Test func tokensAreChips() throws {
    var verdict = try ReportCases.real()
    verdict.worstTexts[0].tokens = ["[CLS]", "<<LABEL>>", "▁a", "<0x0A>", "[x", "</s>"]
    verdict.worstTexts[0].firstTokenDifference = 4
    let root = try page(verdict)
    let chips = try #require(root.descendants.first { $0.attributes["class"] == "tokens" }).children
    #expect(chips.map(\.text) == verdict.worstTexts[0].tokens)
    #expect(chips.map(\.name) == ["b", "b", "span", "span", "mark", "b"])
    verdict.worstTexts[0].firstTokenDifference = 600
    #expect(try page(verdict).all("p").contains { $0.text.contains("from position 600 on, beyond those shown") })
  }

  @Test func suiteHasASectionADataSet() throws {
    let suite = try ReportCases.suite()
    let root = try MarkupElement.parse(HTMLReport(suite).text)
    for row in suite.rows { #expect(root.all("h2").contains { $0.text == row.name }, "\(row.name)") }
    #expect(root.all("th").contains { $0.text == "AVERAGE" })
  }

  /// Contrast of text to its ground by WCAG 2's formula, at least 4.5 to 1, in light and dark and on paper.
  @Test func textsHaveContrast() throws {
    let style = try #require(try page(ReportCases.real()).all("style").first).text
    let palettes = style.components(separatedBy: ":root{").dropFirst().map { part in
      Dictionary(
        uniqueKeysWithValues: part.prefix { $0 != "}" }.split(separator: ";").compactMap { pair -> (String, String)? in
          let parts = pair.split(separator: ":")
          return parts.count == 2 && parts[1].hasPrefix("#") ? (String(parts[0]), String(parts[1])) : nil
        })
    }
    try #require(palettes.count == 3)
    for palette in palettes {
      for (text, grounds) in [
        "--ink": ["--ground", "--passing", "--failing"], "--quiet": ["--ground", "--special"],
        "--model": ["--ground"], "--loss": ["--ground", "--failing"], "--gain": ["--ground", "--passing"],
      ] {
        for ground in grounds {
          let pair = [try luminance(palette[text]), try luminance(palette[ground])].sorted()
          #expect((pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, "\(text) on \(ground) of \(palette)")
        }
      }
    }
  }

  /// Relative luminance of `#rgb` or `#rrggbb`.
  private func luminance(_ colour: String?) throws -> Double {
    var digits = try #require(colour).dropFirst().map(String.init)
    if digits.count == 3 { digits = digits.flatMap { [$0, $0] } }
    let channels = try stride(from: 0, to: 6, by: 2).map { index in
      let value = Double(try #require(Int(digits[index] + digits[index + 1], radix: 16))) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
  }
}
