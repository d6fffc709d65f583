import Calibration
import Checkpoints
import Foundation
import Quantization
import ReferenceModel
import TestSupport

/// The checkpoint that most tests calibrate: 2 layers, 64 features, 128 in the feed-forward network.
enum Tiny {
  static let path = Fixtures.path("random-tiny")
  static let features = 64
  static let innerFeatures = 128
  static let layers = 2

  static func checkpoint() throws -> Checkpoint { try Checkpoint.open(path) }

  /// What the reference file has of 20 texts.
  static let inputs = Result { try Fixtures.reference(path + "/reference.jsonl").map(\.inputIDs) }

  /// The checkpoint with other values in some tensors, by the names of the file.
  static func altered(_ changes: [String: (inout [Float]) -> Void]) throws -> Checkpoint {
    let original = try checkpoint()
    return try changing { bytes in
      for (name, change) in changes {
        guard let range = original.tensor(name)?.byteRange else { throw Missing(name: name) }
        var values = bytes[range].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        change(&values)
        bytes.replaceSubrange(range, with: values.withUnsafeBytes { Array($0) })
      }
    }
  }

  /// The checkpoint with another name, as long, in its header.
  static func renaming(_ old: String, _ new: String) throws -> Checkpoint {
    try changing { bytes in
      var data = Data(bytes)
      guard let range = data.range(of: Data(old.utf8)), old.utf8.count == new.utf8.count else {
        throw Missing(name: old)
      }
      data.replaceSubrange(range, with: Data(new.utf8))
      bytes = Array(data)
    }
  }

  private static func changing(_ edit: (inout [UInt8]) throws -> Void) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(folder.path)/\(name)")
    }
    var bytes = Array(try Data(contentsOf: URL(filePath: path + "/model.safetensors")))
    try edit(&bytes)
    try Data(bytes).write(to: URL(filePath: folder.path + "/model.safetensors"))
    return try Checkpoint.open(folder.path)
  }

  struct Missing: Error { let name: String }
}

/// The name of a linear layer of the encoder.
func linear(_ layer: Int, _ end: String) -> String { "model.encoder_model.encoder.layer.\(layer).\(end)" }

/// Ends of the names of all linear layers of a transformer layer.
let linearEnds = [
  "attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj", "attention.output.dense",
  "intermediate.dense", "output.dense",
]

/// The error that `body` throws, `nil` for none.
func calibrationError<Result>(_ body: () throws(CalibrationError) -> Result) -> CalibrationError? {
  do throws(CalibrationError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

extension LinearSolution {
  /// All that was found, to compare two of them.
  var content: [[Float]] {
    [
      inputScales, errorWeights, bias, matrix?.scales, matrix?.codes.map { Float($0) },
      matrix?.multipliers.map { Float($0) },
    ].map { $0 ?? [] }
  }
}
