import Checkpoints
import ModelCore

/// What can go wrong when the reference model is loaded or run.
public enum ReferenceModelError: Diagnostic, Equatable {
  /// The checkpoint lacks something, or cannot be read.
  case checkpoint(CheckpointError)
  /// An input without tokens.
  case emptyInput
  /// An input longer than the model takes.
  case tooManyTokens(found: Int, limit: Int)
  /// A token id without a row in the embedding table.
  case tokenOutsideVocabulary(position: Int, found: Int32, vocabularySize: Int)
  /// Weights for more hidden states than the encoder has (`squeeze_layers`).
  case tooManyLayerWeights(path: String, tensor: String, found: Int, states: Int)
  /// Infinities or NaNs, from weights that hold them or from overflow.
  case notFinite(path: String, layer: Int?, stage: ReferenceStage)
}

extension ReferenceModelError {
  /// One line that names the file, what was expected and what was found.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .checkpoint(let error): error.message
    case .emptyInput: "input_ids: expected at least one token, found none"
    case .tooManyTokens(let found, let limit): "input_ids: expected at most \(limit) tokens, found \(found)"
    case .tokenOutsideVocabulary(let position, let found, let size):
      "input_ids[\(position)]: expected an id from 0 to \(size - 1), found \(found)"
    case .tooManyLayerWeights(let path, let tensor, let found, let states):
      "\(path): \(tensor): expected weights for at most \(states) hidden states, found \(found)"
    case .notFinite(let path, let layer, let stage):
      "\(path): \(layer.map { "layer \($0), " } ?? "")\(stage.rawValue): expected finite values, found infinity or NaN"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    if case .checkpoint(let error) = self { error.hint } else { nil }
  }

  /// The status of a program that ends because of this error.
  public var exitStatus: ExitStatus {
    if case .checkpoint(let error) = self { error.exitStatus } else { .badData }
  }
}
