import ModelCore

extension SuiteVerdict {
  var tiles: [ReportItem] {
    var items: [ReportItem] = []
    for metric in [Metric.microF1, .macroF1] {
      guard let average = average(metric) else { continue }
      items.append(
        ReportItem(
          "average \(metric.title) drift", Figures.drift(average.drift),
          "\(Figures.score(average.reference)) to \(Figures.score(average.model))"))
    }
    let decisions = rows.reduce(0) { $0 + $1.verdict.data.decisions }
    items.append(ReportItem("decisions flipped", Figures.count(flips), "of \(Figures.count(decisions))"))
    items.append(ReportItem("largest logit error", Figures.score(largestLogitError), "of all data sets"))
    return items
  }

  var htmlSections: [HTMLReport.Section] {
    let overview = HTMLReport.Section(
      "sets", "Data sets",
      [
        HTMLPage.table(table, caption: "F1 of the reference and the model, and what was lost", total: true),
        "<ul class=\"notes\">" + notes.map { "<li>\(HTMLPage.isolated($0.capitalizedFirst))</li>" }.joined() + "</ul>",
        HTMLPage.pair(
          HTMLPage.figure(DriftPlot.figure(self)),
          HTMLPage.table(averageTable, caption: "Averages over data sets, each counting the same")),
      ])
    let compared = HTMLReport.Section("compared", "Model", [HTMLPage.items([modelItem])])
    let sets = rows.enumerated().map { index, row in
      HTMLReport.Section("set-\(index + 1)", row.name.cut(to: 100), Self.content(row.verdict))
    }
    return ([overview, compared] + sets).compactMap { $0 }
  }

  /// What is said of a data set; a report of its own says more.
  private static func content(_ verdict: Verdict) -> [String] {
    [
      "<p><b class=\"\(verdict.passes ? "pass" : "fail")\">\(verdict.passes ? "PASS" : "FAIL")</b></p>",
      HTMLPage.items(Array(verdict.compared.dropFirst())),
      HTMLPage.table(verdict.judgementTable, caption: "Bounds"),
      verdict.identity.contains { !$0.agrees } ? HTMLPage.table(verdict.identityTable, caption: "Identity") : "",
      verdict.measures.metrics.isEmpty
        ? HTMLPage.paragraph(Verdict.noTruth.capitalizedFirst + ".")
        : HTMLPage.table(verdict.metricTable(), caption: "Metrics against the true labels"),
      HTMLPage.table(verdict.errorTable, caption: "Absolute differences between model and reference"),
      HTMLPage.items(verdict.agreementItems),
      verdict.measures.labels.isEmpty
        ? "" : HTMLPage.table(verdict.labelTable(limit: 10), caption: "F1 of the labels with the largest loss"),
    ]
  }
}
