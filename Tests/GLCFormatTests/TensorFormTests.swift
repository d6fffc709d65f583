import Foundation
import GLCFormat
import TestSupport
import Testing

/// Tensors of every form in a file with true checksums, and each rule of formats/glc.md about them broken once.
@Suite struct TensorFormTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let inputScales: [Float] = (0..<70).map { 0.5 + Float($0) / 64 }

  /// Tensors of 18 × 70 values beside those of a model: in tiles, rows and panels.
  private static let forms: [(name: String, isTable: Bool, form: SabotagedGLC.Form)] = [
    ("x.bf16.panels", false, .bf16), ("x.bf16.rows", true, .bf16), ("x.f16.panels", false, .f16),
    ("x.f16.rows", true, .f16), ("x.int4.channel", false, .int4(groupSize: 0)),
    ("x.int4.rows", true, .int4(groupSize: 32)),
    ("x.int4.tiles", false, .int4(groupSize: 32, inputScales: inputScales)),
    ("x.int8.rows", true, .int8()), ("x.int8.tiles", false, .int8(inputScales: inputScales)),
  ]

  private func file() throws -> SabotagedGLC {
    var file = try SabotagedGLC(path: Converted.glc(Fixtures.path("random-tiny"), .q8))
    func value(_ row: Int, _ column: Int) -> Float { sin(Float(column * 7 + row * 31)) }
    let values = (0..<18).map { row in (0..<70).map { value(row, $0) } }
    for (name, isTable, form) in Self.forms {
      file.tensors.append(SabotagedGLC.Tensor(name: name, values: values, isTable: isTable, form: form))
    }
    return file
  }

  private func opened(_ file: SabotagedGLC) throws -> GLCFile {
    let path = folder.file("\(UUID().uuidString).glc")
    try file.write(to: path)
    return try GLCFile(path: path)
  }

  @Test func everyFormIsReadAndChecked() throws {
    let file = try opened(file())
    try file.checkTensorData()
    let tiles = try file.record("x.int4.tiles")
    #expect(tiles.encoding == .int4 && tiles.layout == .tiles && tiles.groupSize == 32)
    #expect(tiles.inputScalesOffset > 0 && tiles.multipliersOffset > tiles.inputScalesOffset)
    #expect(try file.record("x.int4.channel").groupSize == 128)
    #expect(try file.record("x.int4.rows").geometry?.groups == 4)
    #expect(try file.record("x.int8.tiles").groupSize == 0)
    #expect(try file.record("x.bf16.panels").encoding == .bf16)
  }

  /// A field of a record, and what the refusal says.
  @Test(
    arguments: [
      ("x.int4.tiles", 8, 2, 6, "encoding 1 to 5, found 6"),
      ("x.int4.tiles", 10, 2, 3, "int4 in rows or tiles of rank 2, found int4 in panels of rank 2"),
      ("x.int4.rows", 12, 4, 1, "int4 in rows or tiles of rank 2, found int4 in rows of rank 1"),
      ("x.int4.tiles", 12, 4, 3, "int4 in rows or tiles of rank 2, found int4 in tiles of rank 3"),
      ("x.int8.tiles", 10, 2, 3, "int8 in rows of rank 1 or 2, or tiles of rank 2 or 3, found int8 in panels"),
      ("x.int8.rows", 12, 4, 3, "int8 in rows of rank 1 or 2, or tiles of rank 2 or 3, found int8 in rows of rank 3"),
      ("x.f16.rows", 12, 4, 1, "f16 in rows of rank 2, or panels of rank 2 or 3, found f16 in rows of rank 1"),
      ("x.bf16.panels", 10, 2, 2, "bf16 in rows of rank 2, or panels of rank 2 or 3, found bf16 in tiles"),
      ("x.int4.tiles", 52, 4, 0, "a group size of 32, 64, 128, found 0"),
      ("x.int4.tiles", 52, 4, 256, "a group size of 32, 64, 128, found 256"),
      ("x.int4.tiles", 52, 4, 64, "2880 bytes at a multiple of 64 within"),
      ("x.int8.tiles", 52, 4, 32, "no group size, found 32"),
      ("x.int4.tiles", 56, 4, 2, "1 rows per scale, found 2"),
      ("x.int8.rows", 56, 4, 2, "1 rows per scale, found 2"),
      ("x.f16.rows", 56, 4, 1, "0 rows per scale, found 1"),
      ("x.int4.tiles", 64, 8, 64, "codes of size 2048, found 64"),
      ("x.int4.tiles", 72, 8, 64, "scales at 2048, found 64"),
      ("x.int4.tiles", 80, 8, 0, "channel sums at 2176, found 0"),
      ("x.int4.tiles", 88, 8, 64, "input scales at 2304, found 64"),
      ("x.int4.tiles", 96, 8, 0, "multipliers at 2816, found 0"),
      ("x.int8.tiles", 96, 8, 64, "multipliers at 0, found 64"),
      ("x.int4.rows", 88, 8, 64, "input scales only in int8 or int4 tiles of rank 2, found some in int4 rows"),
      ("x.f16.panels", 88, 8, 64, "input scales only in int8 or int4 tiles of rank 2, found some in f16 panels"),
    ] as [(String, Int, Int, UInt64, String)])
  func everyFieldOfARecordIsHeldToItsForm(
    _ name: String, _ offset: Int, _ size: Int, _ value: UInt64, _ expected: String
  ) throws {
    var file = try file()
    let index = try #require(file.tensors.firstIndex { $0.name == name })
    file.tensors[index].record.put(value, at: offset, size)
    let error = thrown(GLCFormatError.self) { try opened(file) }
    let message = error?.message ?? "none"
    #expect(message.contains("tensor \(name): ") && message.contains(expected), "\(message)")
  }

  /// A byte of the extent, counted from a part's offset in the record (0 for the codes), and what the check says.
  @Test(
    arguments: [
      ("x.int4.tiles", 0, 5, [0x80], "int4 codes stored as 1 to 15, found 0"),
      ("x.int4.rows", 0, 5, [0x08], "int4 codes stored as 1 to 15, found 0"),
      // Feature 70 of channel 0: row 17 of the tile, the third byte.
      ("x.int4.tiles", 0, 17 * 32 + 2, [0x89], "int4 codes stored as 8 in the padding, found 9 of row 0, feature 70"),
      // Channel 18: the third of the second block, whose rows of the tile are 32 bytes for channels 0…7 and 8…15.
      ("x.int4.tiles", 0, 1024 + 8, [0x89], "int4 codes stored as 8 in the padding, found 9 of row 18, feature 0"),
      ("x.int4.rows", 0, 32 + 6, [0x87], "int4 codes stored as 8 in the padding, found 7 of row 0, feature 70"),
      ("x.int4.tiles", 96, 0, [0], "a multiplier from 1 to 15 of row 0, group 0, found 0"),
      ("x.int4.tiles", 96, 16, [16], "a multiplier from 1 to 15 of row 0, group 1, found 16"),
      ("x.int4.rows", 96, 1, [255], "a multiplier from 1 to 15 of row 0, group 1, found 255"),
      ("x.int4.tiles", 96, 3 * 16, [2], "a multiplier of 1 in the padding of row 0, group 3, found 2"),
      ("x.int4.tiles", 96, 64 + 2, [2], "a multiplier of 1 in the padding of row 18, group 0, found 2"),
      ("x.int4.tiles", 80, 0, [0xFF, 0xFF, 0xFF, 0x7F], "of channel 0, found 2147483647"),
      ("x.int4.channel", 80, 4, [0xFF, 0xFF, 0xFF, 0x7F], "of channel 1, found 2147483647"),
      ("x.int8.tiles", 0, 3, [0x80], "codes from -127 to 127, found -128"),
      ("x.int8.tiles", 80, 0, [0xFF, 0xFF, 0xFF, 0x7F], "of channel 0, found 2147483647"),
      ("x.int8.tiles", 88, 0, [0, 0, 0, 0], "a finite positive input scale of feature 0, found 0.0"),
      ("x.int4.tiles", 88, 8, [0, 0, 0x80, 0xBF], "a finite positive input scale of feature 2, found -1.0"),
      ("x.int4.tiles", 88, 8, [0, 0, 0x80, 0x7F], "a finite positive input scale of feature 2, found inf"),
      ("x.int8.tiles", 88, 8, [0, 0, 0xC0, 0x7F], "a finite positive input scale of feature 2, found nan"),
      ("x.int8.tiles", 88, 280, [0, 0, 0, 0x40], "input scales of 1 in the padding, found 2.0"),
    ] as [(String, Int, Int, [UInt8], String)])
  func everyRuleAboutTheContentsIsChecked(
    _ name: String, _ field: Int, _ offset: Int, _ bytes: [UInt8], _ expected: String
  ) throws {
    var file = try file()
    let index = try #require(file.tensors.firstIndex { $0.name == name })
    let part = field == 0 ? [] : file.tensors[index].record[field..<field + 8]
    let start = part.reversed().reduce(0) { $0 << 8 | Int($1) }
    file.tensors[index].extent.replaceSubrange(start + offset..<start + offset + bytes.count, with: bytes)
    let opened = try opened(file)
    let error = thrown(GLCFormatError.self) { try opened.checkTensorData() }
    let message = error?.message ?? "none"
    #expect(message.contains("tensor \(name): ") && message.contains(expected), "\(message)")
  }
}
