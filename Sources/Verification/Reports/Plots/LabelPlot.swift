import ModelCore

/// F1 of labels on both sides: those that lose most, and those that are right most often.
enum LabelPlot {
  private static let losers = 12
  private static let common = 12

  /// The labels that are drawn, of `labels` by loss.
  static func chosen(of labels: [LabelDrift]) -> (losers: [LabelDrift], common: [LabelDrift]) {
    let losers = Array(labels.prefix(losers).filter { $0.drift > 0 })
    // Positions tell labels apart that are written alike but for their bytes.
    let rest = labels.indices.dropFirst(losers.count).sorted {
      (labels[$0].support, $1) > (labels[$1].support, $0)
    }
    return (losers, rest.prefix(common).map { labels[$0] })
  }

  static func figure(_ labels: [LabelDrift]) -> PlotFigure? {
    guard !labels.isEmpty else { return nil }
    let (losers, common) = chosen(of: labels)
    let groups = [("largest loss", losers), ("most support", common)].filter { !$0.1.isEmpty }
    let height = groups.reduce(0.0) { $0 + 26 + 20 * Double($1.1.count) }
    var plot = Plot(height: height + 84, margins: .init(left: 176, top: 26))
    let values = (losers + common).flatMap { [$0.reference.f1, $0.model.f1] }
    let margin = max(0.01, ((values.max() ?? 1) - (values.min() ?? 0)) * 0.05)
    let x = PlotScale(
      from: max(-0.01, (values.min() ?? 0) - margin), to: min(1.01, (values.max() ?? 1) + margin), start: plot.left,
      end: plot.right, ticks: 5)
    plot.xAxis(x, "F1")
    plot.frame()
    var y = plot.top
    for (name, group) in groups {
      y += 18
      plot.drawing.text(4, y, name, .start, "title")
      y += 8
      for label in group {
        draw(label, at: y + 8, x, &plot)
        y += 20
      }
    }
    plot.legend([
      Plot.Key(.marker(.circle), "hollow reference", "reference"), Plot.Key(.marker(.dot), "point model", "model"),
      Plot.Key(.line, "change loss", "loss"), Plot.Key(.line, "change gain", "gain"),
    ])
    let shown = losers.count + common.count
    let words =
      "F1 of \(shown == labels.count ? "all" : "\(shown) of \(Figures.count(labels.count))") "
      + "labels: the ones with the largest loss, and of the others the ones that are right for most texts."
    return PlotFigure(
      svg: plot.drawing.svg(id: "label-f1", title: "F1 of labels on both sides", description: words), caption: words)
  }

  private static func draw(_ label: LabelDrift, at y: Double, _ x: PlotScale, _ plot: inout Plot) {
    plot.drawing.text(plot.left - 10, y + 4, TextLayout.cut(label.label.onOneLine, to: 24), .end)
    if label.drift != 0, label.drift.isFinite {
      plot.drawing.line(
        x.at(label.reference.f1), y, x.at(label.model.f1), y, label.drift > 0 ? "change loss" : "change gain")
    }
    let title =
      "\(label.label): \(Figures.score(label.reference.f1)) to \(Figures.score(label.model.f1)), support \(label.support)"
    // The smaller mark over the larger one: both are seen where they are at one place.
    plot.drawing.marker(.circle, x.at(label.reference.f1), y, "hollow reference", title: title.onOneLine)
    plot.drawing.marker(.dot, x.at(label.model.f1), y, "point model", title: title.onOneLine)
  }
}
