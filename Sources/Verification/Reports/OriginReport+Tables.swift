import ModelCore

extension LayerError {
  /// `layer 4, feed-forward`, `embeddings`.
  var place: String { layer.map { "layer \($0), \(stage.rawValue)" } ?? stage.rawValue }
}

extension OriginReport {
  /// Whether there is anything to say.
  var isEmpty: Bool { layers.isEmpty && tensors.isEmpty && findings.isEmpty }

  var findingTable: ReportTable {
    ReportTable([.name("place"), .name("what differs")], findings.map { ReportTable.Row([$0.place, $0.message]) })
  }

  /// In the order of the forward pass.
  var layerTable: ReportTable { layerTable(layers) }

  /// Where there are more than `limit` rows, only what leaves each layer.
  func layerTable(limit: Int) -> ReportTable {
    guard layers.count > limit else { return layerTable }
    let outputs = layers.filter { $0.layer == nil || $0.stage == .output }
    var table = layerTable(outputs).limited(to: limit, of: "stages")
    if table.omitted == nil { table.omitted = "Only what leaves each layer, of \(layers.count) stages." }
    return table
  }

  private func layerTable(_ layers: [LayerError]) -> ReportTable {
    ReportTable(
      [
        .words("stage"), .number("SQNR, dB"), .number("cosine"), .number("own SQNR, dB"), .number("own cosine"),
      ],
      layers.map {
        ReportTable.Row([
          $0.place, Figures.decibels($0.sqnr), Figures.cosine($0.cosine), $0.ownSQNR.map(Figures.decibels) ?? "–",
          $0.ownCosine.map(Figures.cosine) ?? "–",
        ])
      })
  }

  /// Those with the lowest SQNR first.
  func tensorTable(limit: Int) -> ReportTable {
    ReportTable(
      [
        .name("tensor"), .name("form"), .number("SQNR, dB"), .number("worst channel"), .number("SQNR there, dB"),
      ],
      tensors.map {
        ReportTable.Row([
          $0.name, $0.form, Figures.decibels($0.sqnr), Figures.count($0.worstChannel),
          Figures.decibels($0.worstChannelSQNR),
        ])
      }
    ).limited(to: limit, of: "tensors, by SQNR")
  }
}
