import Foundation
import GLCFormat
import TestSupport
import Testing

/// How int4 codes and multipliers are packed and found again, against the formulas of formats/glc.md.
@Suite struct Int4LayoutTests {
  private static let shapes = [(16, 64), (1, 1), (7, 63), (8, 64), (9, 65), (15, 130), (3, 192)]

  private func codes(_ count: Int) -> [Int8] { (0..<count).map { Int8($0 * 11 % 15 - 7) } }

  @Test(arguments: Self.shapes) func tilesPutUpperChannelsIntoHighNibbles(_ rows: Int, _ columns: Int) {
    let padded = (columns + 63) / 64 * 64
    let codes = codes(rows * columns)
    var tiles = [UInt8](repeating: 0, count: 8 * padded)
    codes.withUnsafeBufferPointer { codes in
      tiles.withUnsafeMutableBufferPointer { tiles in
        guard let target = tiles.baseAddress else { return }
        TileLayout.packNibbles(rows: codes, rowCount: rows, columns: columns, paddedColumns: padded, into: target)
      }
    }
    for channel in 0..<16 {
      for feature in 0..<padded {
        // The byte of the int8 tile, and of it 32 of every 64.
        let place = feature / 4 * 64 + channel * 4 + feature % 4
        let byte = tiles[place / 64 * 32 + place % 32]
        let nibble = Int8(place % 64 < 32 ? byte & 15 : byte >> 4)
        #expect(nibble - 8 == (channel < rows && feature < columns ? codes[channel * columns + feature] : 0))
      }
    }
  }

  @Test(arguments: [1, 31, 32, 33, 63, 64, 65, 150]) func rowsPutUpperFeaturesIntoHighNibbles(_ columns: Int) {
    let padded = (columns + 63) / 64 * 64
    let codes = codes(columns)
    var row = [UInt8](repeating: 0, count: padded / 2)
    codes.withUnsafeBufferPointer { codes in
      row.withUnsafeMutableBufferPointer { row in
        guard let target = row.baseAddress else { return }
        TileLayout.packNibbles(row: codes, paddedColumns: padded, into: target)
      }
    }
    for feature in 0..<padded {
      let byte = row[feature / 64 * 32 + feature % 32]
      let nibble = Int8(feature % 64 < 32 ? byte & 15 : byte >> 4)
      #expect(nibble - 8 == (feature < columns ? codes[feature] : 0))
    }
  }

  /// 65 features in groups of 32 are three groups, their padding a fourth.
  @Test func multipliersOfABlockLieGroupByGroup() {
    for (rows, own, all) in [(16, 3, 4), (1, 1, 1), (9, 2, 2)] {
      let multipliers = (0..<rows * own).map { UInt8($0 % 15 + 1) }
      var block = [UInt8](repeating: 0, count: 16 * all)
      multipliers.withUnsafeBufferPointer { multipliers in
        block.withUnsafeMutableBufferPointer { block in
          guard let target = block.baseAddress else { return }
          TileLayout.packMultipliers(rows: multipliers, rowCount: rows, rowGroups: own, groups: all, into: target)
        }
      }
      for row in 0..<16 {
        for group in 0..<all {
          #expect(block[group * 16 + row] == (row < rows && group < own ? multipliers[row * own + group] : 1))
        }
      }
    }
  }

  /// Sizes worked out by hand. 17 channels × 65 features are 32 × 128 codes, 32 scales, 32 sums, 128 input scales, and 4 groups of
  /// 32 features or 1 of all.
  @Test func extentsAreSummedFromTheirParts() throws {
    let tiles = try #require(
      TensorRecord(
        name: "a", encoding: .int4, layout: .tiles, shape: [17, 65], groupSize: 32, hasInputScales: true))
    #expect(tiles.codesSize == 2048)
    #expect(tiles.scalesOffset == 2048)
    #expect(tiles.channelSumsOffset == 2048 + 128)
    #expect(tiles.inputScalesOffset == 2048 + 256)
    #expect(tiles.multipliersOffset == 2048 + 256 + 512)
    #expect(tiles.extent.count == 2048 + 256 + 512 + 128)
    #expect(tiles.geometry?.groups == 4)
    let channel = try #require(
      TensorRecord(name: "a", encoding: .int4, layout: .tiles, shape: [17, 65], groupSize: 128))
    #expect(channel.multipliersOffset == 2048 + 256)
    #expect(channel.extent.count == 2048 + 256 + 64)
    // 5 rows of 32 bytes, 5 scales, 5 multipliers.
    let rows = try #require(TensorRecord(name: "a", encoding: .int4, layout: .rows, shape: [5, 3], groupSize: 64))
    #expect(rows.codesSize == 160)
    #expect(rows.scalesOffset == 192)
    #expect(rows.channelSumsOffset == 0)
    #expect(rows.multipliersOffset == 256)
    #expect(rows.extent.count == 320)
    let balanced = try #require(
      TensorRecord(name: "a", encoding: .int8, layout: .tiles, shape: [17, 65], hasInputScales: true))
    #expect(balanced.extent.count == 4096 + 256 + 512)
    let half = try #require(TensorRecord(name: "a", encoding: .bf16, layout: .panels, shape: [3, 17, 5]))
    #expect(half.codesSize == 3 * 32 * 5 * 2)
    #expect(half.extent.count == 960)
  }

  @Test func groupSizesAreThreeAndTheWholeRow() {
    #expect(TensorRecord.groupSizes(columns: 100) == [32, 64, 128])
    #expect(TensorRecord.groupSizes(columns: 768) == [32, 64, 128, 768])
    #expect(TensorRecord.groupSizes(columns: 700) == [32, 64, 128, 704])
    #expect(TensorRecord.groupSizes(columns: .max) == [32, 64, 128])
  }

  @Test func recordsRefuseFormsThatTheFormatHasNot() {
    func isRefused(
      _ encoding: TensorEncoding, _ layout: TensorLayout, _ shape: [Int], groupSize: Int = 0, scaled: Bool = false
    ) -> Bool {
      TensorRecord(
        name: "a", encoding: encoding, layout: layout, shape: shape, groupSize: groupSize, hasInputScales: scaled)
        == nil
    }
    #expect(isRefused(.int4, .tiles, [16, 64]))
    #expect(isRefused(.int4, .tiles, [16, 64], groupSize: 48))
    #expect(isRefused(.int4, .tiles, [16, 640], groupSize: 256))
    #expect(isRefused(.int4, .tiles, [2, 16, 64], groupSize: 64))
    #expect(isRefused(.int4, .rows, [64], groupSize: 64))
    #expect(isRefused(.int4, .panels, [16, 64], groupSize: 64))
    #expect(isRefused(.int4, .rows, [16, 64], groupSize: 64, scaled: true))
    #expect(isRefused(.int8, .tiles, [16, 64], groupSize: 64))
    #expect(isRefused(.int8, .tiles, [2, 16, 64], scaled: true))
    #expect(isRefused(.int8, .rows, [16, 64], scaled: true))
    #expect(isRefused(.f32, .panels, [16, 64], scaled: true))
    #expect(isRefused(.f32, .tiles, [16, 64]))
    #expect(isRefused(.int8, .panels, [16, 64]))
    #expect(isRefused(.f16, .rows, [64]))
    #expect(isRefused(.bf16, .rows, [2, 3, 4]))
    #expect(isRefused(.int4, .rows, [.max, 64], groupSize: 64))
    #expect(!isRefused(.int4, .tiles, [16, 640], groupSize: 640))
  }

  /// What ``Int4Codes`` finds is what the helper of the tests, which was written from the format, put there.
  @Test func codesAndMultipliersAreFoundWhereTheyLie() throws {
    for (rows, columns, isTable, size) in [
      (17, 100, false, 32), (33, 64, false, 0), (9, 130, true, 64), (4, 64, true, 32),
    ] {
      func value(_ row: Int, _ column: Int) -> Float { Float((column * 37 + row * 11) % 101 - 50) }
      let values = (0..<rows).map { row in (0..<columns).map { value(row, $0) } }
      let tensor = SabotagedGLC.Tensor(name: "a", values: values, isTable: isTable, form: .int4(groupSize: size))
      let record = try #require(
        TensorRecord(
          name: "a", encoding: .int4, layout: isTable ? .rows : .tiles, shape: [rows, columns],
          groupSize: tensor.groupSize))
      #expect(record.extent.count == tensor.extent.count)
      let geometry = try #require(record.geometry)
      tensor.extent.withUnsafeBytes { extent in
        let codes = Int4Codes(record, geometry, extent)
        for row in 0..<rows {
          for column in 0..<columns { #expect(codes.value(row, column) == tensor.code(row, column)) }
        }
      }
    }
  }
}
