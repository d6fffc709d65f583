import ModelCore
import ReferenceModel

/// What can stop a calibration.
public enum CalibrationError: Diagnostic, Equatable {
  /// The checkpoint lacks something, or cannot be read.
  case model(ReferenceModelError)
  /// An input that the model does not take, or whose activations are infinite or NaN somewhere; inputs are counted from 1.
  case input(number: Int, ReferenceModelError)
  /// There is no token to look at.
  case noTokens
  /// A weight is infinite or NaN.
  case weightNotFinite(path: String, tensor: String)
}

extension CalibrationError {
  /// Whether a weight or an activation was infinite or NaN.
  public var isNotFinite: Bool {
    switch self {
    case .weightNotFinite, .input(_, .notFinite), .model(.notFinite): true
    default: false
    }
  }

  /// One line that names the file or text, what was expected and what was found.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .model(let error): error.message
    case .input(let number, let error): "calibration text \(number): \(error.message)"
    case .noTokens: "calibration: expected at least one text with a token, found none"
    case .weightNotFinite(let path, let tensor): "\(path): \(tensor): expected finite values, found infinity or NaN"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .model(let error), .input(_, let error): error.hint
    case .noTokens, .weightNotFinite: nil
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .model(let error), .input(_, let error): error.exitStatus
    case .noTokens, .weightNotFinite: .badData
    }
  }
}
