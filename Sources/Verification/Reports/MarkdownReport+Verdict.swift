import ModelCore

extension MarkdownPage {
  /// Labels, tensors and texts that are still shown where there are many.
  private static let labels = 50
  private static let tensors = 20
  private static let texts = 5
  private static let findings = 20
  private static let decisions = 12

  mutating func addOutcome(_ verdict: Verdict) {
    let model = MarkdownText.code(verdict.modelName)
    let reference = MarkdownText.code(verdict.reference.path.fileName)
    add("## \(verdict.passes ? "PASS" : "FAIL"): \(model) against \(reference)")
    if verdict.passes {
      add(verdict.grounds)
    } else {
      add("why it fails", verdict.reasons.map { "- \(MarkdownText.words($0))" }.joined(separator: "\n"))
    }
    add("the line for grep", "<code>\(Markup.escaped(verdict.summaryLine))</code>")
    if !verdict.judgements.isEmpty { add("bounds", Self.table(verdict.judgementTable)) }
    if verdict.identity.contains(where: { !$0.agrees }) { add("identity", Self.table(verdict.identityTable)) }
  }

  mutating func addFigures(_ verdict: Verdict) {
    add("figures", Self.figures(verdict))
    let findings = (verdict.origin?.findings ?? []).prefix(Self.findings).map {
      "- \(MarkdownText.code($0.place)): \(MarkdownText.words($0.message.cut(to: 600)))"
    }
    if !findings.isEmpty { add("findings", "**Findings**\n\n\(findings.joined(separator: "\n"))") }
    for note in verdict.notes { add("a note", "> \(MarkdownText.words(note.cut(to: 600)))") }
  }

  /// Metrics, agreement and errors.
  static func figures(_ verdict: Verdict) -> String {
    return [
      verdict.measures.metrics.isEmpty
        ? Verdict.noTruth.capitalizedFirst + "." : table(verdict.metricTable(Metric.few)),
      table(verdict.errorTable), list(verdict.agreementItems),
    ].joined(separator: "\n\n")
  }

  mutating func addDetails(_ verdict: Verdict) {
    addSection("what was compared", Self.list(verdict.compared))
    if let table = verdict.thresholdTable { addSection("thresholds", Self.table(table)) }
    if !verdict.measures.labels.isEmpty {
      addSection("labels: F1, those with the largest loss first", Self.table(verdict.labelTable(limit: Self.labels)))
    }
    if let origin = verdict.origin, !origin.layers.isEmpty {
      addSection("error by stage, \(Figures.count(origin.texts, "text"))", Self.table(origin.layerTable))
    }
    if let origin = verdict.origin, !origin.tensors.isEmpty {
      addSection("tensors", Self.table(origin.tensorTable(limit: Self.tensors)))
    }
    if !verdict.measures.agreement.flips.isEmpty {
      addSection("flipped decisions", Self.table(verdict.flipTable(limit: Self.labels), bytes: 10_000))
    }
    if !verdict.worstTexts.isEmpty {
      let texts = verdict.worstTexts.prefix(Self.texts).map(Self.text).joined(separator: "\n\n")
      addSection("texts with the largest logit errors", texts)
    }
  }

  private static func text(_ text: WorstText) -> String {
    let head = "**line \(text.line)**, error \(Figures.error(text.largestError)): \(MarkdownText.code(text.text))"
    let tokens = text.firstTokenDifference.map { "\n\nToken ids differ from position \($0) on." } ?? ""
    let decisions = text.byError
    var table = ReportTable(
      [.name("label"), .words("truth"), .number("logit, reference"), .number("logit, model"), .words("")],
      decisions.prefix(Self.decisions).map {
        ReportTable.Row([
          $0.label, $0.isTrue.map { $0 ? "yes" : "no" } ?? "–", Figures.score(Double($0.referenceLogit)),
          Figures.score(Double($0.modelLogit)), $0.isFlipped ? "flipped" : "",
        ])
      })
    if decisions.count > Self.decisions {
      table.omitted = "The \(Self.decisions) of \(decisions.count) labels with the largest errors."
    }
    return head + tokens + "\n\n" + Self.table(table, bytes: 3_000)
  }
}
