import ModelCore

/// What became of one input. Everything else (a trap, a hang, memory without bound) ends the process, or the fuzzer ends it.
public enum FuzzOutcome: Sendable, Equatable {
  /// It was read to the end.
  case accepted
  /// It was refused with an error of the module that read it.
  case refused(message: String, status: Int32)
  /// It was refused with something that is no error for users.
  case broken(String)

  /// What `error` says to a user.
  init(_ error: any Error) {
    if let violation = error as? FuzzViolation {
      self = .broken(violation.what)
      return
    }
    guard let diagnostic = error as? any Diagnostic else {
      self = .broken("an error that is no Diagnostic: \(error)")
      return
    }
    self = .refused(message: diagnostic.message, status: diagnostic.exitStatus.rawValue)
  }

  /// Why this breaks the contract of docs/architecture.md ("Errors"), `nil` where it keeps it: an error is one line that
  /// names `path`, and its status says that the input is bad (65), missing (66) or unreadable (74), never that we are (70).
  public func violation(path: String) -> String? {
    switch self {
    case .accepted: return nil
    case .broken(let reason): return reason
    case .refused(let message, let status):
      guard message == message.onOneLine else { return "a message of more than one line: \(message.onOneLine)" }
      guard message.contains(path) else { return "a message that does not name \(path): \(message)" }
      let allowed: [ExitStatus] = [.badData, .missingInput, .inputOutput]
      guard allowed.contains(where: { $0.rawValue == status }) else { return "status \(status): \(message)" }
      return nil
    }
  }
}
