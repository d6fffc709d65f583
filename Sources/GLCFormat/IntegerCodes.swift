import ModelCore

/// What the format says of int8 codes: none is −128, and a channel's sum is the sum of its codes.
struct IntegerCodes {
  private let record: TensorRecord
  private let extent: UnsafeRawBufferPointer

  init(_ record: TensorRecord, _ extent: UnsafeRawBufferPointer) {
    self.record = record
    self.extent = extent
  }

  /// Does nothing for other encodings.
  func check(path: String) throws(GLCFormatError) {
    guard record.encoding == .int8, let geometry = record.geometry else { return }
    let codes = extent[..<record.codesSize]
    guard !codes.contains(0x80) else {
      throw .malformed(path: path, part: "tensor \(record.name)", expected: "codes from -127 to 127", found: "-128")
    }
    guard record.channelSumsOffset > 0 else { return }
    for channel in 0..<geometry.paddedRows {
      let start = channel / TileLayout.channels * TileLayout.channels * geometry.paddedColumns
      let expected = sum(of: channel % TileLayout.channels, block: start, columns: geometry.paddedColumns)
      let found = extent.integer(at: record.channelSumsOffset + 4 * channel, Int32.self)
      guard found == expected else {
        throw .malformed(
          path: path, part: "tensor \(record.name)", expected: "the sum \(expected) of channel \(channel)",
          found: "\(found)")
      }
    }
  }

  /// The sum of a channel's codes: four neighbouring bytes in every row of 64.
  private func sum(of channel: Int, block: Int, columns: Int) -> Int32 {
    var sum: Int32 = 0
    for quad in stride(from: block + channel * 4, to: block + 16 * columns, by: 64) {
      for byte in quad..<quad + 4 { sum &+= Int32(Int8(bitPattern: extent[byte])) }
    }
    return sum
  }
}
