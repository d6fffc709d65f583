import ModelCore

/// Drift of every metric with its interval, and the bounds on it.
enum DriftPlot {
  static func figure(_ verdict: Verdict) -> PlotFigure? {
    let rows = verdict.measures.metrics.map { metric in
      Row(
        name: metric.metric.title, drift: metric.drift, interval: metric.interval,
        bounds: metric.metric == .microF1 ? bounds(verdict) : [])
    }
    let coverage = Figures.coverage(verdict.settings.confidence)
    return figure(
      rows, title: "Drift of the metrics",
      caption:
        "Reference minus model with its \(coverage) interval: right of zero the model is worse. An interval that does "
        + "not reach zero is drawn in the colour of losses or gains.")
  }

  /// Micro F1 of every data set.
  static func figure(_ suite: SuiteVerdict) -> PlotFigure? {
    let rows = suite.rows.compactMap { row in
      row.verdict.measures[.microF1].map { metric in
        Row(
          name: row.name, drift: metric.drift, interval: metric.interval,
          bounds: bounds(row.verdict))
      }
    }
    return figure(
      rows, title: "Drift of micro F1 on every data set",
      caption: "Reference minus model with its interval: right of zero the model is worse.")
  }

  private struct Row {
    var name: String
    var drift: Double
    var interval: Interval
    var bounds: [Double]
  }

  /// Rows that a plot has at most.
  private static let limit = 40

  private static func figure(_ all: [Row], title: String, caption: String) -> PlotFigure? {
    let rows = Array(all.filter { $0.drift.isFinite }.prefix(limit))
    guard !rows.isEmpty else { return nil }
    var plot = Plot(height: 80 + 24 * Double(rows.count), margins: .init(left: 148, top: 26))
    let values: [Double] = rows.flatMap { [$0.drift, $0.interval.lower, $0.interval.upper] } + [0.0]
    let finite = values.filter(\.isFinite)
    let span = (finite.max() ?? 0) - (finite.min() ?? 0)
    // A bound far beyond everything would leave the intervals points.
    let bounds = rows.flatMap { $0.bounds }
    let shown = bounds.filter { $0.magnitude <= 4 * span }
    let x = PlotScale(covering: values + shown, padding: 0.06, start: plot.left, end: plot.right, ticks: 5)
    plot.xAxis(x, "reference − model")
    plot.frame()
    plot.drawing.line(x.at(0), plot.top, x.at(0), plot.bottom, "zero")
    for (index, row) in rows.enumerated() {
      let y = plot.top + 12 + 24 * Double(index)
      let isLoss = row.interval.lower > 0
      let style = isLoss ? "loss" : row.interval.upper < 0 ? "gain" : "model"
      plot.drawing.text(plot.left - 10, y + 4, TextLayout.cut(row.name.onOneLine, to: 20), .end)
      if row.interval.lower.isFinite, row.interval.upper.isFinite {
        plot.drawing.line(x.at(row.interval.lower), y, x.at(row.interval.upper), y, "whisker \(style)")
      }
      plot.drawing.marker(
        .circle, x.at(row.drift), y, "point \(style)",
        title: "\(row.name): \(Figures.drift(row.drift)), \(Figures.interval(row.interval))")
      for bound in row.bounds where x.contains(bound) {
        plot.drawing.line(x.at(bound), y - 10, x.at(bound), y + 10, "bound")
      }
    }
    var keys = [Plot.Key(.marker(.circle), "point model", "drift"), Plot.Key(.line, "whisker model", "interval")]
    if !shown.isEmpty { keys.append(Plot.Key(.line, "bound", "bound")) }
    plot.legend(keys)
    var words = caption
    if shown.count < bounds.count { words += " A bound lies beyond the plot." }
    if rows.count < all.count { words += " \(rows.count) of \(all.count) are drawn." }
    return PlotFigure(svg: plot.drawing.svg(id: "drift", title: title, description: caption), caption: words)
  }

  /// On micro F1, the one that is bounded.
  private static func bounds(_ verdict: Verdict) -> [Double] {
    verdict.judgements.filter { $0.name == "max-f1-drift" }.map(\.bound)
  }
}
