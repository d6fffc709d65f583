extension IntegerCodes {
  /// Codes from −7 to 7, multipliers from 1 to 15, neutral ones in the padding, and true channel sums.
  func checkInt4(_ geometry: TensorRecord.Geometry) throws(GLCFormatError) {
    guard extent[..<record.codesSize].allSatisfy({ $0 & 0x0F != 0 && $0 & 0xF0 != 0 }) else {
      throw malformed("int4 codes stored as 1 to 15", "0")
    }
    let codes = Int4Codes(record, geometry, extent)
    let rows = record.shape[record.shape.count - 2]
    let columns = record.shape[record.shape.count - 1]
    for row in 0..<geometry.paddedRows {
      for group in 0..<geometry.groups {
        let multiplier = codes.multiplier(row, group: group)
        let isPadding = row >= rows || group * record.groupSize >= columns
        guard isPadding ? multiplier == 1 : (1...15).contains(multiplier) else {
          throw malformed(
            "a multiplier \(isPadding ? "of 1 in the padding" : "from 1 to 15") of row \(row), group \(group)",
            "\(multiplier)")
        }
      }
      for feature in (row < rows ? columns : 0)..<geometry.paddedColumns where codes.nibble(row, feature) != 8 {
        throw malformed(
          "int4 codes stored as 8 in the padding", "\(codes.nibble(row, feature)) of row \(row), feature \(feature)")
      }
    }
    try checkSums(geometry) { row in (0..<geometry.paddedColumns).reduce(0) { $0 + codes.value(row, $1) } }
  }
}
