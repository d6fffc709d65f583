import Foundation
import Glibc
import ModelCore

/// Folders that the tests read.
enum Fixtures {
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  static let debianTags = tests.appendingPathComponent("Fixtures/debian-tags-f16").path
  static let randomTiny = tests.appendingPathComponent("Fixtures/random-tiny").path
}

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("modelcore-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// What is in the folder, sorted.
  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}

func contents(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The error that `body` throws, `nil` for none.
func coreError<Result>(_ body: () throws(ModelCoreError) -> Result) -> ModelCoreError? {
  do throws(ModelCoreError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// The root of `text`.
func parsed(_ text: String, path: String = "test.json") throws(ModelCoreError) -> JSONValue {
  try JSONDocument(text, path: path).root
}

/// Numbers that are the same on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Opens a pipe for writing after a while, so that whoever waits for that goes on.
final class Rescue: @unchecked Sendable {
  private let condition = NSCondition()
  private var isOver = false
  private var cameToHelp = false

  init(pipe: String, after seconds: Double) {
    Thread.detachNewThread { [self] in
      let deadline = Date(timeIntervalSinceNow: seconds)
      condition.lock()
      defer { condition.unlock() }
      while !isOver, condition.wait(until: deadline) {}
      if isOver { return }
      let descriptor = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
      if descriptor >= 0 {
        cameToHelp = true
        close(descriptor)
      }
    }
  }

  /// Ends the wait.
  /// - Returns: whether help was needed.
  func finish() -> Bool {
    condition.lock()
    defer { condition.unlock() }
    isOver = true
    condition.signal()
    return cameToHelp
  }
}
