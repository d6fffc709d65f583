import ModelCore

/// What can be wrong with a file of texts.
package enum DataSetError: Diagnostic, Equatable {
  /// The file or its JSON.
  case underlying(ModelCoreError)
  /// A line is not what the format says.
  case malformedLine(path: String, line: Int, expected: String, found: String)
  /// No text.
  case empty(path: String)
}

extension DataSetError {
  /// One line that names the file and what was expected and found there.
  package var message: String { text.onOneLine }

  private var text: String {
    switch self {
    case .underlying(let error): error.message
    case .malformedLine(let path, let line, let expected, let found):
      "\(path): line \(line): expected \(expected), found \(found)"
    case .empty(let path): "\(path): expected at least one text, found none"
    }
  }

  /// What would help, where there is something to say.
  package var hint: String? {
    if case .underlying(let error) = self { return error.hint }
    return nil
  }

  /// What a program that ends because of this error returns.
  package var exitStatus: ExitStatus {
    if case .underlying(let error) = self { return error.exitStatus }
    return .badData
  }
}

/// Runs `body`, keeping the error of `ModelCore` as it is.
func lifting<Value>(_ body: () throws(ModelCoreError) -> Value) throws(DataSetError) -> Value {
  do throws(ModelCoreError) { return try body() } catch { throw .underlying(error) }
}
