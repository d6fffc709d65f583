import Foundation
import TestSupport
import Testing

/// A copy of the demo checkpoint, whose tensors are in f16, with other values in some of them.
struct EditedCheckpoint {
  /// Its folder.
  let path: String
  private let file: URL
  private var bytes: Data
  private let header: [String: [String: Any]]
  private let start: Int

  init(in folder: TemporaryFolder) throws {
    path = folder.file("edited-\(UUID().uuidString)")
    try FileManager.default.copyItem(atPath: Fixtures.path("debian-tags-f16"), toPath: path)
    file = URL(filePath: "\(path)/model.safetensors")
    bytes = try Data(contentsOf: file)
    let size = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    header = try #require(
      try JSONSerialization.jsonObject(with: bytes[8..<8 + size]) as? [String: [String: Any]])
    start = 8 + size
  }

  /// Replaces the values of a column of a tensor, or one value of a vector.
  mutating func edit(_ name: String, column: Int, _ change: (Float) -> Float) throws {
    let entry = try #require(header[name])
    let (shape, place) = (try #require(entry["shape"] as? [Int]), try #require(entry["data_offsets"] as? [Int]))
    try #require(entry["dtype"] as? String == "F16")
    let columns = try #require(shape.last)
    for row in 0..<shape.dropLast().reduce(1, *) {
      let offset = start + place[0] + 2 * (row * columns + column)
      let old = Float(Float16(bitPattern: UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8))
      let new = Float16(change(old)).bitPattern
      bytes[offset] = UInt8(truncatingIfNeeded: new)
      bytes[offset + 1] = UInt8(new >> 8)
    }
    try bytes.write(to: file)
  }
}
