import ModelCore

extension Verdict {
  /// Rows that tables of the page have at most; the JSON has all.
  private static let rows = 200
  /// Stages that are shown beside a plot of them.
  private static let stages = 30

  /// The figures that are looked for first.
  var tiles: [ReportItem] {
    var items: [ReportItem] = []
    if let micro = measures[.microF1] {
      items.append(
        ReportItem(
          "micro F1 drift", Figures.drift(micro.drift),
          "\(Figures.coverage(settings.confidence)): \(Figures.interval(micro.interval))"))
      items.append(
        ReportItem(
          "micro F1 of the model", Figures.score(micro.model), "reference \(Figures.score(micro.reference))"))
    } else {
      items.append(ReportItem("F1 of agreement", Figures.score(measures.agreement.f1), "no true labels"))
    }
    items.append(
      ReportItem(
        "decisions flipped", Figures.count(measures.agreement.flipCount),
        "of \(Figures.count(data.decisions)), \(Figures.percent(measures.agreement.flipRate))"))
    items.append(
      ReportItem(
        "largest logit error", Figures.score(measures.logitError.maximum),
        "mean \(Figures.score(measures.logitError.mean))"))
    return items
  }

  var htmlSections: [HTMLReport.Section] {
    let points = ScatterPoints(self)
    return [
      HTMLReport.Section("judgement", "Judgement", judgement),
      HTMLReport.Section("compared", "What was compared", [HTMLPage.items(compared)]),
      HTMLReport.Section("metrics", "Metrics", metrics),
      HTMLReport.Section("agreement", "Agreement", agreement),
      HTMLReport.Section("scores", "Scores", scores(points)),
      HTMLReport.Section("thresholds", "Thresholds", thresholds),
      HTMLReport.Section("labels", "Labels", labels),
      HTMLReport.Section("origin", "Origin of errors", originContent),
      HTMLReport.Section("texts", "Worst texts", worstTexts.map { $0.html(settings, data) }),
    ].compactMap { $0 }
  }

  private var judgement: [String] {
    let notes = notes.map { "<li>\(HTMLPage.isolated($0))</li>" }.joined()
    return [
      judgements.isEmpty
        ? HTMLPage.paragraph("No bounds were given.") : HTMLPage.table(judgementTable, caption: "Bounds"),
      identity.allSatisfy(\.agrees) && !identity.isEmpty
        ? HTMLPage.folded("\(Figures.count(identity.count, "check")) of identity, all agree", identityContent)
        : identityContent,
      notes.isEmpty ? "" : "<ul class=\"notes\">\(notes)</ul>",
    ]
  }

  private var identityContent: String {
    HTMLPage.table(
      identityTable, caption: "Whether both sides are of one checkpoint, one tokenizer and one kind of input")
  }

  private var metrics: [String] {
    guard !measures.metrics.isEmpty else { return [HTMLPage.paragraph(Verdict.noTruth.capitalizedFirst + ".")] }
    return [
      HTMLPage.pair(
        HTMLPage.figure(DriftPlot.figure(self)),
        HTMLPage.table(
          metricTable(), caption: "Against the true labels; drift is reference minus model, positive is a loss"))
    ]
  }

  private var agreement: [String] {
    let flips = flipTable(limit: 25)
    return [
      HTMLPage.paragraph("How far model and reference decide alike, whatever is true.", quiet: true),
      HTMLPage.items(agreementItems),
      HTMLPage.table(flips, caption: "Flipped decisions, those that the reference was surest of first"),
    ]
  }

  private func scores(_ points: ScatterPoints) -> [String] {
    let errors = ErrorPlot(points, self)
    let none =
      points.isEmpty ? "No decision has finite logits on both sides." : "No logit differs between model and reference."
    return [
      HTMLPage.table(errorTable, caption: "Absolute differences between model and reference, of all decisions"),
      points.isEmpty
        ? HTMLPage.paragraph(none)
        : HTMLPage.pair(
          HTMLPage.figure(ScorePlot.figure(points)),
          errors.map { HTMLPage.figure($0.figure()) } ?? HTMLPage.paragraph(none)),
      errors.map { HTMLPage.folded("The histogram in numbers", HTMLPage.table($0.table, caption: "Errors of logits")) }
        ?? "",
    ]
  }

  private var thresholds: [String] {
    guard let sweep = measures.sweep, let best = thresholdTable else { return [] }
    let curves = sweepTable.map { HTMLPage.table($0, caption: "F1 over the threshold") } ?? ""
    return [
      HTMLPage.pair(
        HTMLPage.figure(SweepPlot.figure(sweep, threshold: Double(settings.threshold))),
        HTMLPage.table(best, caption: "The given threshold and the best ones")),
      HTMLPage.folded("The curves in numbers", curves),
    ]
  }

  private var labels: [String] {
    guard !measures.labels.isEmpty else { return [] }
    let table = HTMLPage.table(
      labelTable(limit: Self.rows),
      caption:
        "F1 of labels, those with the largest loss first. Support: texts it is right for; offered: texts it was to be chosen for"
    )
    let (losers, common) = LabelPlot.chosen(of: measures.labels)
    let narrow = Self.narrowLabelTable(losers + common)
    return [
      HTMLPage.pair(
        HTMLPage.figure(LabelPlot.figure(measures.labels)),
        HTMLPage.table(
          narrow,
          caption:
            "F1 of the same labels; support: texts that a label is right for. In colour where the whole interval is a loss"
        )),
      HTMLPage.folded("\(Figures.count(min(measures.labels.count, Self.rows), "label")) with intervals", table),
    ]
  }

  private var originContent: [String] {
    guard let origin, !origin.isEmpty else { return [] }
    let tensors = HTMLPage.table(
      origin.tensorTable(limit: Self.rows),
      caption: "Tensors of the model beside what the checkpoint makes of them, those with the lowest SQNR first")
    return [
      HTMLPage.table(origin.findingTable, caption: "Findings"),
      origin.layers.isEmpty
        ? ""
        : HTMLPage.pair(
          HTMLPage.figure(LayerPlot.figure(origin)),
          HTMLPage.table(
            origin.layerTable(limit: Self.stages),
            caption: "Error by stage; own: where this layer alone is the model's, and reads what the reference wrote")),
      origin.layers.count > Self.stages
        ? HTMLPage.folded("All stages", HTMLPage.table(origin.layerTable, caption: "Error by stage")) : "",
      origin.tensors.isEmpty
        ? "" : HTMLPage.folded(Figures.count(min(origin.tensors.count, Self.rows), "tensor"), tensors),
    ]
  }
}
