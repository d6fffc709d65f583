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
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.container("expected.json")))
    return try JSONDecoder().decode(Self.self, from: data)
  }

  /// What is in the folder, sorted.
  static func namesInFolder() throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: Fixtures.container(""))
    return names.filter { $0 != "expected.json" }.sorted()
  }
}

extension ExpectedContainers.Tensor {
  /// The bytes that `bytes` spells.
  var contents: [UInt8] {
    let digits = Array(bytes)
    var contents: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      contents.append(UInt8(String(digits[start...start + 1]), radix: 16) ?? 0)
    }
    return contents
  }

  /// Floats that were read, as `f32` writes them.
  static func bits(_ floats: [Float]) -> [String] {
    floats.map { float in
      let digits = String(float.bitPattern, radix: 16)
      return float.isNaN ? "nan" : String(repeating: "0", count: 8 - digits.count) + digits
    }
  }
}
