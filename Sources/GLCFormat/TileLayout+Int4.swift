// Codes of four bits (formats/glc.md, "Encodings").

extension TileLayout {
  /// Two codes of zero.
  private static let zeroPair: UInt8 = 0x88

  /// The byte of two codes from −7 to 7, each stored as 8 more.
  private static func pair(_ low: Int8, _ high: Int8) -> UInt8 {
    UInt8(bitPattern: low &+ 8) & 15 | UInt8(bitPattern: high &+ 8) << 4
  }

  /// Writes one block of tiles: 16 rows of int4 codes to `paddedColumns ÷ 4` rows of 32 bytes, channels 0…7 in the low nibbles,
  /// 8…15 in the high ones.
  /// - Parameters:
  ///   - rows: up to 16 rows of `columns` codes in [−7, 7]; missing rows and columns become codes of zero.
  ///   - tiles: 8 · `paddedColumns` bytes.
  public static func packNibbles(
    rows: UnsafeBufferPointer<Int8>, rowCount: Int, columns: Int, paddedColumns: Int,
    into tiles: UnsafeMutablePointer<UInt8>
  ) {
    precondition(rowCount <= channels && rows.count >= rowCount * columns && columns <= paddedColumns)
    precondition(paddedColumns % 4 == 0)
    tiles.update(repeating: zeroPair, count: channels / 2 * paddedColumns)
    guard let source = rows.baseAddress else { return }
    for channel in 0..<min(rowCount, channels / 2) {
      let low = source + channel * columns
      let high = channel + channels / 2 < rowCount ? low + channels / 2 * columns : nil
      let target = tiles + channel * 4
      for feature in 0..<columns {
        target[feature / 4 * 32 + feature % 4] = pair(low[feature], high?[feature] ?? 0)
      }
    }
  }

  /// Writes one row of a table: `paddedColumns ÷ 2` bytes, of every 64 features the first half in the low nibbles.
  /// - Parameters:
  ///   - row: codes in [−7, 7]; columns that are missing become codes of zero.
  ///   - paddedColumns: a multiple of 64.
  public static func packNibbles(
    row: UnsafeBufferPointer<Int8>, paddedColumns: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    precondition(row.count <= paddedColumns && paddedColumns % 64 == 0)
    func code(_ feature: Int) -> Int8 { feature < row.count ? row[feature] : 0 }
    for start in stride(from: 0, to: paddedColumns, by: 64) {
      for byte in 0..<32 { target[start / 2 + byte] = pair(code(start + byte), code(start + byte + 32)) }
    }
  }

  /// Writes the multipliers of one block of tiles: `groups` rows of 16.
  /// - Parameters:
  ///   - rows: up to 16 rows of at most `groups` multipliers in [1, 15]; missing rows and groups become ones.
  ///   - rowGroups: multipliers that a row has, one for each group of its features without padding.
  ///   - block: 16 · `groups` bytes.
  public static func packMultipliers(
    rows: UnsafeBufferPointer<UInt8>, rowCount: Int, rowGroups: Int, groups: Int,
    into block: UnsafeMutablePointer<UInt8>
  ) {
    precondition(rowCount <= channels && rows.count >= rowCount * rowGroups && rowGroups <= groups)
    block.update(repeating: 1, count: channels * groups)
    for row in 0..<rowCount {
      for group in 0..<rowGroups { block[group * channels + row] = rows[row * rowGroups + group] }
    }
  }
}
