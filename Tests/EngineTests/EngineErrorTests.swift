import Conversion
import Engine
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing

@Suite struct EngineErrorTests {
  private func session() throws -> EngineSession { try Converted.model("random-tiny", .q8).makeSession().engine }

  @Test func refusesTokensWithoutARow() throws {
    let session = try session()
    let size = session.model.configuration.encoder.vocabularySize
    for id in [-1, size, Int(Int32.max)] {
      #expect(throws: EngineError.tokenOutsideVocabulary(id: id, vocabularySize: size)) {
        try session.logits([EnginePrompt(tokens: [1, Int32(id)], labelPositions: [0])])
      }
    }
  }

  @Test func refusesPromptsThatAreNone() throws {
    let session = try session()
    #expect(throws: EngineError.invalidPrompt(expected: "1 to 65536 tokens", found: "0")) {
      try session.logits([EnginePrompt(tokens: [], labelPositions: [])])
    }
    #expect(throws: EngineError.invalidPrompt(expected: "1 to 65536 tokens", found: "65537")) {
      try session.logits([EnginePrompt(tokens: Array(repeating: 1, count: 65_537), labelPositions: [])])
    }
    for position in [-1, 2] {
      #expect(throws: EngineError.invalidPrompt(expected: "label positions below 2", found: "\(position)")) {
        try session.logits([EnginePrompt(tokens: [1, 2], labelPositions: [position])])
      }
    }
  }

  @Test func answersEmptyBatchesAndPromptsWithoutLabels() throws {
    let session = try session()
    #expect(try session.logits([]) == [])
    #expect(try session.logits([EnginePrompt(tokens: [1, 2], labelPositions: [])]) == [[]])
  }

  @Test func refusesInstructionSetsByName() throws {
    #expect(throws: EngineError.unknownInstructionSet(name: "mmx", known: InstructionSet.compiledNames)) {
      try InstructionSet.named("mmx")
    }
    #expect(InstructionSet.compiledNames.first == "scalar")
    let available = InstructionSet.available.map(\.name)
    for name in InstructionSet.compiledNames where !available.contains(name) {
      #expect(throws: EngineError.unavailableInstructionSet(name: name, available: available)) {
        try InstructionSet.named(name)
      }
    }
  }

  @Test func refusesThreadCountsOutOfRange() throws {
    let model = try Converted.model("random-tiny", .q8)
    for threads in [0, -1, 257] {
      #expect(throws: GLiClassError.engine(.invalidThreadCount(found: threads))) {
        try model.makeSession(options: EngineOptions(threads: threads))
      }
    }
  }

  /// A LayerNorm gain of 3e38 drives the first layer to infinity: an error that says where, on every instruction set.
  @Test(arguments: [WeightScheme.q8, .f32])
  func reportsActivationsThatAreNotFinite(_ scheme: WeightScheme) throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(
        atPath: Fixtures.path("random-tiny/\(name)"), toPath: folder.file(name))
    }
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.path("random-tiny/model.safetensors"))))
    let gain = try Self.dataRange("model.encoder_model.embeddings.LayerNorm.weight", in: bytes)
    let range = try #require(gain)
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
      withUnsafeBytes(of: Float(3e38).bitPattern.littleEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
    }
    try Data(bytes).write(to: URL(filePath: folder.file("model.safetensors")))
    let model = try GLiClassModel(path: Converted.glc(folder.path, scheme))
    var messages: Set<String> = []
    for set in InstructionSet.available {
      let session = try model.makeSession(options: EngineOptions(threads: 2, instructionSet: set))
      let error = thrown(GLiClassError.self) { try session.classify("some text", labels: ["a", "b"]) }
      messages.insert(error?.message ?? "")
      #expect(error?.exitStatus == .badData)
    }
    #expect(messages.count == 1 && messages.allSatisfy { $0.contains("expected finite activations") }, "\(messages)")
  }

  /// Where a tensor's bytes lie in a safetensors file.
  private static func dataRange(_ tensor: String, in bytes: [UInt8]) throws -> Range<Int>? {
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: [String: Any]]
    guard let offsets = header?[tensor]?["data_offsets"] as? [Int] else { return nil }
    return 8 + length + offsets[0]..<8 + length + offsets[1]
  }
}
