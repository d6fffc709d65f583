import Engine
import GLCFormat
import ModelCore
import Tokenization

/// What can go wrong between opening a `.glc` and a classification.
public enum GLiClassError: Diagnostic, Equatable {
  case format(GLCFormatError)
  case tokenization(TokenizationError)
  case engine(EngineError)
  /// The threshold is not a probability.
  case invalidThreshold(found: Float)

  private var underlying: (any Diagnostic)? {
    switch self {
    case .format(let error): error
    case .tokenization(let error): error
    case .engine(let error): error
    case .invalidThreshold: nil
    }
  }

  /// One line that names the file and what was expected and found there.
  public var message: String {
    if case .invalidThreshold(let found) = self { return "threshold: expected a number from 0 to 1, found \(found)" }
    return underlying?.message ?? ""
  }

  /// What would help, where there is something to say.
  public var hint: String? { underlying?.hint }
  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus { underlying?.exitStatus ?? .usage }
}
