import Checkpoints
import ModelCore

/// A matrix whose rows can be had a few at a time, as floats, from any thread.
protocol RowSource: Sendable {
  var rows: Int { get }
  var columns: Int { get }
  /// Writes the rows `range` to `destination`, row-major.
  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError)
  /// What row `row` is called where the rows are from, for error messages.
  func sourceRow(of row: Int) -> Int
}

extension RowSource {
  func sourceRow(of row: Int) -> Int { row }

  /// Calls `body` with some rows after the other, as many as are read at a time, and their values.
  func forEachStripe(
    of all: Range<Int>, _ body: (Range<Int>, UnsafeBufferPointer<Float>) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    let step = max(1, MatrixStream.stripeElements / max(columns, 1))
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(step, max(1, all.count)) * columns)
    defer { buffer.deallocate() }
    for first in stride(from: all.lowerBound, to: all.upperBound, by: step) {
      let range = first..<min(first + step, all.upperBound)
      let values = UnsafeMutableBufferPointer(rebasing: buffer[..<(range.count * columns)])
      try read(range, into: values)
      try body(range, UnsafeBufferPointer(values))
    }
  }
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

  /// Reads every `step`-th row from the first on, one after the other. A row alone is less than a page, of which the system reads several
  /// at once: what has been read is given back now and then.
  func sample(
    every step: Int, _ body: (UnsafeBufferPointer<Float>) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: columns)
    defer { buffer.deallocate() }
    var given = 0
    for (index, row) in stride(from: 0, to: rows, by: step).enumerated() {
      try read(row..<row + 1, into: buffer)
      try body(UnsafeBufferPointer(buffer))
      guard index % Self.sampledAtOnce == Self.sampledAtOnce - 1 || row + step >= rows else { continue }
      view.discard(elements: given * columns..<(row + 1) * columns)
      given = row + 1
    }
  }

  private static let sampledAtOnce = 256

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

/// A vector that was computed in place of the checkpoint's.
struct ReplacedVector: RowSource {
  let values: [Float]
  var rows: Int { 1 }
  var columns: Int { values.count }

  func read(_ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws(ConversionError) {
    _ = destination.update(fromContentsOf: values)
  }
}
