/// The order of codes in tiles and panels (formats/glc.md, "Layouts").
public enum TileLayout {
  /// Output channels of a block.
  public static let channels = 16

  /// Writes one block of tiles: 16 rows of int8 codes to `paddedColumns ÷ 4` rows of 64 bytes.
  /// - Parameters:
  ///   - rows: up to 16 rows of `columns` codes; missing rows become zeros.
  ///   - tiles: 16 · `paddedColumns` bytes.
  public static func pack(
    rows: UnsafeBufferPointer<Int8>, rowCount: Int, columns: Int, paddedColumns: Int,
    into tiles: UnsafeMutablePointer<Int8>
  ) {
    precondition(rowCount <= channels && rows.count >= rowCount * columns && paddedColumns % 4 == 0)
    guard let source = rows.baseAddress else { return }
    tiles.update(repeating: 0, count: channels * paddedColumns)
    for row in 0..<rowCount {
      let codes = source + row * columns
      let target = tiles + row * 4
      var feature = 0
      while feature + 4 <= columns {
        // Four codes of a channel are neighbours: one unaligned 32-bit move.
        let quad = UnsafeRawPointer(codes + feature).loadUnaligned(as: UInt32.self)
        UnsafeMutableRawPointer(target + feature * channels).storeBytes(of: quad, as: UInt32.self)
        feature += 4
      }
      while feature < columns {
        target[feature / 4 * 64 + feature % 4] = codes[feature]
        feature += 1
      }
    }
  }

  /// Writes one panel: up to 16 rows of `columns` values to `columns` rows of 16 values.
  @inlinable
  public static func packPanel<Value: ExpressibleByIntegerLiteral>(
    rows: UnsafeBufferPointer<Value>, rowCount: Int, columns: Int, into panel: UnsafeMutablePointer<Value>
  ) {
    precondition(rowCount <= channels && rows.count >= rowCount * columns)
    guard let source = rows.baseAddress else { return }
    for feature in 0..<columns {
      let target = panel + feature * channels
      for row in 0..<rowCount { target[row] = source[row * columns + feature] }
      for row in rowCount..<channels { target[row] = 0 }
    }
  }
}
