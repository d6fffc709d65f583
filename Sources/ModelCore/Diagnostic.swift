/// The exit statuses of the three programs, a contract with users' scripts (sysexits.h where it has one).
public enum ExitStatus: Int32, Sendable {
  case success = 0
  /// A verdict: a drift or error bound was exceeded.
  case verdict = 1
  case usage = 64
  /// Bad or unsupported input data.
  case badData = 65
  /// An input is missing or unreadable.
  case missingInput = 66
  /// A defect of ours.
  case internalError = 70
  case cannotCreate = 73
  case inputOutput = 74
}

/// An error that a user of the command lines can be shown as it is.
///
/// Each module has one enum of cases with payloads, and renders them in one place. ``message`` is one line that names
/// the file, the tensor or field, what was expected and what was found.
public protocol Diagnostic: Error, CustomStringConvertible, Sendable {
  /// One line, without a leading `error:`.
  var message: String { get }
  /// A further line that says what would help, where there is something to say.
  var hint: String? { get }
  /// What a program that ends because of this error returns.
  var exitStatus: ExitStatus { get }
}

extension Diagnostic {
  /// No hint unless a case has one.
  public var hint: String? { nil }
  /// The same as ``message``.
  public var description: String { message }
}

extension String {
  /// This text with control characters written as escapes. Labels, tensor names and paths may hold line ends, and
  /// sequences that a terminal obeys. The end of a text is left out where it is so long that nobody reads it: a file may
  /// hold a name, or a list of dimensions, of megabytes.
  package var onOneLine: String {
    var text = ""
    for (position, scalar) in unicodeScalars.enumerated() {
      if text.utf8.count > 16_384 {
        let rest = unicodeScalars.count - position
        // Not for a few: what was cut is cut no second time with something around it.
        if rest > 256 { return "\(text)… and \(rest) more characters" }
      }
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: text += scalar.escaped(asASCII: true)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
