import Checkpoints
import Foundation
import ModelCore
import Testing

extension Fixtures {
  private static let root = URL(fileURLWithPath: randomTiny).deletingLastPathComponent()
  /// One small checkpoint in four forms: `micro`, `micro-sharded`, `micro-zip`, `micro-zip-sharded`.
  static func container(_ name: String) -> String { root.appendingPathComponent("containers/\(name)").path }
  /// An adapter for `random-tiny`.
  static func adapter(_ name: String) -> String { root.appendingPathComponent("adapters/\(name)").path }
}

extension TemporaryFolder {
  /// Copies every file of the folder `source`.
  func copyFiles(of source: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: source) { try copy("\(source)/\(name)", as: name) }
  }

  func copy(_ source: String, as name: String) throws {
    try FileManager.default.copyItem(atPath: source, toPath: "\(path)/\(name)")
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  func read(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

  /// Changes the JSON object in the file `name`.
  func editJSON(_ name: String, _ edit: (inout [String: Any]) throws -> Void) throws {
    let object = try JSONSerialization.jsonObject(with: Data(contents("\(path)/\(name)")))
    var members = try #require(object as? [String: Any])
    try edit(&members)
    _ = try write(name, Array(JSONSerialization.data(withJSONObject: members, options: [.sortedKeys])))
  }
}

/// A folder that is changed until it is no checkpoint.
struct BadFolder: Sendable, CustomTestStringConvertible {
  let name: String
  let change: @Sendable (TemporaryFolder) throws -> Void
  let error: @Sendable (String) -> CheckpointError
  var testDescription: String { name }

  /// - Parameter error: gets the path of the folder.
  init(
    _ name: String, _ change: @escaping @Sendable (TemporaryFolder) throws -> Void,
    _ error: @escaping @Sendable (String) -> CheckpointError
  ) {
    (self.name, self.change, self.error) = (name, change, error)
  }

  /// Opening the changed folder must give the error, which must be one line that names a file of the folder.
  func check(_ folder: TemporaryFolder, status: ModelCore.ExitStatus = .badData) throws {
    try change(folder)
    let error = checkpointError { () throws(CheckpointError) in try Checkpoint.open(folder.path) }
    #expect(error == self.error(folder.path))
    #expect(error?.exitStatus == status)
    #expect(error?.message.hasPrefix(folder.path) == true)
    #expect(error?.message.contains("internal error") == false)
    #expect(error?.message.contains("\n") == false)
  }
}
