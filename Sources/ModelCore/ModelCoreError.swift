/// What can go wrong with files, JSON and configurations, before any tensor is looked at.
public enum ModelCoreError: Diagnostic, Equatable {
  /// `path` does not exist, is not a regular file, or may not be read.
  case cannotOpen(path: String, reason: String)
  /// Reading failed, or the file became shorter while it was mapped.
  case readFailed(path: String, reason: String)
  /// The output, or its temporary sibling, cannot be created.
  case cannotCreate(path: String, reason: String)
  /// Writing, syncing or renaming the output failed.
  case writeFailed(path: String, reason: String)
  /// `what` of `count` bytes at `offset` reaches beyond the `size` bytes there are.
  case outOfBounds(path: String, what: String, offset: UInt64, count: UInt64, size: UInt64)
  /// Not JSON, at byte `offset`.
  case invalidJSON(path: String, offset: Int, reason: String)
  /// A JSON member is absent, or has another type or range than expected.
  case unexpectedJSON(path: String, field: String, expected: String, found: String)
  /// A configuration value that is understood by nobody here.
  case unsupported(path: String, field: String, found: String, supported: String)
}

extension ModelCoreError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .cannotOpen(let path, let reason): "\(path): cannot open: \(reason)"
    case .readFailed(let path, let reason): "\(path): read failed: \(reason)"
    case .cannotCreate(let path, let reason): "\(path): cannot create: \(reason)"
    case .writeFailed(let path, let reason): "\(path): write failed: \(reason)"
    case .outOfBounds(let path, let what, let offset, let count, let size):
      "\(path): \(what): expected \(count) bytes at offset \(offset), found \(size) bytes in all"
    case .invalidJSON(let path, let offset, let reason): "\(path): invalid JSON at byte \(offset): \(reason)"
    case .unexpectedJSON(let path, let field, let expected, let found):
      "\(path): \(field): expected \(expected), found \(found)"
    case .unsupported(let path, let field, let found, let supported):
      "\(path): \(field): unsupported value \(found); supported: \(supported)"
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .cannotOpen: .missingInput
    case .readFailed, .writeFailed: .inputOutput
    case .cannotCreate: .cannotCreate
    case .outOfBounds, .invalidJSON, .unexpectedJSON, .unsupported: .badData
    }
  }
}
