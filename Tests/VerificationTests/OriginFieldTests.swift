import Checkpoints
import Conversion
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing
import Verification

/// Files with valid checksums whose metadata or tokenizer are not the checkpoint's.
@Suite struct OriginFieldTests {
  @Test(
    arguments: [
      ("model.layer_norm_epsilon", 1e-4 as any Sendable, "0.0001, in the checkpoint 1e-07"),
      ("prompt.prompt_first", false, "false, in the checkpoint true"),
      ("prompt.maximum_length", 512, "512, in the checkpoint 1024"),
      ("prompt.example_token", 5, "5, in the checkpoint "),
      ("tokenizer.profile", "transformers-5", "transformers-5, in the compiled tokenizer tokenizers"),
      ("tokenizer.pieces", 17, "17, in the compiled tokenizer "),
    ])
  func field(name: String, value: any Sendable, message: String) throws {
    let report = try Origins.sabotaged(.q8) { try $0.setMetadata(name, to: value) }
    #expect(report.lines.count == 1)
    #expect(report.lines.first?.hasPrefix("\(name): \(message)") == true, "\(report.lines)")
  }

  /// Every member that any version of the format has, and no others.
  @Test func everyMemberIsCompared() throws {
    let specification = try String(
      contentsOfFile: Origins.Home.top.appending(path: "formats/glc.md").path(), encoding: .utf8)
    var members: Set<String> = []
    for name in ["base", "conv-3", "calibrator"] {
      let file = try SabotagedGLC(path: TestSupport.Converted.glc(Variants.folder(name), .f32))
      for part in ["model", "prompt"] {
        let object = try #require(file.metadataValue(part) as? [String: Any])
        for (key, value) in object {
          if let inner = value as? [String: Any] {
            members.formUnion(inner.keys.map { "\(part).\(key).\($0)" })
          } else {
            members.insert("\(part).\(key)")
          }
          #expect(specification.contains("`\(key)`"))
        }
      }
    }
    // Null where there is none.
    members.subtract(["model.architecture", "model.convolution", "model.calibrator"])
    #expect(Set(FieldComparison.fields.map(\.name)) == members)
  }

  @Test func headOfAnotherKind() throws {
    let folder = try Variants.folder("pooling-avg")
    let home = try TestSupport.TemporaryFolder()
    let path = try Origins.sabotagedFile(.f32, of: folder, in: home) { file in
      try file.setMetadata("model.pooling", to: "max")
      try file.setMetadata("model.activation", to: "relu")
    }
    let model = try GLiClassModel(path: path)
    let report = try DriftOrigin(model: model, against: .checkpoint(Checkpoint.open(folder))).report(
      prompts: [], threads: 1)
    #expect(
      report.lines == [
        "model.activation: relu, in the checkpoint gelu", "model.pooling: max, in the checkpoint avg",
      ])
  }

  @Test func tokenThatStandsForAnotherText() throws {
    let home = try TestSupport.TemporaryFolder()
    let folder = home.file("checkpoint")
    try FileManager.default.copyItem(atPath: Origins.tiny, toPath: folder)
    let file = URL(filePath: "\(folder)/tokenizer.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let model = try GLiClassModel(path: TestSupport.Converted.glc(Origins.tiny, .q8))
    let piece = try #require(model.tokenizer.token(for: 300))
    let quoted = String(decoding: try JSONEncoder().encode([piece]), as: UTF8.self).dropFirst().dropLast()
    #expect(text.contains(quoted))
    let other = text.replacingOccurrences(of: "\(quoted),", with: "\"qqqq\",")
    try #require(other != text)
    try other.write(to: file, atomically: true, encoding: .utf8)
    let report = try DriftOrigin(model: model, against: .checkpoint(Checkpoint.open(folder))).report(
      prompts: [], threads: 1)
    #expect(report.lines == ["tokenizer, token 300: \"\(piece)\", in the checkpoint \"qqqq\""])
  }

  @Test func fieldsComeBeforeTensors() throws {
    let report = try Origins.sabotaged(.q8) { file in
      try file.zeroChannel("layers.0.attention.value.weight", 3)
      try file.setMetadata("model.layer_norm_epsilon", to: 1e-4)
    }
    #expect(report.findings.map(\.place) == ["model.layer_norm_epsilon", "layers.0.attention.value.weight"])
  }
}
