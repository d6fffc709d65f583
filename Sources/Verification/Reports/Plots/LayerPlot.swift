/// How far the model's states are from the reference's, stage by stage.
enum LayerPlot {
  private struct Row {
    var name: String
    var stages: [LayerError]
  }

  static func figure(_ origin: OriginReport) -> PlotFigure? {
    let rows = Self.rows(origin.layers)
    let values = origin.layers.flatMap { [$0.sqnr, $0.ownSQNR ?? .nan] }.filter(\.isFinite)
    guard !rows.isEmpty, !values.isEmpty else { return nil }
    var plot = Plot(height: 96 + 20 * Double(rows.count), margins: .init(left: 92, top: 42))
    let x = PlotScale(covering: values, padding: 0.06, start: plot.left, end: plot.right)
    plot.xAxis(x, "SQNR, dB: right is better")
    plot.frame()
    let lowest = origin.layers.compactMap(\.ownSQNR).filter(\.isFinite).min()
    // What leaves each stage of the pass is connected: the accumulated error runs down the page.
    let outputs = rows.enumerated().compactMap { index, row -> (x: Double, y: Double)? in
      guard let last = row.stages.last, last.layer == nil || last.stage == .output, last.sqnr.isFinite else {
        return nil
      }
      return (x.at(last.sqnr), height(index, plot))
    }
    plot.drawing.path(outputs, "curve reference")
    for (index, row) in rows.enumerated() {
      let y = height(index, plot)
      plot.drawing.text(plot.left - 10, y + 4, row.name, .end)
      for stage in row.stages { draw(stage, at: y, x, isLowest: stage.ownSQNR == lowest && lowest != nil, &plot) }
    }
    var keys = [Plot.Key(.marker(.circle), "filled reference", "all layers up to here")]
    if lowest != nil { keys.append(Plot.Key(.marker(.circle), "hollow model", "this layer alone")) }
    keys += [
      Plot.Key(.marker(.square), "filled reference", "attention"),
      Plot.Key(.marker(.triangle), "filled reference", "feed-forward"),
      Plot.Key(.marker(.circle), "filled reference", "output"),
    ]
    plot.legend(keys, from: 14)
    let infinite = origin.layers.contains { $0.sqnr == .infinity || $0.ownSQNR == .infinity }
    let words =
      "Signal-to-noise ratio of the model's states, the reference's being the signal, over \(Figures.count(origin.texts, "text"))."
      + (lowest == nil ? "" : " Open marks: what the layer adds by itself; the lowest of them is set off.")
      + (infinite ? " What is equal in every value stands at the right edge." : "")
    return PlotFigure(
      svg: plot.drawing.svg(id: "layers", title: "Error by stage of the forward pass", description: words),
      caption: words)
  }

  private static func height(_ index: Int, _ plot: Plot) -> Double { plot.top + 12 + 20 * Double(index) }

  private static func draw(_ stage: LayerError, at y: Double, _ x: PlotScale, isLowest: Bool, _ plot: inout Plot) {
    let marker: Drawing.Marker =
      switch stage.stage {
      case .attention: .square
      case .feedForward: .triangle
      default: .circle
      }
    func place(_ value: Double) -> Double? { value.isNaN ? nil : x.at(min(max(value, x.low), x.high)) }
    if let position = place(stage.sqnr) {
      plot.drawing.marker(
        marker, position, y, "filled reference", title: "\(stage.place): \(Figures.decibels(stage.sqnr)) dB")
    }
    if let own = stage.ownSQNR, let position = place(own) {
      plot.drawing.marker(
        marker, position, y, isLowest ? "hollow loss" : "hollow model",
        title: "\(stage.place), by itself: \(Figures.decibels(own)) dB")
    }
  }

  /// A row a layer, and one each for what is outside of them.
  private static func rows(_ layers: [LayerError]) -> [Row] {
    var rows: [Row] = []
    for stage in layers {
      let name = stage.layer.map { "layer \($0)" } ?? stage.stage.rawValue
      if rows.last?.name == name, let index = rows.indices.last {
        rows[index].stages.append(stage)
      } else {
        rows.append(Row(name: name, stages: [stage]))
      }
    }
    return rows
  }
}
