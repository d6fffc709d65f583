import Checkpoints
import Dispatch
import GLCFormat
import ModelCore
import Quantization

/// A matrix whose rows can be had a few at a time, as floats, from any thread.
protocol RowSource: Sendable {
  var rows: Int { get }
  var columns: Int { get }
  /// Writes the rows `range` to `destination`, row-major.
  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError)
}

/// A tensor of the checkpoint. What has been read no longer counts as resident.
struct CheckpointRows: RowSource {
  let view: TensorView
  let rows: Int
  let columns: Int

  /// - Parameter rows: how many of them, all unless given.
  init(_ view: TensorView, rows: Int? = nil) {
    self.view = view
    columns = view.shape.last ?? 1
    self.rows = rows ?? view.shape.dropLast().reduce(1, *)
  }

  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    let elements = range.lowerBound * columns..<range.upperBound * columns
    try lifting(ConversionError.checkpoint) { () throws(CheckpointError) in
      try view.readFloats(elements: elements, into: destination)
    }
    view.discard(elements: elements)
  }
}

/// A convolution [H][H ÷ groups][kernel] as a matrix [H][kernel · H] over the features of neighbouring tokens, token by token: what
/// another group sees has weight zero.
struct ConvolutionRows: RowSource {
  private let weights: CheckpointRows
  private let kernelSize: Int
  private let groupSize: Int
  let rows: Int
  let columns: Int

  init(_ view: TensorView) {
    rows = view.shape[0]
    groupSize = view.shape[1]
    kernelSize = view.shape[2]
    columns = kernelSize * rows
    weights = CheckpointRows(view)
  }

  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    let own = groupSize * kernelSize
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: range.count * own)
    defer { values.deallocate() }
    // A row of the view is one feature's kernel.
    try weights.read(range.lowerBound * groupSize..<range.upperBound * groupSize, into: values)
    for (local, row) in range.enumerated() {
      let target = UnsafeMutableBufferPointer(rebasing: destination[local * columns..<(local + 1) * columns])
      target.update(repeating: 0)
      let first = row / groupSize * groupSize
      for feature in 0..<groupSize {
        for tap in 0..<kernelSize {
          target[tap * rows + first + feature] = values[local * own + feature * kernelSize + tap]
        }
      }
    }
  }
}

/// A projection that was computed: all rows of all heads, one after another.
struct ComputedRows: RowSource {
  let values: [Float]
  let rows: Int
  let columns: Int

  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    _ = destination.update(fromContentsOf: values[range.lowerBound * columns..<range.upperBound * columns])
  }
}

/// Streams a matrix into its place in the file: read, quantize and pack a few rows on each core, then write them in order.
struct MatrixStream {
  let writer: GLCWriter
  let record: TensorRecord
  /// Named in errors: the checkpoint's file and tensor.
  let path: String
  let tensor: String
  /// Rows of one matrix; a stripe never crosses into the next, whose blocks start anew.
  let matrixRows: Int
  let progress: (Int) -> Void

  /// Floats that a core reads at a time (2 MiB): the largest part of the converter's memory, twice.
  static let stripeElements = 512 * 1024

  private struct Stripe {
    var rows: Range<Int>
    var failure: ConversionError?
    var error = QuantizationError()
  }

  /// Writes the whole extent.
  /// - Returns: the quantization error; zero for unquantized forms.
  func write(_ source: some RowSource) throws(ConversionError) -> QuantizationError {
    guard let geometry = record.geometry else { throw .tooLarge(path: path, tensor: tensor) }
    let stored = StoredForm(record, geometry)
    let lanes = 2
    let stripeRows = min(
      max(16, Self.stripeElements / source.columns / 16 * 16), matrixRows.roundedUp(toMultipleOf: 16))
    let workers = (0..<lanes).map { _ in StripeWorker(stored, rows: stripeRows, columns: source.columns) }
    let scales = UnsafeMutableBufferPointer<Float>.allocate(capacity: geometry.scaleCount)
    let sums = UnsafeMutableBufferPointer<Int32>.allocate(capacity: geometry.scaleCount)
    scales.initialize(repeating: 0)
    sums.initialize(repeating: 0)
    defer {
      scales.deallocate()
      sums.deallocate()
    }
    var total = QuantizationError()
    for start in stride(from: 0, to: source.rows, by: matrixRows) {
      let end = start + matrixRows
      let outputRow = start / matrixRows * geometry.paddedRows
      for first in stride(from: start, to: end, by: lanes * stripeRows) {
        let stripes = (0..<lanes).map { lane in
          min(first + lane * stripeRows, end)..<min(first + (lane + 1) * stripeRows, end)
        }
        nonisolated(unsafe) let (scales, sums) = (scales, sums)
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
          workers[lane].run(source, stripes[lane], scales, sums, at: outputRow - start)
        }
        for (worker, rows) in zip(workers, stripes) where !rows.isEmpty {
          if let row = worker.badRow { throw .notFinite(path: path, tensor: tensor, row: row) }
          if let failure = worker.failure { throw failure }
          total.add(worker.error)
          try append(worker.output(rows.count))
        }
        progress(stripes.reduce(0) { $0 + $1.count } * source.columns)
      }
    }
    try appendParts(scales, sums)
    return total
  }

  private func appendParts(
    _ scales: UnsafeMutableBufferPointer<Float>, _ sums: UnsafeMutableBufferPointer<Int32>
  ) throws(ConversionError) {
    if record.scalesOffset > 0 {
      try pad(to: record.scalesOffset)
      try append(UnsafeRawBufferPointer(scales))
    }
    if record.channelSumsOffset > 0 {
      try pad(to: record.channelSumsOffset)
      try append(UnsafeRawBufferPointer(sums))
    }
    try pad(to: record.extent.count)
  }

  private func append(_ bytes: UnsafeRawBufferPointer) throws(ConversionError) {
    try lifting(ConversionError.format) { () throws(GLCFormatError) in try writer.append(bytes, to: record.name) }
  }

  private func pad(to offset: Int) throws(ConversionError) {
    try lifting(ConversionError.format) { () throws(GLCFormatError) in try writer.padExtent(record.name, to: offset) }
  }
}

/// What a row becomes.
struct StoredForm: Sendable {
  let encoding: TensorEncoding
  let layout: TensorLayout
  let paddedColumns: Int

  init(_ record: TensorRecord, _ geometry: TensorRecord.Geometry) {
    encoding = record.encoding
    layout = record.layout
    paddedColumns = geometry.paddedColumns
  }

  /// Bytes that `rows` rows take.
  func byteCount(_ rows: Int) -> Int {
    let stored = layout == .rows ? rows : rows.roundedUp(toMultipleOf: TileLayout.channels)
    return stored * paddedColumns * (encoding == .int8 ? 1 : 4)
  }
}

/// The buffers and results of one core.
private final class StripeWorker: @unchecked Sendable {
  private let form: StoredForm
  private let columns: Int
  private let floats: UnsafeMutableBufferPointer<Float>
  private let codes: UnsafeMutableBufferPointer<Int8>
  private let packed: UnsafeMutableRawBufferPointer
  private(set) var failure: ConversionError?
  private(set) var badRow: Int?
  private(set) var error = QuantizationError()

  init(_ form: StoredForm, rows: Int, columns: Int) {
    self.form = form
    self.columns = columns
    floats = .allocate(capacity: rows * columns)
    codes = .allocate(capacity: form.encoding == .int8 ? rows * columns : 0)
    packed = .allocate(byteCount: form.byteCount(rows), alignment: 64)
    floats.initialize(repeating: 0)
    codes.initialize(repeating: 0)
  }

  deinit {
    floats.deallocate()
    codes.deallocate()
    packed.deallocate()
  }

  /// The stored bytes of the last stripe, which had `rows` rows.
  func output(_ rows: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: packed[..<form.byteCount(rows)])
  }

  /// Reads, quantizes and packs `rows`. Scales and sums of row r go to index r + `shift`.
  func run(
    _ source: some RowSource, _ rows: Range<Int>, _ scales: UnsafeMutableBufferPointer<Float>,
    _ sums: UnsafeMutableBufferPointer<Int32>, at shift: Int
  ) {
    failure = nil
    badRow = nil
    error = QuantizationError()
    guard !rows.isEmpty else { return }
    do throws(ConversionError) { try source.read(rows, into: floats) } catch {
      failure = error
      return
    }
    guard form.encoding == .int8 else { return pack(floatRows: rows.count, first: rows.lowerBound) }
    guard let codeBase = codes.baseAddress else { return }
    for (local, row) in rows.enumerated() {
      let values = UnsafeBufferPointer(rebasing: floats[local * columns..<(local + 1) * columns])
      let target = codeBase + local * columns
      guard let scale = SymmetricInt8.quantize(values, into: target) else {
        badRow = row
        return
      }
      scales[row + shift] = scale
      var sum: Int32 = 0
      for column in 0..<columns { sum &+= Int32(target[column]) }
      sums[row + shift] = sum
      error.add(values, codes: target, scale: scale)
    }
    pack(codeRows: rows.count)
  }

  private func pack(codeRows count: Int) {
    let bytes = packed.bindMemory(to: Int8.self)
    guard let target = bytes.baseAddress else { return }
    guard form.layout == .tiles else {
      target.update(from: UnsafePointer(codes.baseAddress ?? target), count: count * columns)
      return
    }
    for first in stride(from: 0, to: count, by: TileLayout.channels) {
      let own = min(TileLayout.channels, count - first)
      TileLayout.pack(
        rows: UnsafeBufferPointer(rebasing: codes[first * columns..<(first + own) * columns]), rowCount: own,
        columns: columns, paddedColumns: form.paddedColumns, into: target + first * form.paddedColumns)
    }
  }

  private func pack(floatRows count: Int, first row: Int) {
    for index in 0..<count * columns where !floats[index].isFinite {
      badRow = row + index / columns
      return
    }
    guard let target = packed.bindMemory(to: Float.self).baseAddress else { return }
    guard form.layout == .panels else {
      target.update(from: UnsafePointer(floats.baseAddress ?? target), count: count * columns)
      return
    }
    for first in stride(from: 0, to: count, by: TileLayout.channels) {
      let own = min(TileLayout.channels, count - first)
      TileLayout.packPanel(
        rows: UnsafeBufferPointer(rebasing: floats[first * columns..<(first + own) * columns]), rowCount: own,
        columns: columns, into: target + first * form.paddedColumns)
    }
  }
}
