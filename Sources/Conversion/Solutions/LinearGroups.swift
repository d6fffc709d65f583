import ModelCore

/// Linear layers that multiply the same rows: what shares an input scale vector.
package struct LinearGroup: Sendable {
  /// Their rows of weights, one or three.
  package let members: [TensorRow]

  /// The groups of one layer, in run order: query, key and value; attention's output; the two of the feed-forward network.
  static func all(ofLayer layer: Int, _ table: TensorTable) -> [LinearGroup] {
    let prefix = "layers.\(layer)"
    return [
      ["attention.query", "attention.key", "attention.value"], ["attention.output"], ["feed_forward.intermediate"],
      ["feed_forward.output"],
    ].map { names in LinearGroup(members: names.map { table.row("\(prefix).\($0).weight") }) }
  }

  /// The groups of the projectors, in run order, where they read the states of the encoder as they are; else none.
  static func projectors(_ table: TensorTable, _ head: HeadConfiguration) -> [LinearGroup] {
    guard !head.usesLSTM, !head.squeezesLayers else { return [] }
    return ["text", "classes"].flatMap { part in
      ["first", "second"].map { LinearGroup(members: [table.row("head.\(part).\($0).weight")]) }
    }
  }

  /// The groups of all layers of the encoder, in run order.
  package static func all(_ table: TensorTable, _ encoder: EncoderConfiguration) -> [LinearGroup] {
    (0..<encoder.layerCount).flatMap { all(ofLayer: $0, table) }
  }
}

extension TensorTable {
  /// The row of this name, which the table has.
  func row(_ name: String) -> TensorRow {
    guard let row = rows.first(where: { $0.name == name }) else { preconditionFailure("\(name) is not in the table") }
    return row
  }
}
