import Checkpoints
import Engine
import GLiClass
import ModelCore
import ReferenceModel
import Tokenization
import TokenizerCompiler

/// What can stop a verification before there is a verdict.
public enum VerificationError: Diagnostic {
  /// An error of another module, as it is.
  case underlying(any Diagnostic)
  /// A line of a reference file is not what the format says.
  case malformedLine(path: String, line: Int, expected: String, found: String)
  /// A reference file without the line that says where it is from.
  case noReferenceHeader(path: String)
  /// Nothing to judge.
  case empty(path: String)
  /// A text of the reference that the data set does not have with these labels, or the other way round; where both have it, one has
  /// it more often.
  case noPartner(path: String, line: Int, text: String, other: String)
  /// A text or labels that no input is made of.
  case unusableExample(path: String, line: Int, reason: String)
  /// Bounds on F1, and no labels that are known to be right.
  case noTruth(path: String)
  /// A suite's folder without data sets.
  case noDataSets(path: String)
  /// A data set of a suite without a reference beside it.
  case noReference(path: String, expected: String)
  /// A reference of a suite without its data set beside it.
  case noDataSet(path: String, name: String)
  /// Two data sets of a suite with one name.
  case twoDataSets(path: String, name: String)
}

extension VerificationError {
  /// One line that names the file and what was expected and found there.
  public var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .underlying(let error): error.message
    case .malformedLine(let path, let line, let expected, let found):
      "\(path): line \(line): expected \(expected), found \(found)"
    case .noReferenceHeader(let path): "\(path): line 1: expected {\"reference\": …}, found something else"
    case .empty(let path): "\(path): expected at least one text, found none"
    case .noPartner(let path, let line, let text, let other):
      "\(path): line \(line): expected the same text and labels, as often, in \(other), found none for \"\(text.prefix(40))\""
    case .unusableExample(let path, let line, let reason): "\(path): line \(line): \(reason)"
    case .noTruth(let path): "\(path): expected true_labels, which a bound on F1 needs, found none in any line"
    case .noDataSets(let path): "\(path): expected data sets (.jsonl, .json, .csv or .tsv), found none"
    case .noReference(let path, let expected): "\(path): expected \(expected) beside it, found none"
    case .noDataSet(let path, let name): "\(path): expected a data set \(name).jsonl beside it, found none"
    case .twoDataSets(let path, let name): "\(path): expected one data set named \(name), found more"
    }
  }

  /// What would help, where there is something to say.
  public var hint: String? {
    switch self {
    case .underlying(let error): error.hint
    case .noTruth: "bound agreement instead, with --max-flips or --max-logit-error"
    case .noReference: "make it with Scripts/reference_outputs.py, or give --checkpoint or --baseline"
    default: nil
    }
  }

  /// What a program that ends because of this error returns.
  public var exitStatus: ExitStatus {
    if case .underlying(let error) = self { return error.exitStatus }
    return .badData
  }
}

extension VerificationError {
  /// What kept a model from a text: where it is the text itself, as more labels than a prompt has room for, with its line.
  package static func of(_ error: GLiClassError, path: String, line: Int) -> VerificationError {
    guard case .engine(.invalidPrompt) = error else { return .underlying(error) }
    return .unusableExample(path: path, line: line, reason: error.message)
  }
}

/// Runs `body`, keeping the error of another module as it is.
func lifting<Value, Failure: Diagnostic>(
  _ body: () throws(Failure) -> Value
) throws(VerificationError) -> Value {
  do throws(Failure) { return try body() } catch { throw .underlying(error) }
}
