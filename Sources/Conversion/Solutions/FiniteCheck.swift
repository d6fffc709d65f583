/// Looks for a value that is not finite in what a checkpoint has of the encoder: called where a calibration met one, to say where it is from.
enum FiniteCheck {
  /// - Throws: ``ConversionError/notFinite(path:tensor:row:)`` for the first in the order of the table.
  static func run(_ source: ConversionSource) throws(ConversionError) {
    for (row, view) in source.mapping.rows {
      let rows = CheckpointRows(view)
      try rows.forEachStripe(of: 0..<rows.rows) { (range, values) throws(ConversionError) in
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw .notFinite(path: view.path, tensor: row.source, row: range.lowerBound + index / rows.columns)
      }
    }
  }
}
