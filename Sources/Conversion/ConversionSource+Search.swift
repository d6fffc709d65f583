import ModelCore

// What a search for a recipe asks of a checkpoint.

extension ConversionSource {
  /// Names in the `.glc` of the encoder's linear layers, those that multiply the same rows together, in run order.
  package var linearGroupNames: [[String]] {
    LinearGroup.all(mapping.table, checkpoint.configuration.encoder).map { $0.members.map(\.name) }
  }

  /// What a recipe says of the vocabulary: null where it is whole.
  package var vocabularyMetadata: JSON { vocabulary?.metadata ?? .null }
}
