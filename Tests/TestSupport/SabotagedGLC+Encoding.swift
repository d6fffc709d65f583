// A matrix in another encoding: honest files of every form, by the formulas of formats/glc.md, for tests of those who read them.

extension SabotagedGLC {
  /// A form that a matrix of rank 2 may have. Tables of embeddings are kept in rows, others in tiles or panels.
  public enum Form: Sendable, Hashable {
    case f32, f16, bf16
    /// With the factor of every input feature, where there are any.
    case int8(inputScales: [Float]? = nil)
    /// A group size of 32, 64, 128, or 0 for one group a channel.
    case int4(groupSize: Int, inputScales: [Float]? = nil)

    var encoding: Int {
      switch self {
      case .f32: 1
      case .f16: 2
      case .bf16: 3
      case .int8: 4
      case .int4: 5
      }
    }

    var inputScales: [Float]? {
      switch self {
      case .int8(let scales), .int4(_, let scales): scales
      default: nil
      }
    }
  }

  /// Stores a matrix of f32, int8 or int4 in another form: plainly rounded, by absolute maximum.
  public mutating func encode(_ name: String, as form: Form) throws {
    let index = try index(of: name)
    let tensor = tensors[index]
    guard tensor.shape.count == 2 else { throw Failure("\(name) is no matrix") }
    let values = (0..<tensor.rows).map { row in (0..<tensor.columns).map { tensor.weight(row, $0) } }
    tensors[index] = Tensor(name: name, values: values, isTable: tensor.layout == 1, form: form)
  }
}

extension SabotagedGLC.Tensor {
  /// A matrix.
  /// - Parameters:
  ///   - values: rows of equal length.
  ///   - isTable: whether it lies in rows.
  public init(name: String, values: [[Float]], isTable: Bool, form: SabotagedGLC.Form) {
    let columns = values[0].count
    self.init(name: name, record: [UInt8](repeating: 0, count: 128), extent: [])
    let isQuantized = form.encoding >= 4
    record.set(8, 2, to: form.encoding)
    record.set(10, 2, to: isTable ? 1 : isQuantized ? 2 : 3)
    record.set(12, 4, to: 2)
    for (axis, size) in [values.count, columns, 1, 1].enumerated() { record.set(16 + 4 * axis, 4, to: size) }
    if case .int4(let groupSize, _) = form {
      record.set(52, 4, to: groupSize == 0 ? (columns + 63) / 64 * 64 : groupSize)
    }
    if !isQuantized {
      putFloats(values)
      return
    }
    record.set(56, 4, to: 1)
    let inputs = form.inputScales ?? Array(repeating: 1, count: columns)
    let scaled = values.map { zip($0, inputs).map { $0 / $1 } }
    let codesSize = isInt4 ? paddedRows * paddedColumns / 2 : paddedRows * paddedColumns
    extent = [UInt8](repeating: isInt4 ? 0x88 : 0, count: codesSize)
    record.set(64, 8, to: codesSize)
    addPart(72, [UInt8](repeating: 0, count: 4 * paddedRows))
    if !isTable { addPart(80, [UInt8](repeating: 0, count: 4 * paddedRows)) }
    if form.inputScales != nil {
      let padded = inputs + Array(repeating: 1, count: paddedColumns - columns)
      addPart(88, padded.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
    }
    if isInt4 { addPart(96, [UInt8](repeating: 1, count: paddedRows * groups)) }
    extent.pad(to: 64)
    for (row, values) in scaled.enumerated() { putCodes(row, values) }
    sumChannels()
  }

  private mutating func addPart(_ field: Int, _ bytes: [UInt8]) {
    extent.pad(to: 64)
    record.set(field, 8, to: extent.count)
    extent += bytes
  }

  private mutating func putFloats(_ values: [[Float]]) {
    extent = [UInt8](repeating: 0, count: paddedRows * paddedColumns * elementSize)
    record.set(64, 8, to: extent.count)
    for (row, values) in values.enumerated() {
      for (column, value) in values.enumerated() {
        // Brain floats rounded to nearest, ties to even.
        let bits = [
          1: Int(value.bitPattern), 2: Int(Float16(value).bitPattern),
          3: Int((value.bitPattern &+ 0x7FFF &+ (value.bitPattern >> 16 & 1)) >> 16),
        ]
        extent.set(offset(row, column), elementSize, to: bits[encoding] ?? 0)
      }
    }
    extent.pad(to: 64)
  }

  private mutating func putCodes(_ row: Int, _ values: [Float]) {
    let groups = stride(from: 0, to: values.count, by: isInt4 ? groupSize : values.count).map { start in
      values[start..<min(start + (isInt4 ? groupSize : values.count), values.count)]
    }
    let peaks = groups.map { $0.reduce(0) { max($0, abs($1)) } }
    let scale = (peaks.max() ?? 0) / (isInt4 ? 105 : 127)
    setFloat(scale, at: scaleOffset(row))
    guard scale > 0 else { return }
    for (group, values) in groups.enumerated() {
      // The least multiplier that clips nothing.
      let multiplier = isInt4 ? min(max((peaks[group] / (7 * scale)).rounded(.up), 1), 15) : 1
      if isInt4 { extent[multiplierOffset(row, group)] = UInt8(multiplier) }
      for (column, value) in zip(values.indices, values) { setValue(row, column, to: value) }
    }
  }
}
