import ModelCore

/// What can stop a search, or a ranking of tensors, before there is a result.
public enum RecipeSearchError: Diagnostic {
  /// An error of another module, as it is.
  case underlying(any Diagnostic)
  /// A bound on F1, and no labels that are known to be right.
  case noTruth(path: String)
  /// Texts that are all in one half of the split.
  case oneHalf(path: String, texts: Int)
  /// Texts to judge by that a calibration has all looked at.
  case allSeen(path: String, texts: Int)
  /// A reference that is not one of this checkpoint.
  case otherReference(path: String, field: String, expected: String, found: String)
  /// What is read changed while the search went on.
  case changed(path: String)
  /// Somebody asked to stop.
  case stopped
}

extension RecipeSearchError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .underlying(let error): error.message
    case .noTruth(let path): "\(path): expected true_labels, which a bound on F1 needs, found none in any line"
    case .oneHalf(let path, let texts):
      "\(path): expected different texts in both halves of a split by their SHA-256, found all \(texts) in one"
    case .allSeen(let path, let texts):
      "\(path): expected texts to judge by that the calibration has not looked at, found none: it has looked at \(texts)"
    case .otherReference(let path, let field, let expected, let found):
      "\(path): \(field): expected \(expected), found \(found)"
    case .changed(let path): "\(path): expected the same checkpoint to the end of the search, found another"
    case .stopped: "stopped"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .underlying(let error): error.hint
    case .noTruth: "--sensitivity ranks tensors by logit errors, which need no labels"
    case .oneHalf: "give more texts: one half is to compare recipes on, the other to judge the file"
    case .allSeen: "calibrate on other texts, or on fewer (--calibration-texts)"
    default: nil
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .underlying(let error): error.exitStatus
    case .changed: .inputOutput
    default: .badData
    }
  }
}

/// Runs `body`, keeping the error of another module as it is.
func lifting<Value, Failure: Diagnostic>(
  _ body: () throws(Failure) -> Value
) throws(RecipeSearchError) -> Value {
  do throws(Failure) { return try body() } catch { throw .underlying(error) }
}
