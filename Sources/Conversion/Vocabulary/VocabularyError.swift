import GLCFormat
import ModelCore
import Tokenization
import TokenizerCompiler

/// What can be wrong with what a smaller vocabulary is made by.
public enum VocabularyError: Diagnostic, Equatable {
  /// A file cannot be read, or is no JSON of the form that is expected.
  case file(ModelCoreError)
  /// A `.glc` whose pieces are to be kept cannot be read.
  case model(GLCFormatError)
  /// The tokenizer of such a `.glc`.
  case tokenizer(TokenizationError)
  /// A file of a kind that is not read.
  case unknownForm(path: String, expected: String)
  /// Nothing in it.
  case empty(path: String, expected: String)
  /// A line that is not what it should be.
  case malformedLine(path: String, line: Int, expected: String, found: String)
  /// A piece that this vocabulary does not have. `place` is a line, or an id in another `.glc`.
  case unknownPiece(path: String, place: String, piece: String)
  /// No script of Unicode.
  case unknownScript(name: String)
  /// A text that uses kept tokens alone, and has others now: a defect of ours.
  case disagreement(path: String, line: Int)
}

extension VocabularyError {
  private var underlying: (any Diagnostic)? {
    switch self {
    case .file(let error): error
    case .model(let error): error
    case .tokenizer(let error): error
    default: nil
    }
  }

  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .file, .model, .tokenizer: return underlying?.message ?? ""
    case .unknownForm(let path, let expected):
      return "\(path): expected \(expected), found a name that says something else"
    case .empty(let path, let expected): return "\(path): expected \(expected), found none"
    case .malformedLine(let path, let line, let expected, let found):
      return "\(path): line \(line): expected \(expected), found \(found)"
    case .unknownPiece(let path, let place, let piece):
      return "\(path): \(place): expected a piece of the vocabulary, found \"\(piece)\""
    case .unknownScript(let name):
      let known = ScriptSelection.known.joined(separator: ", ")
      return "expected scripts of Unicode, found \"\(name)\"; known are \(known)"
    case .disagreement(let path, let line):
      return "\(path): line \(line): the smaller vocabulary has all tokens of this text, and makes others of it"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .unknownPiece:
      "a list is one piece a line, as tokenizer.json spells it; a file of texts has another name (.txt, .jsonl)"
    default: underlying?.hint
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .unknownScript, .unknownForm: .usage
    case .disagreement: .internalError
    default: underlying?.exitStatus ?? .badData
    }
  }
}

/// Runs `body`, whose only errors are those of reading files.
func readingFile<Value>(_ body: () throws(ModelCoreError) -> Value) throws(VocabularyError) -> Value {
  do throws(ModelCoreError) { return try body() } catch { throw .file(error) }
}
