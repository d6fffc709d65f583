import GLCFormat
import ModelCore

/// What can go wrong between an open `.glc` and its logits.
public enum EngineError: Diagnostic, Equatable {
  /// The file lacks a tensor, or has it in a form that the engine does not run.
  case format(GLCFormatError)
  /// `GLC_ISA` names no instruction set that was compiled in.
  case unknownInstructionSet(name: String, known: [String])
  /// This machine cannot run the instruction set that was asked for.
  case unavailableInstructionSet(name: String, available: [String])
  /// The number of threads is out of range.
  case invalidThreadCount(found: Int)
  /// A metadata value that the file format has and the engine does not.
  case unsupported(path: String, field: String, expected: String, found: String)
  /// A token id that the embedding table has no row for.
  case tokenOutsideVocabulary(id: Int, vocabularySize: Int)
  /// A prompt without tokens, with too many, or with a label position outside it.
  case invalidPrompt(expected: String, found: String)
  /// A batch that this machine has not the memory for, in bytes.
  case tooMuchMemory(needed: Int, limit: Int)
  /// Activations became infinite or NaN.
  case notFinite(path: String, place: String)
}

extension EngineError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .format(let error): error.message
    case .unknownInstructionSet(let name, let known):
      "GLC_ISA: expected one of \(known.joined(separator: ", ")), found \"\(name)\""
    case .unavailableInstructionSet(let name, let available):
      "GLC_ISA: this machine cannot run \(name); it runs \(available.joined(separator: ", "))"
    case .invalidThreadCount(let found): "threads: expected 1 to \(ThreadPool.maximumCount), found \(found)"
    case .unsupported(let path, let field, let expected, let found):
      "\(path): metadata: \(field): expected \(expected), found \(found)"
    case .tokenOutsideVocabulary(let id, let size): "token id: expected 0 to \(size - 1), found \(id)"
    case .invalidPrompt(let expected, let found): "prompt: expected \(expected), found \(found)"
    case .tooMuchMemory(let needed, let limit):
      "working memory: expected at most \(Formatting.size(limit)), which this machine has, found \(Formatting.size(needed)) for the input"
    case .notFinite(let path, let place): "\(path): \(place): expected finite activations, found infinity or NaN"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    if case .format(let error) = self { return error.hint }
    return nil
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .format(let error): error.exitStatus
    case .unknownInstructionSet, .unavailableInstructionSet, .invalidThreadCount: .usage
    case .unsupported, .tokenOutsideVocabulary, .invalidPrompt, .tooMuchMemory, .notFinite: .badData
    }
  }
}
