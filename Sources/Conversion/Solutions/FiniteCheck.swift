/// Looks for a value that is not finite in what a checkpoint has of the encoder: called where a calibration met one, to say where it is from.
enum FiniteCheck {
  /// Values that are read at once.
  private static let atOnce = 1 << 20

  /// - Throws: ``ConversionError/notFinite(path:tensor:row:)`` for the first in the order of the table.
  static func run(_ source: ConversionSource) throws(ConversionError) {
    for (row, view) in source.mapping.rows {
      let rows = CheckpointRows(view)
      guard rows.columns > 0 else { continue }
      let step = max(1, atOnce / rows.columns)
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: step * rows.columns)
      defer { buffer.deallocate() }
      for first in stride(from: 0, to: rows.rows, by: step) {
        let range = first..<min(first + step, rows.rows)
        let values = UnsafeMutableBufferPointer(rebasing: buffer[..<(range.count * rows.columns)])
        try rows.read(range, into: values)
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { continue }
        throw .notFinite(path: view.path, tensor: row.source, row: first + index / rows.columns)
      }
    }
  }
}
