import Conversion
import DataSets
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing
import Verification

/// Files and folders that the tests read.
enum Fixtures {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path
  static let debianTags = folder + "/debian-tags-f16"
  static let randomTiny = folder + "/random-tiny"
  /// Adapters of random-tiny.
  static let adapters = folder + "/adapters"
  static let metrics = folder + "/metrics.json"
}

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("verification-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// A copy of the checkpoint random-tiny, with one file changed.
  func checkpoint(changing name: String, _ edit: (Data) throws -> Data) throws -> String {
    let copy = "\(path)/checkpoint"
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(Fixtures.randomTiny)/\(file)"))
      try (file == name ? edit(data) : data).write(to: URL(fileURLWithPath: "\(copy)/\(file)"))
    }
    return copy
  }
}

/// random-tiny as a `.glc`, converted once a run of the tests; the folder goes when the process does.
enum Converted {
  private static let folder = Result { try TemporaryFolder() }
  static let f32 = Result { try convert(.f32) }
  static let q8 = Result { try convert(.q8) }

  private static func convert(_ scheme: WeightScheme) throws -> String {
    let output = "\(try folder.get().path)/\(scheme.rawValue).glc"
    atexit { Converted.remove() }
    _ = try Converter(ConversionOptions(input: Fixtures.randomTiny, output: output, scheme: scheme)).run()
    return output
  }

  private static func remove() {
    if let path = try? folder.get().path { try? FileManager.default.removeItem(atPath: path) }
  }
}

/// The lines of a reference file of a fixture, header first.
func referenceLines(_ folder: String) throws -> [String] {
  try String(contentsOfFile: folder + "/reference.jsonl", encoding: .utf8).split(separator: "\n").map(String.init)
}

/// Runs the `.glc` at `path` against `source`, or the reference file `reference`, with the texts of random-tiny.
func verdict(
  _ path: String, against source: (any ReferenceSource)? = nil,
  reference: String = Fixtures.randomTiny + "/reference.jsonl",
  data: String = Fixtures.randomTiny + "/eval.jsonl", edit: (inout VerificationOptions) -> Void = { _ in },
  progress: (Double) -> Void = { _ in }
) throws -> Verdict {
  var options = VerificationOptions()
  // Enough to see that there are intervals.
  options.measures.replicates = 200
  edit(&options)
  return try Verifier(model: GLiClassModel(path: path), options: options).verify(
    against: source ?? ReferenceFile(path: reference), data: DataIndex(path: data), progress: progress)
}

/// What the checkpoint at `path` says of the texts of `data`.
func checkpointReference(
  _ path: String, adapter: String? = nil, data: String = Fixtures.randomTiny + "/eval.jsonl"
) throws -> CheckpointReference {
  CheckpointReference(
    try CheckpointOutputs(path: path, adapter: adapter, profile: .tokenizers, threads: 2),
    examples: try ExampleReader(path: data))
}

/// All outputs of a reference, asked for in parts of `limit`.
func outputs(of source: some ReferenceSource, limit: Int = 7) throws -> [ReferenceOutput] {
  var source = source
  var all: [ReferenceOutput] = []
  while true {
    let next = try source.next(limit)
    if next.isEmpty { return all }
    #expect(next.count <= limit)
    all += next
  }
}

/// A verdict of a real run with errors and flips of its own: the demo model as q8, with all that reports can show.
func realVerdict() throws -> Verdict { try RealVerdict.made.get() }

private enum RealVerdict {
  static let made = Result {
    let checkpoint = Fixtures.debianTags
    let outputs = try CheckpointOutputs(path: checkpoint, adapter: nil, profile: .tokenizers, threads: 2)
    let model = try GLiClassModel(path: TestSupport.Converted.glc(checkpoint, .q8))
    var options = VerificationOptions()
    options.layerTexts = 2
    options.bounds.f1Drift = 0.02
    options.bounds.logitError = 1
    options.bounds.flips = .rate(0.01)
    options.bounds.minimumF1 = 0.5
    return try Verifier(model: model, options: options).verify(
      against: ReferenceFile(path: checkpoint + "/reference.jsonl"), data: DataIndex(path: checkpoint + "/eval.jsonl"),
      origin: DriftOrigin(model: model, against: .checkpoint(outputs)))
  }
}

/// What the model has of `field` in `verdict`.
func identity(_ field: IdentityCheck.Field, _ verdict: Verdict) -> IdentityCheck? {
  verdict.identity.first { $0.field == field }
}

/// The error that `body` throws, `nil` for none.
func verificationError<Result>(_ body: () throws(VerificationError) -> Result) -> VerificationError? {
  do throws(VerificationError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// Progress as it was reported, from any thread.
final class Parts: @unchecked Sendable {
  private let lock = NSLock()
  private var parts: [Double] = []

  func append(_ part: Double) { lock.withLock { parts.append(part) } }
  var all: [Double] { lock.withLock { parts } }
}
