import GLCFormat
import ModelCore

/// Layers whose own error stands out among those of the same stage that are stored alike.
package struct LayerOutliers {
  private let layers: [LayerError]
  private let forms: [Int: String]

  /// - Parameter forms: how each layer is stored; layers that are not in it are all alike.
  package init(_ layers: [LayerError], forms: [Int: String] = [:]) {
    self.layers = layers
    self.forms = forms
  }

  /// How the tensors of each layer of `files` are encoded, in words: a layer in int4 is no match for one in int8.
  static func forms(_ files: [GLCFile]) -> [Int: String] {
    var forms: [Int: String] = [:]
    for record in files.flatMap(\.records) {
      let parts = record.name.split(separator: ".", maxSplits: 2)
      guard parts.count == 3, parts[0] == "layers", let layer = Int(parts[1]) else { continue }
      forms[layer, default: ""] += "\(parts[2]) \(record.encoding) \(record.groupSize);"
    }
    return forms
  }

  /// Farther than this below the worst of the others, in dB.
  static let distance = 12.0
  /// An SQNR from which on nothing is the matter, however much better the others are.
  static let harmless = 40.0

  /// One finding for each stage that stands out.
  package var findings: [Finding] {
    layers.compactMap { layer in
      guard let own = layer.ownSQNR, own < Self.harmless else { return nil }
      let others = layers.filter {
        $0.stage == layer.stage && $0.layer != layer.layer && form($0) == form(layer)
      }.compactMap(\.ownSQNR)
      guard let worst = others.min(), own < worst - Self.distance else { return nil }
      let texts = [own, worst].map { Formatting.decimals($0, 1) }
      return Finding(
        place: StageKey(layer: layer.layer, stage: layer.stage).place,
        message: "its own SQNR is \(texts[0]) dB, that of the other layers at least \(texts[1]) dB")
    }
  }

  private func form(_ error: LayerError) -> String? { error.layer.flatMap { forms[$0] } }
}
