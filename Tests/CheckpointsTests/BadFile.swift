import Checkpoints
import Foundation
import ModelCore
import Testing

/// A handcrafted bad file, and the error that it must give.
struct BadFile: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  /// By the file's path.
  let error: @Sendable (String) -> CheckpointError
  var testDescription: String { name }

  init(_ name: String, _ bytes: [UInt8], _ error: @escaping @Sendable (String) -> CheckpointError) {
    (self.name, self.bytes, self.error) = (name, bytes, error)
  }

  /// Opens the file under the name `fileName`: the error must be the one expected, and be written as all are.
  func expectRefusal<Result>(
    as fileName: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ open: (String) throws(CheckpointError) -> Result
  ) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(fileName, bytes)
    let error = checkpointError { () throws(CheckpointError) in try open(path) }
    #expect(error?.withoutLibzipsWords == self.error(path).withoutLibzipsWords, sourceLocation: sourceLocation)
    expectUserMessage(error, path: path, sourceLocation: sourceLocation)
  }
}

/// What every error about a bad file has in common: its status, and one line that begins with the path.
func expectUserMessage(
  _ error: CheckpointError?, path: String, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(error?.exitStatus == .badData, comment, sourceLocation: sourceLocation)
  #expect(error?.message.hasPrefix("\(path): ") == true, comment, sourceLocation: sourceLocation)
  #expect(error?.message.contains { $0.isNewline } == false, comment, sourceLocation: sourceLocation)
  #expect(error?.message.contains("internal error") == false, comment, sourceLocation: sourceLocation)
}

extension CheckpointError {
  /// With what libzip says left out, which depends on its version.
  var withoutLibzipsWords: CheckpointError {
    switch self {
    case .zip(let path, .inconsistent): .zip(path: path, .inconsistent(reason: ""))
    case .zip(let path, .damaged(let entry, _)): .zip(path: path, .damaged(entry: entry, reason: ""))
    default: self
    }
  }

  /// What is wrong with the pickle, wherever it is.
  var pickleViolation: PickleViolation? {
    if case .pickle(_, _, let violation) = self { violation } else { nil }
  }
}
