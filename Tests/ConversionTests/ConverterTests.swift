import Checkpoints
import Conversion
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

@Suite struct ConverterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of a fixture without some of its files.
  private func copy(_ fixture: String, without excluded: Set<String> = []) throws -> String {
    let target = folder.file("copy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
    for name in try FileManager.default.contentsOfDirectory(atPath: Fixtures.path(fixture))
    where !excluded.contains(name) && !name.hasPrefix("reference") {
      try FileManager.default.copyItem(
        atPath: Fixtures.path("\(fixture)/\(name)"), toPath: "\(target)/\(name)")
    }
    return target
  }

  private func convert(_ input: String, _ name: String = "out.glc", _ scheme: WeightScheme = .q8) throws -> [UInt8] {
    let path = folder.file(name)
    _ = try Converter(ConversionOptions(input: input, output: path, scheme: scheme)).run()
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func theSameCheckpointGivesTheSameBytes(_ scheme: WeightScheme) throws {
    let first = try convert(Fixtures.path("random-tiny"), "first.glc", scheme)
    #expect(try convert(try copy("random-tiny"), "second.glc", scheme) == first)
    #expect(try convert(Fixtures.path("random-tiny/model.safetensors"), "third.glc", scheme) == first)
  }

  @Test func progressReachesTheEnd() throws {
    nonisolated(unsafe) var parts: [Double] = []
    let options = ConversionOptions(input: Fixtures.path("random-tiny"), output: folder.file("out.glc"))
    let summary = try Converter(options) { parts.append($0) }.run()
    #expect(parts == parts.sorted())
    #expect(parts.last == 1)
    #expect(summary.tensorCount == 47)
    #expect(parts.count >= summary.tensorCount)
    #expect(summary.input.unread.map(\.name) == ["model.logit_scale"])
    let written = try Data(contentsOf: URL(filePath: folder.file("out.glc"))).count
    #expect(summary.outputSize == written)
    #expect((0.001...0.02).contains(summary.worst?.relative ?? 0), "\(String(describing: summary.worst))")
  }

  @Test(.enabled(if: Fixtures.shared("debian-tags") != nil))
  func q8IsLessThan29PercentOfF32() throws {
    guard let checkpoint = Fixtures.shared("debian-tags") else { return }
    let options = ConversionOptions(input: checkpoint, output: folder.file("out.glc"))
    let summary = try Converter(options).run()
    let ratio = Double(summary.outputSize - summary.input.tokenizer.size) / Double(summary.input.size)
    #expect(ratio <= 0.29, "\(ratio)")
  }

  /// The same of the 16-bit demo checkpoint, whose weights are half as large.
  @Test func q8IsLessThan58PercentOfF16() throws {
    let options = ConversionOptions(input: Fixtures.path("debian-tags-f16"), output: folder.file("out.glc"))
    let summary = try Converter(options).run()
    #expect(Double(summary.outputSize - summary.input.tokenizer.size) <= 0.58 * Double(summary.input.size))
  }

  @Test func metadataHoldsNoPath() throws {
    let bytes = try convert(try copy("random-tiny"))
    #expect(bytes.firstRange(of: Array(folder.path.utf8)) == nil)
  }

  /// `spm.model` alone gives the ids that `tokenizer.json` gives.
  @Test func sentencePieceModelAloneGivesTheSameTokens() throws {
    let checkpoint = try copy("debian-tags-f16", without: ["tokenizer.json"])
    _ = try convert(checkpoint, "spm.glc")
    let model = try GLiClassModel(path: folder.file("spm.glc"))
    #expect(model.file.metadata.root.member("tokenizer")?.member("source")?.string == "spm.model")
    let reference = try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl"))
    #expect(reference.count == 200)
    for line in reference {
      #expect(try model.prompts.prompt(text: line.text, labels: line.labels).ids == line.inputIDs)
    }
  }

  @Test func checkpointsWithoutATokenizerAreRefused() throws {
    let checkpoint = try copy("random-tiny", without: ["tokenizer.json"])
    let error = thrown(ConversionError.self) { try convert(checkpoint) }
    #expect(error?.exitStatus == .missingInput)
    #expect(error?.message.contains("tokenizer.json, spm.model or spiece.model") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.file("out.glc")))
  }
}
