/// Micro and macro F1 of both sides over the threshold.
enum SweepPlot {
  static func figure(_ sweep: ThresholdSweep, threshold: Double) -> PlotFigure? {
    guard sweep.points.count > 1 else { return nil }
    var plot = Plot(height: 360, margins: .init(top: 42))
    let values = sweep.points.flatMap {
      [$0.referenceMicroF1, $0.modelMicroF1, $0.referenceMacroF1, $0.modelMacroF1]
    }
    let x = PlotScale(from: 0, to: 1, start: plot.left, end: plot.right, ticks: 5)
    let y = PlotScale(
      covering: values + [sweep.bestReferenceF1, sweep.bestModelF1], start: plot.bottom, end: plot.top)
    plot.xAxis(x, "threshold")
    plot.yAxis(y, "F1")
    plot.frame()
    plot.drawing.line(x.at(threshold), plot.top, x.at(threshold), plot.bottom, "threshold")
    func curve(_ style: String, _ value: (ThresholdSweep.Point) -> Double) {
      let points = sweep.points.filter { value($0).isFinite }
      plot.drawing.path(points.map { (x.at($0.threshold), y.at(value($0))) }, style)
    }
    curve("curve wide reference", \.referenceMicroF1)
    curve("curve model", \.modelMicroF1)
    curve("curve wide dashed reference", \.referenceMacroF1)
    curve("curve dashed model", \.modelMacroF1)
    let best = [
      (sweep.bestReferenceThreshold, sweep.bestReferenceF1, "hollow reference", "reference"),
      (sweep.bestModelThreshold, sweep.bestModelF1, "point model", "model"),
    ]
    for (place, f1, style, side) in best where place.isFinite && f1.isFinite {
      plot.drawing.marker(
        side == "model" ? .dot : .circle, x.at(place), y.at(f1), style,
        title: "best of the \(side): \(Figures.score(f1)) at \(Figures.score(place))")
    }
    plot.legend([
      Plot.Key(.line, "curve wide reference", "reference, micro"), Plot.Key(.line, "curve model", "model, micro"),
      Plot.Key(.line, "threshold", "given threshold"),
      Plot.Key(.line, "curve wide dashed reference", "reference, macro"),
      Plot.Key(.line, "curve dashed model", "model, macro"), Plot.Key(.marker(.dot), "point model", "best"),
    ])
    let words = "F1 at every threshold. Circles: where micro F1 is best, open for the reference, filled for the model."
    return PlotFigure(
      svg: plot.drawing.svg(id: "sweep", title: "F1 over the threshold", description: words), caption: words)
  }
}
