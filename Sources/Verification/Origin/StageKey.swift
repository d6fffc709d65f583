/// A stage of a layer, or of none.
struct StageKey: Hashable, Sendable {
  var layer: Int?
  var stage: LayerStage

  /// All stages of an encoder with `layers` layers and a head, in the order of the forward pass.
  static func all(layers: Int) -> [StageKey] {
    let inner = (0..<layers).flatMap { layer in
      [LayerStage.attention, .feedForward, .output].map { StageKey(layer: layer, stage: $0) }
    }
    return [StageKey(stage: .embeddings)] + inner
      + [LayerStage.text, .classes, .logits].map { StageKey(stage: $0) }
  }

  /// The stage whose rows the layer at `index` reads.
  static func input(ofLayer index: Int) -> StageKey {
    index == 0 ? StageKey(stage: .embeddings) : StageKey(layer: index - 1, stage: .output)
  }

  init(layer: Int? = nil, stage: LayerStage) {
    self.layer = layer
    self.stage = stage
  }

  /// As findings call it.
  var place: String { (layer.map { "layer \($0), " } ?? "") + stage.rawValue }
}

/// The values of one text at one stage.
struct StageValues: Sendable {
  var columns: Int
  /// Row after row.
  var values: [Float] = []

  var rows: Int { columns == 0 ? 0 : values.count / columns }
  var isFinite: Bool { values.allSatisfy(\.isFinite) }
}

/// What one side computed of one text.
final class ForwardTrace {
  /// What it showed.
  var stages: [StageKey: StageValues] = [:]

  /// The first of `keys` that was not shown, or not finite; `nil` where all are well.
  func firstLost(of keys: [StageKey]) -> StageKey? { keys.first { !(stages[$0]?.isFinite ?? false) } }
}
