import Foundation
import GLCFormat
import TestSupport
import Testing

/// Tiles, panels and the writer, against the formulas of formats/glc.md.
@Suite struct LayoutTests {
  @Test func tilesHoldFourFeaturesOfSixteenChannelsARow() {
    for (rows, columns) in [(16, 64), (1, 1), (15, 63), (16, 65), (7, 130), (3, 4)] {
      let padded = (columns + 63) / 64 * 64
      let codes = (0..<rows * columns).map { Int8(truncatingIfNeeded: $0 * 37 % 255 - 127) }
      var tiles = [Int8](repeating: 99, count: 16 * padded)
      codes.withUnsafeBufferPointer { codes in
        tiles.withUnsafeMutableBufferPointer { tiles in
          if let target = tiles.baseAddress {
            TileLayout.pack(rows: codes, rowCount: rows, columns: columns, paddedColumns: padded, into: target)
          }
        }
      }
      for channel in 0..<16 {
        for feature in 0..<padded {
          let expected = channel < rows && feature < columns ? codes[channel * columns + feature] : 0
          #expect(tiles[feature / 4 * 64 + channel * 4 + feature % 4] == expected)
        }
      }
    }
  }

  @Test func panelsHoldOneFeatureOfSixteenChannelsARow() {
    for (rows, columns) in [(16, 5), (1, 1), (15, 17)] {
      let values = (0..<rows * columns).map { Float($0) + 0.5 }
      var panel = [Float](repeating: 99, count: 16 * columns)
      values.withUnsafeBufferPointer { values in
        panel.withUnsafeMutableBufferPointer { panel in
          if let target = panel.baseAddress {
            TileLayout.packPanel(rows: values, rowCount: rows, columns: columns, into: target)
          }
        }
      }
      for channel in 0..<16 {
        for feature in 0..<columns {
          #expect(panel[feature * 16 + channel] == (channel < rows ? values[channel * columns + feature] : 0))
        }
      }
    }
  }

  @Test func recordsRefuseShapesThatCannotBe() {
    #expect(TensorRecord(name: "a", encoding: .f32, layout: .rows, shape: []) == nil)
    #expect(TensorRecord(name: "a", encoding: .f32, layout: .rows, shape: [1, 1, 1, 1]) == nil)
    #expect(TensorRecord(name: "a", encoding: .f32, layout: .rows, shape: [0]) == nil)
    #expect(TensorRecord(name: "a", encoding: .f32, layout: .tiles, shape: [4]) == nil)
    #expect(TensorRecord(name: "a", encoding: .f32, layout: .rows, shape: [.max, 2]) == nil)
    #expect(TensorRecord(name: "a", encoding: .int8, layout: .tiles, shape: [.max / 64, 64]) == nil)
  }

  /// Sizes worked out by hand: 17 channels × 65 features are 32 × 128 codes, 32 scales and 32 sums.
  @Test func extentsAreSummedFromTheirParts() throws {
    let record = try #require(TensorRecord(name: "a", encoding: .int8, layout: .tiles, shape: [17, 65]))
    #expect(record.codesSize == 4096)
    #expect(record.scalesOffset == 4096)
    #expect(record.channelSumsOffset == 4096 + 128)
    #expect(record.extent.count == 4096 + 128 + 128)
    let rows = try #require(TensorRecord(name: "a", encoding: .int8, layout: .rows, shape: [5, 3]))
    #expect(rows.codesSize == 15)
    #expect(rows.scalesOffset == 64)
    #expect(rows.extent.count == 128)
    let relative = try #require(TensorRecord(name: "a", encoding: .int8, layout: .tiles, shape: [2, 20, 16]))
    #expect(relative.codesSize == 2 * 32 * 16)
    #expect(relative.channelSumsOffset == 0)
    #expect(relative.extent.count == 1024 + 256)
  }
}
