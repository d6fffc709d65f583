import Dispatch
import GLCFormat
import ModelCore
import Quantization

/// Streams a matrix into its place in the file: read, quantize and pack a few rows on each core, then write them in order.
struct MatrixStream {
  let writer: GLCWriter
  let record: TensorRecord
  /// Named in errors: the checkpoint's file and tensor.
  let path: String
  let tensor: String
  /// Rows of one matrix; a stripe never crosses into the next, whose blocks start anew.
  let matrixRows: Int
  /// How its rows become codes, where they do.
  var solution = LinearSolution()
  let progress: (Int) -> Void

  /// Floats that a core reads at a time (2 MiB): the largest part of the converter's memory, twice.
  static let stripeElements = 512 * 1024

  /// Writes the whole extent.
  /// - Returns: the quantization error; zero for unquantized forms.
  func write(_ source: some RowSource) throws(ConversionError) -> QuantizationError {
    guard let geometry = record.geometry else { throw .tooLarge(path: path, tensor: tensor) }
    let form = StoredForm(record, geometry)
    let lanes = 2
    let stripeRows = min(
      max(16, Self.stripeElements / source.columns / 16 * 16), matrixRows.roundedUp(toMultipleOf: 16))
    let quantizer = RowQuantizer(record, solution)
    let workers = (0..<lanes).map { _ in StripeWorker(form, quantizer, rows: stripeRows) }
    let parts = RowParts(geometry)
    defer { parts.deallocate() }
    var total = QuantizationError()
    for start in stride(from: 0, to: source.rows, by: matrixRows) {
      let end = start + matrixRows
      let outputRow = start / matrixRows * geometry.paddedRows
      for first in stride(from: start, to: end, by: lanes * stripeRows) {
        let stripes = (0..<lanes).map { lane in
          min(first + lane * stripeRows, end)..<min(first + (lane + 1) * stripeRows, end)
        }
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
          workers[lane].run(source, stripes[lane], parts, at: outputRow - start)
        }
        for (worker, rows) in zip(workers, stripes) where !rows.isEmpty {
          try check(worker, source)
          total.add(worker.error)
          try append(worker.output(rows.count))
        }
        progress(stripes.reduce(0) { $0 + $1.count } * source.columns)
      }
    }
    try append(parts, geometry)
    return total
  }

  private func check(_ worker: StripeWorker, _ source: some RowSource) throws(ConversionError) {
    if let row = worker.badRow { throw .notFinite(path: path, tensor: tensor, row: source.sourceRow(of: row)) }
    if let (row, value) = worker.tooLarge {
      throw .notRepresentable(
        path: path, tensor: tensor, row: source.sourceRow(of: row), value: value, encoding: record.encoding)
    }
    if let failure = worker.failure { throw failure }
  }

  /// The parts behind the codes, each at its place.
  private func append(_ parts: RowParts, _ geometry: TensorRecord.Geometry) throws(ConversionError) {
    try append(UnsafeRawBufferPointer(parts.scales), at: record.scalesOffset)
    try append(UnsafeRawBufferPointer(parts.sums), at: record.channelSumsOffset)
    if let scales = solution.inputScales {
      let padded = scales + Array(repeating: 1, count: geometry.paddedColumns - scales.count)
      let result = padded.withUnsafeBytes { bytes -> ConversionError? in
        do throws(ConversionError) { try append(bytes, at: record.inputScalesOffset) } catch { return error }
        return nil
      }
      if let result { throw result }
    }
    try append(UnsafeRawBufferPointer(parts.multipliers), at: record.multipliersOffset)
    try pad(to: record.extent.count)
  }

  private func append(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ConversionError) {
    guard offset > 0 else { return }
    try pad(to: offset)
    try append(bytes)
  }

  private func append(_ bytes: UnsafeRawBufferPointer) throws(ConversionError) {
    try lifting(ConversionError.format) { () throws(GLCFormatError) in try writer.append(bytes, to: record.name) }
  }

  private func pad(to offset: Int) throws(ConversionError) {
    try lifting(ConversionError.format) { () throws(GLCFormatError) in try writer.padExtent(record.name, to: offset) }
  }
}
