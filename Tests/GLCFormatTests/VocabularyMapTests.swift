import Conversion
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// The optional section that says which rows of the checkpoint a file's rows are.
@Suite struct VocabularyMapTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("pruned.glc")
    var options = ConversionOptions(input: Fixtures.path("random-tiny"), output: path)
    options.vocabulary.scripts = ["greek"]
    _ = try Converter(options).run()
  }

  @Test func saysWhichRowsAreLeft() throws {
    let good = try GoodFile(path: path)
    // Kinds in the order of the file, by the specification alone.
    #expect(good.sections.map(\.kind) == [3, 5, 2, 4, 1])
    let section = try good.section(5)
    #expect(good.integer(section.entry + 4, 4) == 1, "optional")
    #expect(good.integer(10, 2) == 2, "minor version")
    let rows = stride(from: section.range.lowerBound, to: section.range.upperBound, by: 4).map {
      UInt32(good.integer($0, 4))
    }
    let file = try GLCFile(path: path)
    let map = try #require(try file.vocabularyMap())
    #expect(map.originals == rows && map.count == file.configuration.encoder.vocabularySize)
    #expect(file.sections.contains { $0.name == "vocabulary map" && $0.size == 4 * rows.count })
    for (row, original) in rows.enumerated() {
      #expect(map.original(of: Int32(row)) == Int32(original) && map.id(of: Int32(original)) == Int32(row))
    }
    let kept = Set(rows)
    for original in 0..<Int32(600) where !kept.contains(UInt32(original)) { #expect(map.id(of: original) == nil) }
    #expect(map.original(of: -1) == nil && map.original(of: Int32(rows.count)) == nil && map.id(of: -1) == nil)
    // Fixtures have no such section, and a file of all rows neither.
    #expect(try GLCFile(path: Converted.glc(Fixtures.path("random-tiny"), .q8)).vocabularyMap() == nil)
  }

  /// Who reads the file without knowing the section gets the same answers.
  @Test func nothingIsComputedByIt() throws {
    var bytes = try GoodFile(path: path)
    let logits = try GLiClassModel(path: path).makeSession().classify("λχθ 12", labels: ["χέ", "a"]).labels.map(\.logit)
    let section = try bytes.section(5)
    // Another optional kind, of which nobody knows anything.
    bytes.bytes.put(777, at: section.entry, 4)
    bytes.bytes.mendChecksums()
    let other = try bytes.bytes.open(folder)
    #expect(try other.vocabularyMap() == nil)
    #expect(
      try GLiClassModel(path: other.path).makeSession().classify("λχθ 12", labels: ["χέ", "a"]).labels.map(\.logit)
        == logits)
  }

  private func error(_ change: (inout GoodFile, GoodFile.Section) throws -> Void) throws -> GLCFormatError? {
    var good = try GoodFile(path: path)
    try change(&good, good.section(5))
    let file = try good.bytes.open(folder)
    return thrown(GLCFormatError.self) { try file.vocabularyMap() }
  }

  @Test func damageIsNamed() throws {
    let checksum = try error { $0.bytes[$1.range.lowerBound + 40] ^= 1 }
    guard case .checksumMismatch(_, "vocabulary map", _, _) = checksum else {
      Issue.record("\(String(describing: checksum))")
      return
    }
    let notAscending = try error { good, section in
      good.bytes.put(good.integer(section.range.lowerBound + 44, 4), at: section.range.lowerBound + 40, 4)
      good.bytes.mendChecksums()
    }
    #expect(notAscending?.message.contains("vocabulary map: expected ascending ids below 10000000") == true)
    let tooLarge = try error { good, section in
      good.bytes.put(10_000_000, at: section.range.upperBound - 4, 4)
      good.bytes.mendChecksums()
    }
    #expect(tooLarge?.message.contains("vocabulary map: expected ascending ids below 10000000") == true)
    let tooShort = try error { good, section in
      good.bytes.put(UInt64(section.range.count - 4), at: section.entry + 16, 8)
      good.bytes.mendChecksums()
    }
    #expect(tooShort?.message.contains("4 for each row of embeddings.tokens") == true)
  }

  @Test func itMayNotBeRequired() throws {
    var good = try GoodFile(path: path)
    good.bytes.put(0, at: try good.section(5).entry + 4, 4)
    good.bytes.mendChecksums()
    #expect(throws: GLCFormatError.self) { try good.bytes.open(folder) }
  }

  @Test func aCheckOfTheWholeFileFindsItsDamage() throws {
    var good = try GoodFile(path: path)
    good.bytes[try good.section(5).range.lowerBound] ^= 1
    let file = try good.bytes.open(folder)
    #expect(thrown(GLCFormatError.self) { try file.checkTensorData() } != nil)
  }
}
