import Checkpoints
import Foundation
import ModelCore
import Testing

/// Folders that the tests read.
enum Fixtures {
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  static let debianTags = tests.appendingPathComponent("Fixtures/debian-tags-f16").path
  static let randomTiny = tests.appendingPathComponent("Fixtures/random-tiny").path
  /// A checkpoint that is not in the repository; tests of it are skipped where it is absent.
  static let sharedDebianTags = tests.deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("shared/models/debian-tags").path
  static let hasShared = FileManager.default.fileExists(atPath: sharedDebianTags)
}

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)")
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

  /// A checkpoint made of `weights` and the configuration of a fixture, changed by `edit`.
  func checkpoint(weights: [UInt8], config edit: (String) -> String = { $0 }) throws -> String {
    _ = try write("model.safetensors", weights)
    let config = try String(contentsOfFile: Fixtures.randomTiny + "/config.json", encoding: .utf8)
    _ = try write("config.json", edit(config))
    return path
  }
}

/// The bytes of a safetensors file; `length` is what its first 8 bytes say, the header's true length if `nil`.
func safetensors(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(header.utf8) + data
}

func contents(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The error that `body` throws, `nil` for none.
func checkpointError<Result>(_ body: () throws(CheckpointError) -> Result) -> CheckpointError? {
  do throws(CheckpointError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// All bytes of `tensor`, of which there are `count`.
func storedBytes(_ tensor: TensorView, count: Int) throws -> [UInt8] {
  var bytes: [UInt8] = []
  try tensor.withStoredBytes(elements: 0..<tensor.elementCount) { bytes = Array($0) }
  #expect(bytes.count == count)
  return bytes
}

/// Some elements of `tensor`.
func floats(_ tensor: TensorView, _ range: Range<Int>) throws -> [Float] {
  let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: range.count)
  defer { buffer.deallocate() }
  try tensor.readFloats(elements: range, into: buffer)
  return Array(buffer)
}
