import ModelCore

extension SuiteVerdict {
  var modelItem: ReportItem { rows.first?.verdict.compared.first ?? ReportItem("model", model.path) }

  /// A row a data set and one of averages, as papers print it.
  var table: ReportTable {
    let sides = rows.map { row in
      let verdict = row.verdict
      let f1 = [Metric.microF1, .macroF1].flatMap { metric in
        verdict.measures[metric].map { Self.cells($0.reference, $0.model, $0.drift) } ?? ["–", "–", "–"]
      }
      return ReportTable.Row(
        [row.name] + f1 + [
          Figures.count(verdict.measures.agreement.flipCount),
          Formatting.decimals(verdict.measures.logitError.maximum, 4), verdict.passes ? "pass" : "FAIL",
        ], isGood: verdict.passes)
    }
    let means = [Metric.microF1, .macroF1].flatMap { metric in
      average(metric).map { Self.cells($0.reference, $0.model, $0.drift) } ?? ["–", "–", "–"]
    }
    let last = ReportTable.Row(
      ["AVERAGE"] + means + [
        Figures.count(flips), Formatting.decimals(largestLogitError, 4), passes ? "pass" : "FAIL",
      ], isGood: passes)
    return ReportTable(
      [
        .name("data set"), .number("micro F1"), .number("model"), .number("drift"), .number("macro F1"),
        .number("model"), .number("drift"), .number("flips"), .number("max error"), .words(""),
      ], sides + [last])
  }

  private static func cells(_ reference: Double, _ model: Double, _ drift: Double) -> [String] {
    [Formatting.decimals(reference, 4), Formatting.decimals(model, 4), Formatting.signed(drift, 4)]
  }

  /// The averages of every metric.
  var averageTable: ReportTable {
    ReportTable(
      [.words("metric"), .number("reference"), .number("model"), .number("drift"), .number("data sets")],
      Metric.allCases.compactMap { average($0) }.map {
        ReportTable.Row([
          $0.metric.title, Figures.score($0.reference), Figures.score($0.model), Figures.drift($0.drift),
          Figures.count($0.sets),
        ])
      })
  }

  var notes: [String] {
    let without = rows.filter { !$0.verdict.data.hasTruth }
    var notes = ["flips of the last row are their sum, its max error the largest of all"]
    if !without.isEmpty {
      notes.append("no true labels, in no average: \(without.map(\.name).joined(separator: ", "))")
    }
    return notes
  }
}
