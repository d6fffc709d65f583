/// The reference's logits against the model's.
enum ScorePlot {
  static func figure(_ points: ScatterPoints) -> PlotFigure {
    var plot = Plot(height: 440, margins: .init(top: 42))
    let range = points.all.flatMap { [$0.x, $0.y] }
    let x = PlotScale(covering: range, start: plot.left, end: plot.right)
    let y = PlotScale(covering: range, start: plot.bottom, end: plot.top)
    plot.xAxis(x, "logit of the reference")
    plot.yAxis(y, "logit of the model")
    plot.frame()
    plot.drawing.line(x.at(x.low), y.at(x.low), x.at(x.high), y.at(x.high), "diagonal")
    if let threshold = points.threshold, x.contains(threshold) {
      plot.drawing.line(x.at(threshold), plot.top, x.at(threshold), plot.bottom, "threshold")
      plot.drawing.line(plot.left, y.at(threshold), plot.right, y.at(threshold), "threshold")
    }
    func place(_ list: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] { list.map { (x.at($0.x), y.at($0.y)) } }
    plot.drawing.dots(place(points.wrong), points.size + "other")
    plot.drawing.dots(place(points.right), points.size + "true")
    plot.drawing.diamonds(place(points.flipped), "flip")
    plot.legend(keys(points))
    return PlotFigure(
      svg: plot.drawing.svg(
        id: "scores", title: "Logits of the model against those of the reference",
        description: "A scatter plot; points on the diagonal are equal on both sides. \(points.sentence)"),
      caption: "Every point is a decision on one label of one text; on the diagonal both sides say the same. "
        + (points.threshold == nil ? "" : "Dashed: the threshold. ") + points.sentence)
  }

  static func keys(_ points: ScatterPoints) -> [Plot.Key] {
    let names =
      points.hasTruth
      ? [Plot.Key(.dot, "other", "other label"), Plot.Key(.dot, "true", "true label")]
      : [Plot.Key(.dot, "other", "decision")]
    let flip = points.flipped.isEmpty ? [] : [Plot.Key(.marker(.diamond), "flip", "flipped")]
    let threshold = points.threshold == nil ? [] : [Plot.Key(.line, "threshold", "threshold")]
    return names + flip + threshold
  }
}

/// Errors of logits over the reference's, and how many there are of each size.
struct ErrorPlot {
  /// Bins on either side of 0.
  private static let halfBins = 15

  private let points: ScatterPoints
  /// Of the errors that are drawn.
  private let largest: Double
  private let p99: Double
  private let bound: Double?
  /// A bound that is not drawn, because the points would be a line.
  private let farBound: Double?
  /// Half the height of the plot, in logits.
  private let reach: Double
  /// Of all points that are drawn, from the lowest error to the highest.
  let bins: [(low: Double, high: Double, count: Int)]

  /// `nil` where no logit differs, or none is finite.
  init?(_ points: ScatterPoints, _ verdict: Verdict) {
    let errors = points.all.map { $0.y - $0.x }
    guard let largest = errors.map(\.magnitude).max(), largest > 0, largest.isFinite else { return nil }
    self.points = points
    self.largest = largest
    p99 = verdict.measures.logitError.p99
    let bound = verdict.judgements.first { $0.name == "max-logit-error" }?.bound
    let isNear = (bound ?? .infinity) <= 2 * largest
    self.bound = isNear ? bound : nil
    farBound = isNear ? nil : bound
    reach = max(largest, self.bound ?? 0) * 1.06
    let width = largest / (Double(Self.halfBins) + 0.5)
    var counts = [Int](repeating: 0, count: 2 * Self.halfBins + 1)
    for error in errors {
      let bin = Int((error / width).rounded()) + Self.halfBins
      counts[min(max(bin, 0), counts.count - 1)] += 1
    }
    bins = counts.enumerated().map { bin, count in
      let center = Double(bin - Self.halfBins) * width
      return (center - width / 2, center + width / 2, count)
    }
  }

  func figure() -> PlotFigure {
    // The histogram stands to the right of the points, on the same axis.
    let histogram = 84.0
    var plot = Plot(height: 440, margins: .init(left: 74, right: histogram + 22, top: 42))
    let x = PlotScale(covering: points.all.map(\.x), start: plot.left, end: plot.right, ticks: 5)
    let y = PlotScale(from: -reach, to: reach, start: plot.bottom, end: plot.top, ticks: 8)
    plot.xAxis(x, "logit of the reference")
    plot.yAxis(y, "error: model − reference")
    plot.frame()
    plot.drawing.line(plot.left, y.at(0), plot.right, y.at(0), "diagonal")
    for (value, style) in [(p99, "quantile"), (bound ?? .nan, "bound")] where value > 0 && value <= reach {
      for sign in [-1.0, 1] { plot.drawing.line(plot.left, y.at(sign * value), plot.right, y.at(sign * value), style) }
    }
    func place(_ list: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
      list.map { (x.at($0.x), y.at($0.y - $0.x)) }
    }
    plot.drawing.dots(place(points.wrong), points.size + "other")
    plot.drawing.dots(place(points.right), points.size + "true")
    plot.drawing.diamonds(place(points.flipped), "flip")
    drawHistogram(in: &plot, y, from: plot.right + 14, to: plot.drawing.width - 8)
    var keys = ScorePlot.keys(points).filter { $0.style != "threshold" }
    if p99.isFinite { keys.append(Plot.Key(.line, "quantile", "p99")) }
    if bound != nil { keys.append(Plot.Key(.line, "bound", "bound")) }
    plot.legend(keys)
    return PlotFigure(
      svg: plot.drawing.svg(
        id: "errors", title: "Errors of logits",
        description:
          "Model minus reference over the logit of the reference, and a histogram of the errors; the largest "
          + "drawn is \(Figures.error(largest))."),
      caption: "The same decisions: how far the model's logit is from the reference's, and to the right how often. "
        + "Lines at ± p99 of all decisions\(bound == nil ? "" : " and at the bound")."
        + (farBound.map { " The bound, \(Figures.bound($0)), lies beyond the plot." } ?? ""))
  }

  private func drawHistogram(in plot: inout Plot, _ y: PlotScale, from start: Double, to end: Double) {
    let most = Double(max(1, bins.map(\.count).max() ?? 1))
    for bin in bins where bin.count > 0 {
      let height = y.at(bin.low) - y.at(bin.high)
      plot.drawing.rectangle(
        start, y.at(bin.high) + 0.5, (end - start) * Double(bin.count) / most, max(0.5, height - 1), "bar")
    }
    plot.drawing.line(start, plot.top, start, plot.bottom, "axis")
    plot.drawing.text((start + end) / 2, plot.bottom + 17, "decisions", .middle)
  }

  var table: ReportTable {
    ReportTable(
      [.number("error from"), .number("to"), .number("decisions")],
      bins.map { ReportTable.Row([Figures.error($0.low), Figures.error($0.high), Figures.count($0.count)]) },
      omitted: "Of the decisions that are drawn.")
  }
}
