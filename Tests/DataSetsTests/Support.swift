import DataSets
import Foundation

/// Files and folders that the tests read.
enum Fixtures {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures").path
  static let debianTags = folder + "/debian-tags-f16"
  static let randomTiny = folder + "/random-tiny"
  static let csv = folder + "/csv.json"
  static let benchmarks = folder + "/benchmarks"
}

/// A folder that is removed with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("data-sets-\(UUID().uuidString)")
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
}

/// The error that `body` throws, `nil` for none.
func dataSetError<Result>(_ body: () throws(DataSetError) -> Result) -> DataSetError? {
  do throws(DataSetError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
