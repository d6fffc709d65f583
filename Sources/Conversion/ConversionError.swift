import Calibration
import Checkpoints
import GLCFormat
import ModelCore
import TokenizerCompiler

/// What can stop a conversion.
public enum ConversionError: Diagnostic {
  case core(ModelCoreError)
  case checkpoint(CheckpointError)
  case format(GLCFormatError)
  case tokenizer(TokenizerCompilerError)
  /// What a calibration threw.
  case calibration(CalibrationError)
  /// What a smaller vocabulary is made by.
  case vocabulary(VocabularyError)
  /// Tensors that no rule of this architecture knows.
  case unknownTensors(path: String, names: [String])
  /// Weights for more hidden states than the encoder has (`squeeze_layers`).
  case tooManyLayerWeights(path: String, tensor: String, found: Int, states: Int)
  /// A weight is infinite or NaN.
  case notFinite(path: String, tensor: String, row: Int)
  /// A weight that 16 bits cannot hold.
  case notRepresentable(path: String, tensor: String, row: Int, value: Float, encoding: TensorEncoding)
  /// A recipe that the checkpoint, or the engine, has no place for.
  case recipe(field: String, expected: String, found: String)
  /// The configuration calls for a tensor too large to lay out.
  case tooLarge(path: String, tensor: String)
}

extension ConversionError {
  private var underlying: (any Diagnostic)? {
    switch self {
    case .core(let error): error
    case .checkpoint(let error): error
    case .format(let error): error
    case .tokenizer(let error): error
    case .vocabulary(let error): error
    case .calibration(let error): error
    default: nil
    }
  }

  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .core, .checkpoint, .format, .tokenizer, .vocabulary, .calibration: return underlying?.message ?? ""
    case .unknownTensors(let path, let names):
      let shown = names.prefix(100).joined(separator: ", ")
      let rest = names.count > 100 ? " and \(names.count - 100) more" : ""
      return
        "\(path): expected only tensors of the configured deberta-v2 uni-encoder, found also \(shown)\(rest)"
    case .tooManyLayerWeights(let path, let tensor, let found, let states):
      return "\(path): tensor \(tensor): expected weights for at most \(states) hidden states, found \(found)"
    case .notFinite(let path, let tensor, let row):
      return "\(path): tensor \(tensor): expected finite values, found infinity or NaN in row \(row)"
    case .notRepresentable(let path, let tensor, let row, let value, let encoding):
      return "\(path): tensor \(tensor): expected values that \(encoding) can hold, found \(value) in row \(row)"
    case .recipe(let field, let expected, let found): return "recipe: \(field): expected \(expected), found \(found)"
    case .tooLarge(let path, let tensor): return "\(path): tensor \(tensor): expected a size below 2^63 bytes"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? { underlying?.hint }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus { underlying?.exitStatus ?? .badData }
}

/// Runs `body`, turning its error into one of this module.
func lifting<Value, Failure: Error>(
  _ wrap: (Failure) -> ConversionError, _ body: () throws(Failure) -> Value
) throws(ConversionError) -> Value {
  do throws(Failure) { return try body() } catch { throw wrap(error) }
}
