import Foundation

/// `Tests/Fixtures/containers/expected.json`: what the real libraries find in the files beside it
/// (`Scripts/container_fixtures.py` says how it is written).
struct ExpectedContainers: Decodable {
  struct File: Decodable {
    /// Why nobody can read weights from it; everything else is then absent.
    var refused: String?
    /// Keys from what was saved to the state dict.
    var unwrapped: [String]?
    /// What all names begin with.
    var prefix: String?
    /// What names contain farther inside.
    var inside: String?
    /// What the pickle imports and no reader of tensors has a use for.
    var foreign: [String]?
    var tensors: [String: Tensor]?
  }

  struct Tensor: Decodable {
    var dtype: String
    var shape: [Int]
    /// Hexadecimal: little-endian, row-major.
    var bytes: String
    /// Bit patterns of float32 in hexadecimal, `nan` for a NaN; absent where a type is not read as floats.
    var f32: [String]?
    /// The name in the file, where it differs.
    var stored: String?
  }

  struct Checkpoint: Decodable {
    var tensors: Int
    /// Of the bytes of all tensors, ordered by the bytes of their names.
    var sha256: String
  }

  var files: [String: File]
  var checkpoints: [String: Checkpoint]

  static func load() throws -> Self {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.containers + "/expected.json"))
    return try JSONDecoder().decode(Self.self, from: data)
  }

  /// What is in the folder, sorted.
  static func namesInFolder() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Fixtures.containers).filter { $0 != "expected.json" }.sorted()
  }
}

extension ExpectedContainers.Tensor {
  /// The bytes that `bytes` spells.
  var contents: [UInt8] {
    let digits = bytes.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// As ``bits(_:)`` writes what was read.
  static func bits(_ floats: [Float]) -> [String] {
    floats.map { float in
      let digits = String(float.bitPattern, radix: 16)
      return float.isNaN ? "nan" : String(repeating: "0", count: 8 - digits.count) + digits
    }
  }
}
