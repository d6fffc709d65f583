import Checkpoints
import Conversion
import Engine
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing
import Verification

/// Files of fewer tokens than the reference has: ids are translated, and what was left out is no other model.
@Suite struct SmallerVocabularyTests {
  private typealias Home = TestSupport.Fixtures

  private let folder: TestSupport.TemporaryFolder
  /// Has all tokens of random-tiny's texts.
  private let whole: String
  /// Lacks some.
  private let part: String

  init() throws {
    let folder = try TestSupport.TemporaryFolder()
    self.folder = folder
    func convert(_ name: String, _ choose: (inout VocabularyOptions) -> Void) throws -> String {
      var options = ConversionOptions(input: Fixtures.randomTiny, output: folder.file(name))
      choose(&options.vocabulary)
      _ = try Converter(options).run()
      return options.output
    }
    whole = try convert("whole.glc") { $0.files = [Fixtures.randomTiny + "/eval.jsonl"] }
    let lines = try String(contentsOfFile: Fixtures.randomTiny + "/eval.jsonl", encoding: .utf8).split(separator: "\n")
    let seen = folder.file("seen.jsonl")
    try lines.prefix(8).joined(separator: "\n").write(toFile: seen, atomically: true, encoding: .utf8)
    part = try convert("part.glc") { $0.files = [seen] }
  }

  private func tokens(_ verdict: Verdict) throws -> IdentityCheck {
    try #require(verdict.identity.first { $0.field == .tokens })
  }

  @Test func tokensAreComparedAsWhatTheyWere() throws {
    let verdict = try verdict(whole)
    #expect(try tokens(verdict).agrees && verdict.tokenMismatches == 0 && verdict.passes)
    let full = try VerificationTests.verdict(Converted.q8.get())
    #expect(verdict.measures == full.measures, "the same logits")
  }

  @Test func textsWithOtherTokensAreCountedAndPass() throws {
    let verdict = try verdict(part)
    let map = try #require(try GLCFile(path: part).vocabularyMap())
    let kept = Set(map.originals.map(Int32.init))
    let changed = try Home.reference(Home.path("random-tiny/reference.jsonl")).count { line in
      line.inputIDs.contains { !kept.contains($0) }
    }
    #expect(changed > 0 && changed < 20 && verdict.tokenMismatches == changed)
    let check = try tokens(verdict)
    #expect(check.agrees && check.found.contains("equal in \(20 - changed) of 20 texts"), "\(check)")
    #expect(verdict.notes.contains { $0.hasPrefix("\(changed) of 20 texts have tokens in the reference that") })
    #expect(verdict.worstTexts.contains { $0.firstTokenDifference != nil })
  }

  /// Another tokenizer is still one, with whatever vocabulary.
  @Test func otherDifferencesAreStillFound() throws {
    var lines = try referenceLines(Fixtures.randomTiny)
    let first = try #require(lines.firstIndex { $0.contains("\"input_ids\": [1, 497,") })
    lines[first] = lines[first].replacingOccurrences(of: "\"input_ids\": [1, 497,", with: "\"input_ids\": [1, 496,")
    let path = folder.file("other.jsonl")
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
    let verdict = try verdict(whole, reference: path)
    let check = try tokens(verdict)
    #expect(!check.agrees && check.found.contains("different in 1 of 20 texts"), "\(check)")
    #expect(check.found.contains(": 497 (<<LABEL>>), in the reference 496 ([MASK])"), "\(check)")
  }

  private func lines(_ path: String, against reference: DriftOrigin.Reference, texts: Int = 2) throws -> [String] {
    let model = try GLiClassModel(path: path)
    let map = try model.file.vocabularyMap()
    let prompts = try Origins.prompts(GLiClassModel(path: Converted.q8.get()), Origins.tiny, 20).compactMap { prompt in
      let own = prompt.tokens.compactMap { token in map.map { $0.id(of: token) } ?? token }
      return own.count == prompt.tokens.count
        ? EnginePrompt(tokens: own, labelPositions: prompt.labelPositions) : nil
    }
    let report = try DriftOrigin(model: model, against: reference).report(prompts: prompts, threads: 1)
    #expect(report.texts > 0 && report.texts <= prompts.count)
    return report.lines
  }

  @Test func nothingIsFoundInGoodFiles() throws {
    for path in [whole, part] {
      #expect(try lines(path, against: .checkpoint(Checkpoint.open(Origins.tiny))) == [])
      #expect(try DriftOrigin(model: GLiClassModel(path: path), against: .nothing).audit().fields == [])
    }
    let full = try Converted.q8.get()
    for (model, baseline) in [(whole, full), (full, whole), (whole, part), (part, whole), (part, full), (part, part)] {
      #expect(try lines(model, against: .baseline(GLiClassModel(path: baseline))) == [], "\(model) \(baseline)")
    }
  }

  @Test func otherRowsAreFound() throws {
    let map = try #require(try GLCFile(path: part).vocabularyMap())
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: part)))
    let section = try Self.section(5, bytes)
    // A token that was left out in the place of the one behind it.
    let row = try #require(map.originals.indices.dropFirst().first { map.originals[$0] > map.originals[$0 - 1] + 1 })
    withUnsafeBytes(of: (map.originals[row] - 1).littleEndian) {
      bytes.replaceSubrange(section + 4 * row..<section + 4 * row + 4, with: $0)
    }
    let path = folder.file("spoilt.glc")
    try Data(Self.mended(bytes)).write(to: URL(filePath: path))
    let found = try lines(path, against: .checkpoint(Checkpoint.open(Origins.tiny)))
    #expect(
      found.contains { $0.hasPrefix("tokenizer, token \(row): ") || $0.hasPrefix("vocabulary map: ") }, "\(found)")
    #expect(found.contains { $0.hasPrefix("embeddings.tokens: row \(row) (") }, "\(found)")
  }

  /// Where the section of this kind begins.
  private static func section(_ kind: UInt8, _ bytes: [UInt8]) throws -> Int {
    let entry = try #require(stride(from: 64, to: 64 + 32 * Int(bytes[28]), by: 32).first { bytes[$0] == kind })
    return (0..<8).reduce(0) { $0 | Int(bytes[entry + 8 + $1]) << (8 * $1) }
  }

  /// With right checksums.
  private static func mended(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for entry in stride(from: 64, to: 64 + 32 * Int(bytes[28]), by: 32) where bytes[entry] != 4 {
      func integer(_ offset: Int) -> Int { (0..<8).reduce(0) { $0 | Int(bytes[entry + offset + $1]) << (8 * $1) } }
      put(checksum(bytes[integer(8)..<integer(8) + integer(16)]), at: entry + 24, &bytes)
    }
    put(0, at: 32, &bytes)
    put(checksum(bytes[..<(64 + 32 * Int(bytes[28]))]), at: 32, &bytes)
    return bytes
  }

  private static func put(_ value: UInt32, at offset: Int, _ bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    Array(bytes).withUnsafeBytes { Checksum.crc32($0) }
  }
}
