import Checkpoints
import Conversion
import Engine
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Verification

/// Examinations of `.glc` files, good and sabotaged.
enum Origins {
  typealias Home = TestSupport.Fixtures

  static let tiny = Home.path("random-tiny")
  static let demo = Home.path("debian-tags-f16")

  /// Prompts of a fixture's reference file: the reference's own ids.
  static func prompts(_ model: GLiClassModel, _ folder: String, _ count: Int = 3) throws -> [EnginePrompt] {
    let label = Int32(model.file.configuration.prompt.labelTokenID)
    return try Home.reference("\(folder)/reference.jsonl").prefix(count).map { line in
      EnginePrompt(
        tokens: line.inputIDs, labelPositions: line.inputIDs.indices.filter { line.inputIDs[$0] == label })
    }
  }

  /// The `.glc` at `path` against the checkpoint in `folder`.
  static func report(_ path: String, checkpoint folder: String, texts: Int = 3) throws -> OriginReport {
    let model = try GLiClassModel(path: path)
    return try DriftOrigin(model: model, against: .checkpoint(Checkpoint.open(folder))).report(
      prompts: prompts(model, folder, texts), threads: 1)
  }

  /// The fixture in `folder` converted, changed, and examined.
  static func sabotaged(
    _ scheme: WeightScheme, of folder: String = tiny, texts: Int = 1, _ change: (inout SabotagedGLC) throws -> Void
  ) throws -> OriginReport {
    let home = try TestSupport.TemporaryFolder()
    return try report(
      sabotagedFile(scheme, of: folder, in: home, change), checkpoint: folder, texts: texts)
  }

  /// The fixture in `folder` converted and changed, in `home`.
  static func sabotagedFile(
    _ scheme: WeightScheme, of folder: String = tiny, in home: TestSupport.TemporaryFolder,
    _ change: (inout SabotagedGLC) throws -> Void
  ) throws -> String {
    var file = try SabotagedGLC(path: TestSupport.Converted.glc(folder, scheme))
    try change(&file)
    let path = home.file("\(UUID().uuidString).glc")
    try file.write(to: path)
    return path
  }
}

extension OriginReport {
  /// Findings as lines.
  var lines: [String] { findings.map { "\($0.place): \($0.message)" } }
}

extension DriftOrigin.Reference {
  /// A checkpoint that is open.
  static func checkpoint(_ checkpoint: Checkpoint) throws -> Self {
    .checkpoint(try CheckpointOutputs(checkpoint, profile: .tokenizers, threads: 1))
  }
}
