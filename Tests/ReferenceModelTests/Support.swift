import Checkpoints
import Foundation
import ModelCore
import ReferenceModel

/// Folders that the tests read.
enum Fixtures {
  static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  static let debianTags = tests.appendingPathComponent("Fixtures/debian-tags-f16").path
  static let randomTiny = tests.appendingPathComponent("Fixtures/random-tiny").path
  static let buckets = tests.appendingPathComponent("Fixtures/buckets.json").path
  /// Checkpoints that are not in the repository; tests of them are skipped where they are absent.
  static let shared = ["debian-tags", "debian-tags-outliers"]
    .map { tests.appendingPathComponent("../../shared/models/\($0)").standardized.path }
    .filter { FileManager.default.fileExists(atPath: $0) }
}

/// What the Python package said of one text.
struct ReferenceLine {
  let inputIDs: [Int32]
  let logits: [Double]

  /// The lines of `folder/reference.jsonl` after the first.
  static func read(_ folder: String) throws -> [ReferenceLine] {
    let path = folder + "/reference.jsonl"
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
      let root = try JSONDocument(String(line), path: path).root
      return ReferenceLine(
        inputIDs: try root.required("input_ids").elements().map { Int32(try $0.requireInt(in: 0...1_000_000)) },
        logits: try root.required("logits").elements().map { try $0.requireDouble() })
    }
  }
}

/// A copy of random-tiny in a temporary folder, with its files changed.
func alteredTiny(
  config: (String) -> String = { $0 }, tensor: String? = nil, _ edit: (inout [UInt8]) -> Void = { _ in }
) throws -> Checkpoint {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reference-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let text = try String(contentsOfFile: Fixtures.randomTiny + "/config.json", encoding: .utf8)
  try Data(config(text).utf8).write(to: folder.appendingPathComponent("config.json"))
  var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: Fixtures.randomTiny + "/model.safetensors")))
  if let range = try tensor.flatMap({ try Checkpoint.open(Fixtures.randomTiny).tensor($0)?.byteRange }) {
    var part = Array(bytes[range])
    edit(&part)
    bytes.replaceSubrange(range, with: part)
  }
  try Data(bytes).write(to: folder.appendingPathComponent("model.safetensors"))
  return try Checkpoint.open(folder.path)
}

func referenceError<Result>(_ body: () throws(ReferenceModelError) -> Result) -> ReferenceModelError? {
  do throws(ReferenceModelError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
