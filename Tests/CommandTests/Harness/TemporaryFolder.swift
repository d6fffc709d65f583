import Foundation

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("gliclass-commands-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in the folder.
  subscript(_ name: String) -> String { "\(path)/\(name)" }

  /// Everything in the folder, hidden files included, sorted.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

  /// Writes a file, and gives its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: self[name]))
    return self[name]
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// Makes a folder in this one, and gives its path.
  func makeFolder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: self[name], withIntermediateDirectories: false)
    return self[name]
  }

  func bytes(_ name: String) throws -> [UInt8] { try CommandTests.bytes(self[name]) }
}

/// All bytes of the file at `path`.
func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// What the tests read.
enum Fixtures {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures").path
  /// Random f32 weights, 2 layers: small, for everything that is about the programs and not the model.
  static let tiny = "\(folder)/random-tiny"
  /// A trained model in f16.
  static let debianTags = "\(folder)/debian-tags-f16"

  /// The files of a checkpoint, without its data sets.
  static let checkpointFiles = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
}

/// Models, converted once and kept as bytes: every test gets a file of its own.
enum Models {
  static let tiny = Result { try convert(Fixtures.tiny) }
  static let debianTags = Result { try convert(Fixtures.debianTags) }

  private static func convert(_ checkpoint: String) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let outcome = try Program.convert.run([checkpoint, "-o", folder["model.glc"]])
    guard outcome.end == .status(0) else { throw HarnessError("\(checkpoint) cannot be converted: \(outcome)") }
    return try folder.bytes("model.glc")
  }
}

extension TemporaryFolder {
  /// A model to run, at `model.glc`.
  func model(_ bytes: Result<[UInt8], any Error> = Models.tiny) throws -> String {
    try write("model.glc", try bytes.get())
  }

  /// A copy of the tiny checkpoint at `checkpoint/`, with other or more files, and without one.
  func checkpoint(_ changes: [String: [UInt8]] = [:], without missing: String? = nil) throws -> String {
    let copy = try makeFolder("checkpoint")
    for name in Fixtures.checkpointFiles where changes[name] == nil && name != missing {
      try FileManager.default.copyItem(atPath: "\(Fixtures.tiny)/\(name)", toPath: "\(copy)/\(name)")
    }
    for (name, bytes) in changes {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(copy)/\(name)"))
    }
    return copy
  }

  /// A copy of the checkpoint in `source` whose weights `edit` changed, and the path of its folder.
  func checkpointCopy(_ source: String, _ edit: (inout [UInt8]) throws -> Void) throws -> String {
    let copy = try makeFolder("copy")
    for name in Fixtures.checkpointFiles {
      var content = try CommandTests.bytes("\(source)/\(name)")
      if name == "model.safetensors" { try edit(&content) }
      try write("copy/\(name)", content)
    }
    return copy
  }

  /// A copy of the tiny checkpoint, in whose `name` the text `old`, which must be there once, has become `new`.
  func checkpoint(replacing old: String, with new: String, in name: String) throws -> String {
    let text = String(decoding: try CommandTests.bytes("\(Fixtures.tiny)/\(name)"), as: UTF8.self)
    guard text.components(separatedBy: old).count == 2 else { throw HarnessError("\(old) is not once in \(name)") }
    return try checkpoint([name: Array(text.replacingOccurrences(of: old, with: new).utf8)])
  }
}
