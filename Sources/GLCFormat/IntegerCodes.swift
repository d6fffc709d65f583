import ModelCore

/// What the format says of quantized tensors beyond their sizes: which codes and multipliers there are, what the padding of int4
/// holds, that a channel's sum is the sum of its int8 codes, and that input scales are finite and positive.
struct IntegerCodes {
  let record: TensorRecord
  let extent: UnsafeRawBufferPointer
  let path: String

  init(_ record: TensorRecord, _ extent: UnsafeRawBufferPointer, path: String) {
    self.record = record
    self.extent = extent
    self.path = path
  }

  /// Does nothing for encodings that are not quantized.
  func check() throws(GLCFormatError) {
    guard let geometry = record.geometry else { return }
    switch record.encoding {
    case .int8:
      guard !extent[..<record.codesSize].contains(0x80) else { throw malformed("codes from -127 to 127", "-128") }
      try checkSums(geometry) { channel in sum(of: channel, columns: geometry.paddedColumns) }
    case .int4: try checkInt4(geometry)
    case .f32, .f16, .bf16: return
    }
    try checkInputScales(geometry)
  }

  /// Compares the stored channel sums, where there are any, with what the codes add up to.
  func checkSums(_ geometry: TensorRecord.Geometry, _ sum: (Int) -> Int) throws(GLCFormatError) {
    guard record.channelSumsOffset > 0 else { return }
    for channel in 0..<geometry.paddedRows {
      let expected = sum(channel)
      let found = extent.integer(at: record.channelSumsOffset + 4 * channel, Int32.self)
      guard Int(found) == expected else { throw malformed("the sum \(expected) of channel \(channel)", "\(found)") }
    }
  }

  /// The sum of an int8 channel: four neighbouring bytes in every row of 64.
  private func sum(of channel: Int, columns: Int) -> Int {
    let block = channel / TileLayout.channels * TileLayout.channels * columns
    var sum = 0
    for quad in stride(from: block + channel % TileLayout.channels * 4, to: block + 16 * columns, by: 64) {
      for byte in quad..<quad + 4 { sum += Int(Int8(bitPattern: extent[byte])) }
    }
    return sum
  }

  private func checkInputScales(_ geometry: TensorRecord.Geometry) throws(GLCFormatError) {
    guard record.inputScalesOffset > 0, let columns = record.shape.last else { return }
    for feature in 0..<geometry.paddedColumns {
      let scale = Float(bitPattern: extent.integer(at: record.inputScalesOffset + 4 * feature, UInt32.self))
      guard scale > 0, scale.isFinite else {
        throw malformed("a finite positive input scale of feature \(feature)", "\(scale)")
      }
      guard feature < columns || scale == 1 else { throw malformed("input scales of 1 in the padding", "\(scale)") }
    }
  }

  func malformed(_ expected: String, _ found: String) -> GLCFormatError {
    .malformed(path: path, part: "tensor \(record.name)", expected: expected, found: found)
  }
}
