import GLCFormat

/// A tensor of a `.glc`, read row by row as what it stands for (formats/glc.md, "Layouts" and "Encodings"). A row is an output channel,
/// an embedding, a relative position of one head, or a whole vector. The one place that knows encodings.
package struct StoredTensor {
  let record: TensorRecord
  /// Matrices one after another, the rows of each, and the values of a row.
  let matrices: Int
  let rowsPerMatrix: Int
  package let columns: Int
  private let geometry: TensorRecord.Geometry
  private let extent: UnsafeRawBufferPointer
  // Keeps the extent mapped.
  private let file: GLCFile

  /// Rows of all matrices.
  package var rows: Int { matrices * rowsPerMatrix }

  /// `nil` for a form that this code does not know.
  package init?(_ record: TensorRecord, in file: GLCFile) {
    guard let geometry = record.geometry, Self.isKnown(record) else { return nil }
    self.record = record
    self.geometry = geometry
    self.file = file
    extent = file.extent(record)
    matrices = geometry.matrices
    rowsPerMatrix = record.shape.count == 1 ? 1 : record.shape[record.shape.count - 2]
    columns = record.shape[record.shape.count - 1]
  }

  private static func isKnown(_ record: TensorRecord) -> Bool {
    guard record.inputScalesOffset == 0 else { return false }
    switch (record.encoding, record.layout) {
    case (.int8, .tiles): return record.rowsPerScale == 1
    case (.int8, .rows): return record.rowsPerScale >= 1
    case (.f32, .rows), (.f16, .rows), (.bf16, .rows), (.f32, .panels), (.f16, .panels), (.bf16, .panels): return true
    default: return false
    }
  }

  /// The scale of a row, counted over all matrices; `nil` for encodings that have none.
  func scale(_ row: Int) -> Float? {
    guard record.encoding == .int8 else { return nil }
    let index =
      record.layout == .rows
      ? row / record.rowsPerScale : row / rowsPerMatrix * geometry.paddedRows + row % rowsPerMatrix
    return load(Float.self, at: record.scalesOffset + 4 * index)
  }

  /// Writes the values of a row, counted over all matrices, to an array of as many.
  package func read(_ row: Int, into target: inout [Float]) {
    precondition(target.count == columns, "a row has \(columns) values")
    target.withUnsafeMutableBufferPointer { read(row, into: $0) }
  }

  private func read(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) {
    let (matrix, row) = (row / rowsPerMatrix, row % rowsPerMatrix)
    let start = matrix * geometry.paddedRows * geometry.paddedColumns
    switch record.layout {
    case .rows: copy(from: start + row * columns, step: 1, row, into: target)
    case .panels: copy(from: start + row / 16 * 16 * columns + row % 16, step: 16, row, into: target)
    case .tiles:
      let scale = scale(matrix * rowsPerMatrix + row) ?? 0
      let first = start + row / 16 * 16 * geometry.paddedColumns + row % 16 * 4
      for column in 0..<columns { target[column] = Float(code(at: first + column / 4 * 64 + column % 4)) * scale }
    }
  }

  /// A row whose values lie `step` apart.
  private func copy(from first: Int, step: Int, _ row: Int, into target: UnsafeMutableBufferPointer<Float>) {
    switch record.encoding {
    case .int8:
      let scale = scale(row) ?? 0
      for column in 0..<columns { target[column] = Float(code(at: first + column * step)) * scale }
    case .f32: for column in 0..<columns { target[column] = load(Float.self, at: 4 * (first + column * step)) }
    case .f16:
      for column in 0..<columns {
        target[column] = Float(Float16(bitPattern: load(UInt16.self, at: 2 * (first + column * step))))
      }
    case .bf16:
      for column in 0..<columns {
        target[column] = Float(bitPattern: UInt32(load(UInt16.self, at: 2 * (first + column * step))) << 16)
      }
    case .int4: break
    }
  }

  private func code(at offset: Int) -> Int8 { Int8(bitPattern: extent[offset]) }
  private func load<Value>(_: Value.Type, at offset: Int) -> Value {
    extent.loadUnaligned(fromByteOffset: offset, as: Value.self)
  }
}

extension StoredTensor {
  /// The least difference of two values of a row that the encoding can tell apart, where the largest value of the original is `peak`.
  /// A scale above that of absolute maximum is no reason to expect less.
  func step(_ row: Int, peak: Double) -> Double {
    switch record.encoding {
    case .int8: min(Double(scale(row) ?? 0), 1.02 * peak / 127)
    case .f16: 0x1p-24
    default: 0
    }
  }

  /// The error that a row of the original may take by being encoded: no bound, but far above what rounding costs (12 times for
  /// int8, where that is step² ÷ 12 a value), for scales that clip and rounding that is not to nearest.
  func noise(_ row: Int, signal: Double, peak: Double) -> Double {
    let step = step(row, peak: peak)
    let rounding = Double(columns) * step * step
    switch record.encoding {
    case .f16: return rounding + signal * 0x1p-21
    case .bf16: return rounding + signal * 0x1p-15
    default: return rounding
    }
  }

  /// The largest value that a row can hold: larger ones are clipped to it.
  func limit(_ row: Int) -> Double {
    switch record.encoding {
    case .int8: 127 * Double(scale(row) ?? 0)
    case .f16: 65_504
    default: .infinity
    }
  }
}
