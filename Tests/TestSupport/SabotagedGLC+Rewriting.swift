// Other contents for a tensor, of its own form or of another.

extension SabotagedGLC.Tensor {
  /// Gives a row (channel), scale included, what another has of a tensor of the same form.
  public mutating func replace(row: Int, by other: Int, of source: SabotagedGLC.Tensor) {
    for ((target, size), (place, _)) in zip(places(row), source.places(other)) {
      extent.replaceSubrange(target..<target + size, with: source.extent[place..<place + size])
    }
    guard isInt4 else { return }
    for column in 0..<columns {
      let (place, shift) = source.nibble(other, column)
      setCode(row, column, to: Int(source.extent[place] >> shift & 15) - 8)
    }
  }

  /// Writes a row (channel) of codes and its scale: rounded to nearest, and clipped.
  public mutating func quantize(row: Int, _ values: [Float], scale: Float) {
    precondition(isInt8 && values.count == columns, "a row of an int8 tensor")
    setFloat(scale, at: scaleOffset(row))
    for (column, value) in values.enumerated() {
      let code = scale == 0 ? 0 : min(max((value / scale).rounded(.toNearestOrEven), -127), 127)
      extent[offset(row, column)] = UInt8(bitPattern: Int8(code))
    }
  }

  /// Turns f32 values into f16 (2), rounded, or bf16 (3), cut off.
  public mutating func encodeHalf(_ encoding: Int) {
    precondition(self.encoding == 1, "a tensor of f32")
    let count = record.integer(at: 64, 8) / 4
    let values = (0..<count).map { float(at: 4 * $0) }
    extent = []
    for value in values {
      let bits = encoding == 2 ? Int(Float16(value).bitPattern) : Int(value.bitPattern >> 16)
      extent += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
    }
    record.set(8, 2, to: encoding)
    record.set(64, 8, to: 2 * count)
    extent.pad(to: 64)
  }

  /// Takes away the last rows of an embedding table.
  public mutating func shorten(to count: Int) {
    precondition(layout == 1 && count <= rows, "a table of more rows")
    let codes = Array(extent[..<(count * columns * elementSize)])
    let scales = isInt8 ? Array(extent[scalesOffset..<scalesOffset + 4 * count]) : []
    extent = codes
    record.set(16, 4, to: count)
    record.set(64, 8, to: codes.count)
    extent.pad(to: 64)
    if isInt8 {
      record.set(72, 8, to: extent.count)
      extent += scales
      extent.pad(to: 64)
    }
  }
}
