import ModelCore
import Tokenization

/// Why a tokenizer's files were not compiled.
public enum TokenizerCompilerError: Diagnostic, Equatable {
  /// Neither `tokenizer.json` nor `spm.model` is there.
  case noTokenizer(folder: String)
  /// A JSON member is absent or has another type than expected.
  case input(ModelCoreError)
  /// A setting that is understood but not implemented.
  case unsupported(path: String, field: String, found: String, supported: String)
  /// A regular expression or text to look for that does not compile.
  case unsupportedPattern(path: String, field: String, pattern: String, reason: String)
  /// A piece, added token or id that contradicts another, or cannot be stored.
  case invalidVocabulary(path: String, field: String, expected: String, found: String)
  /// A precompiled charsmap that is no charsmap.
  case invalidCharsmap(path: String, field: String, reason: String)
  /// A SentencePiece model that cannot be read.
  case invalidModel(path: String, reason: String)
  /// The template or a rule needs a token that the vocabulary does not have.
  case missingToken(path: String, token: String, purpose: String)
  /// More of `what` than a section can hold.
  case tooLarge(path: String, what: String, found: Int, limit: Int)
  /// The finished section was refused by the reader: a defect of ours.
  case unreadable(TokenizationError)
  /// The finished section does not do what libsentencepiece does, where it must: a defect of ours.
  case disagreement(path: String, SentencePieceDisagreement)
}

extension TokenizerCompilerError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .noTokenizer(let folder): "\(folder): expected tokenizer.json, spm.model or spiece.model, found none of them"
    case .input(let error): error.message
    case .unsupported(let path, let field, let found, let supported):
      "\(path): \(field): unsupported value \(found); supported: \(supported)"
    case .unsupportedPattern(let path, let field, let pattern, let reason):
      "\(path): \(field): unsupported pattern \"\(pattern)\": \(reason)"
    case .invalidVocabulary(let path, let field, let expected, let found):
      "\(path): \(field): expected \(expected), found \(found)"
    case .invalidCharsmap(let path, let field, let reason): "\(path): \(field): invalid precompiled charsmap: \(reason)"
    case .invalidModel(let path, let reason): "\(path): not a SentencePiece unigram model: \(reason)"
    case .missingToken(let path, let token, let purpose):
      "\(path): \(purpose): expected the token \(token) in the vocabulary, found none"
    case .tooLarge(let path, let what, let found, let limit):
      "\(path): \(what): expected at most \(limit), found \(found)"
    case .unreadable(let error): error.message
    case .disagreement(let path, let difference):
      "\(path): the compiled tokenizer disagrees with libsentencepiece: \(difference.text)"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .input(let error): error.hint
    case .missingToken(_, let token, _) where token.hasPrefix("with id"):
      "config.json and the files of the tokenizer may be of different models"
    case .missingToken(_, let token, _): "pass the id of \(token) (added_tokens.json or config.json has it)"
    default: nil
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    switch self {
    case .noTokenizer: .missingInput
    case .input(let error): error.exitStatus
    case .unreadable, .disagreement: .internalError
    default: .badData
    }
  }
}

extension CompiledTokenizer {
  /// Opens a section of ours.
  /// - Throws: ``TokenizerCompilerError/unreadable(_:)``.
  convenience init(written section: [UInt8], path: String) throws(TokenizerCompilerError) {
    do throws(TokenizationError) {
      try self.init(copying: section, path: path)
    } catch {
      throw .unreadable(error)
    }
  }
}

/// Runs `body`, whose only errors are those of reading JSON.
func reading<Result>(_ body: () throws(ModelCoreError) -> Result) throws(TokenizerCompilerError) -> Result {
  do throws(ModelCoreError) {
    return try body()
  } catch {
    throw .input(error)
  }
}

extension JSONValue {
  /// The error that this value is understood but not implemented.
  func refused(path: String, _ supported: String) -> TokenizerCompilerError {
    .unsupported(path: path, field: field, found: found, supported: supported)
  }

  /// Refuses members that nobody here knows.
  func allowOnly(_ known: Set<String>, path: String) throws(TokenizerCompilerError) {
    guard isObject else { throw .input(unexpected("an object")) }
    for key in keys where !known.contains(key) {
      throw .unsupported(
        path: path, field: fieldName(key), found: member(key)?.found ?? "null",
        supported: "the members \(known.sorted().joined(separator: ", "))")
    }
  }
}
