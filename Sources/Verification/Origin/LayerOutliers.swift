import ModelCore

/// Layers whose own error stands out among those of the same stage.
package struct LayerOutliers {
  private let layers: [LayerError]

  package init(_ layers: [LayerError]) { self.layers = layers }

  /// Farther than this below the worst of the others, in dB.
  static let distance = 12.0
  /// An SQNR from which on nothing is the matter, however much better the others are.
  static let harmless = 40.0

  /// One finding for each stage that stands out.
  package var findings: [Finding] {
    layers.compactMap { layer in
      guard let own = layer.ownSQNR, own < Self.harmless else { return nil }
      let others = layers.filter { $0.stage == layer.stage && $0.layer != layer.layer }.compactMap(\.ownSQNR)
      guard let worst = others.min(), own < worst - Self.distance else { return nil }
      let texts = [own, worst].map { Formatting.decimals($0, 1) }
      return Finding(
        place: StageKey(layer: layer.layer, stage: layer.stage).place,
        message: "its own SQNR is \(texts[0]) dB, that of the other layers at least \(texts[1]) dB")
    }
  }
}
