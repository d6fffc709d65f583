import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Directories with right checksums and wrong contents: whatever opens must also run without harm.
@Suite struct HostileDirectoryTests {
  private let good: GoodFile
  private let folder: TemporaryFolder

  init() throws {
    good = try GoodFile()
    folder = try TemporaryFolder()
  }

  /// Opens and, where that works, classifies. Returns the error, `nil` where there was none.
  private func outcome(_ bytes: [UInt8]) throws -> (any Diagnostic)? {
    let path = folder.file("spoilt.glc")
    try Data(bytes).write(to: URL(filePath: path))
    do throws(GLiClassError) {
      let session = try GLiClassModel(path: path).makeSession(options: .init(threads: 1))
      _ = try session.classify("two words", labels: ["a", "b"])
      return nil
    } catch {
      return error
    }
  }

  @Test func everyFieldOfARecordIsChecked() throws {
    let directory = try good.section(2).range
    let record = directory.lowerBound + 16
    let fields: [(name: String, offset: Int, size: Int)] = [
      ("name offset", 0, 4), ("name size", 4, 4), ("encoding", 8, 2), ("layout", 10, 2), ("rank", 12, 4),
      ("first dimension", 16, 4), ("extent offset", 32, 8), ("extent size", 40, 8), ("group size", 52, 4),
      ("rows per scale", 56, 4), ("codes size", 64, 8), ("scales offset", 72, 8), ("channel sums offset", 80, 8),
      ("input scales offset", 88, 8), ("multipliers offset", 96, 8),
    ]
    for field in fields {
      for value: UInt64 in [7, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 62, .max] where field.size == 8 || value < 1 << 32 {
        var bytes = good.bytes
        bytes.put(value, at: record + field.offset, field.size)
        bytes.mendChecksums()
        #expect(try outcome(bytes) != nil, "\(field.name) = \(value)")
      }
    }
  }

  /// Names that share bytes would let a directory of some megabytes ask for gigabytes of names.
  @Test func namesFollowEachOther() throws {
    let start = try good.section(2).range.lowerBound + 16
    for (record, offset, size) in [(1, 0, 1), (1, 1, 0)] {
      var bytes = good.bytes
      for (field, change) in [(0, -offset), (4, -size)] {
        let position = start + 128 * record + field
        bytes.put(UInt64(Int(bytes[position]) + change), at: position, 4)
      }
      bytes.mendChecksums()
      let error = try #require(try outcome(bytes))
      #expect(error.message.contains("tensor directory") || error.message.contains("record "), "\(error.message)")
    }
  }

  @Test func countsOfTheDirectoryAreChecked() throws {
    let start = try good.section(2).range.lowerBound
    for offset in [0, 4, 8] {
      for value: UInt64 in [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        var bytes = good.bytes
        bytes.put(value, at: start + offset, 4)
        bytes.mendChecksums()
        #expect(try outcome(bytes) != nil, "count at \(offset) = \(value)")
      }
    }
  }

  @Test func randomDamageWithRightChecksumsNeverTraps() throws {
    var state: UInt64 = 7
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var refused = 0
    for round in 0..<400 {
      var bytes = good.bytes
      let range = try good.section([1, 2, 2, 3][round % 4]).range
      for _ in 0..<1 + random(3) { bytes[range.lowerBound + random(range.count)] = UInt8(random(256)) }
      bytes.mendChecksums()
      if try outcome(bytes) != nil { refused += 1 }
    }
    #expect(refused > 50, "most damage matters: \(refused) of 400")
  }

  /// Tensor data is not checked on open: any bytes there must give numbers or an error.
  @Test func randomTensorDataNeverTraps() throws {
    var state: UInt64 = 9
    let range = try good.section(4).range
    for _ in 0..<20 {
      var bytes = good.bytes
      for offset in range {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        if state >> 61 == 0 { bytes[offset] = UInt8(truncatingIfNeeded: state >> 33) }
      }
      _ = try outcome(bytes)
    }
  }
}
