import GLCFormat
import ModelCore

/// A tensor of a `.glc`, read row by row as what it stands for (formats/glc.md, "Layouts" and "Encodings"): where the layer has input
/// scales, the weights with them. A row is an output channel, an embedding, a relative position of one head, or a whole vector. The one
/// place that knows encodings.
package struct StoredTensor {
  let record: TensorRecord
  /// Matrices one after another, the rows of each, and the values of a row.
  let matrices: Int
  let rowsPerMatrix: Int
  package let columns: Int
  /// Whether the recipe says that codes make up for each other's errors (GPTQ).
  let isCompensated: Bool
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
    isCompensated = file.isCompensated
  }

  private static func isKnown(_ record: TensorRecord) -> Bool {
    switch (record.encoding, record.layout) {
    case (.int8, .tiles), (.int4, .tiles), (.int8, .rows), (.int4, .rows): return record.rowsPerScale == 1
    case (.f32, .rows), (.f16, .rows), (.bf16, .rows), (.f32, .panels), (.f16, .panels), (.bf16, .panels): return true
    default: return false
    }
  }

  /// The scale of a row, counted over all matrices; `nil` for encodings that have none.
  func scale(_ row: Int) -> Float? {
    guard record.encoding.isQuantized else { return nil }
    let index = row / rowsPerMatrix * geometry.paddedRows + row % rowsPerMatrix
    return load(Float.self, at: record.scalesOffset + 4 * index)
  }

  /// The factor by which inputs of a feature are multiplied; `nil` where the layer has none.
  func inputScale(_ feature: Int) -> Float? {
    guard record.inputScalesOffset > 0 else { return nil }
    return load(Float.self, at: record.inputScalesOffset + 4 * feature)
  }

  /// Features of a row that share a multiplier: all of them in other encodings than int4.
  var groups: [Range<Int>] {
    guard record.encoding == .int4 else { return [0..<columns] }
    return stride(from: 0, to: columns, by: record.groupSize).map { $0..<min($0 + record.groupSize, columns) }
  }

  /// The multiplier of a group of ``groups``; 1 in other encodings than int4.
  func multiplier(_ row: Int, group: Int) -> Int {
    record.encoding == .int4 ? Int(Int4Codes(record, geometry, extent).multiplier(row, group: group)) : 1
  }

  /// Writes the values of a row, counted over all matrices, to an array of as many.
  package func read(_ row: Int, into target: inout [Float]) {
    precondition(target.count == columns, "a row has \(columns) values")
    target.withUnsafeMutableBufferPointer { read(row, into: $0) }
    guard record.inputScalesOffset > 0 else { return }
    for column in target.indices { target[column] *= inputScale(column) ?? 1 }
  }

  private func read(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) {
    guard record.encoding != .int4 else { return readInt4(row, into: target) }
    let scale = scale(row) ?? 1
    let (matrix, row) = (row / rowsPerMatrix, row % rowsPerMatrix)
    let start = matrix * geometry.paddedRows * geometry.paddedColumns
    switch record.layout {
    case .rows: copy(from: start + row * columns, step: 1, scale, into: target)
    case .panels: copy(from: start + row / 16 * 16 * columns + row % 16, step: 16, scale, into: target)
    case .tiles:
      let first = start + row / 16 * 16 * geometry.paddedColumns + row % 16 * 4
      for column in 0..<columns { target[column] = Float(code(at: first + column / 4 * 64 + column % 4)) * scale }
    }
  }

  /// A row whose values lie `step` apart.
  private func copy(from first: Int, step: Int, _ scale: Float, into target: UnsafeMutableBufferPointer<Float>) {
    switch record.encoding {
    case .int8: for column in 0..<columns { target[column] = Float(code(at: first + column * step)) * scale }
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

  private func readInt4(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) {
    let codes = Int4Codes(record, geometry, extent)
    let scale = scale(row) ?? 0
    for column in 0..<columns { target[column] = Float(codes.value(row, column)) * scale }
  }

  private func code(at offset: Int) -> Int8 { Int8(bitPattern: extent[offset]) }
  private func load<Value>(_: Value.Type, at offset: Int) -> Value {
    extent.loadUnaligned(fromByteOffset: offset, as: Value.self)
  }
}

extension GLCFile {
  private var recipe: JSONValue? { metadata.root.member("recipe") }

  /// Whether the recipe says that codes make up for each other's errors, as calibration data have it.
  var isCompensated: Bool {
    guard let calibration = recipe?.member("calibration"), !calibration.isNull else { return false }
    return recipe?.member("steps")?.member("gptq")?.bool ?? true
  }

  /// Whether the recipe says that biases were changed to make up for what quantization does to the mean of their channel.
  var hasCorrectedBiases: Bool { recipe?.member("calibration")?.member("bias_correction")?.bool ?? false }
}
