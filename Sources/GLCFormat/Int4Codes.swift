import ModelCore

/// The codes and multipliers of an int4 tensor, found by row (channel) and feature (formats/glc.md, "Encodings").
package struct Int4Codes {
  private let extent: UnsafeRawBufferPointer
  private let multipliers: Int
  private let isTiles: Bool
  private let paddedColumns: Int
  private let groups: Int
  private let groupSize: Int

  /// - Parameter extent: that of `record`, which is int4.
  package init(_ record: TensorRecord, _ geometry: TensorRecord.Geometry, _ extent: UnsafeRawBufferPointer) {
    precondition(record.encoding == .int4 && extent.count >= record.extent.count)
    self.extent = extent
    multipliers = record.multipliersOffset
    isTiles = record.layout == .tiles
    paddedColumns = geometry.paddedColumns
    groups = geometry.groups
    groupSize = record.groupSize
  }

  /// What is stored for a code, 0…15: the code plus 8. Rows and features of the padding count.
  package func nibble(_ row: Int, _ feature: Int) -> UInt8 {
    let byte: Int
    let isHigh: Bool
    if isTiles {
      let block = row / TileLayout.channels * TileLayout.channels * paddedColumns / 2
      byte = block + feature / 4 * 32 + row % 8 * 4 + feature % 4
      isHigh = row % TileLayout.channels >= 8
    } else {
      byte = (row * paddedColumns + feature / 64 * 64) / 2 + feature % 32
      isHigh = feature % 64 >= 32
    }
    return isHigh ? extent[byte] >> 4 : extent[byte] & 15
  }

  /// The multiplier of a group of features of a row, 1…15 in a file that keeps to the format.
  package func multiplier(_ row: Int, group: Int) -> UInt8 {
    let index =
      isTiles
      ? (row / TileLayout.channels * groups + group) * TileLayout.channels + row % TileLayout.channels
      : row * groups + group
    return extent[multipliers + index]
  }

  /// The product of a code and its multiplier: an int8 in a file that keeps to the format.
  package func value(_ row: Int, _ feature: Int) -> Int {
    (Int(nibble(row, feature)) - 8) * Int(multiplier(row, group: feature / groupSize))
  }
}
