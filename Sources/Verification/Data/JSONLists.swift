import ModelCore

extension JSONValue {
  /// The member `key` as a list of strings, `nil` where it is anything else.
  func strings(_ key: String) -> [String]? {
    guard let value = member(key), let count = value.count else { return nil }
    let strings = (0..<count).compactMap { value.element($0).string }
    return strings.count == count ? strings : nil
  }

  /// The member `key` as a list of numbers, `nil` where it is anything else.
  func numbers(_ key: String) -> [Double]? {
    guard let value = member(key), let count = value.count else { return nil }
    let numbers = (0..<count).compactMap { value.element($0).double }
    return numbers.count == count ? numbers : nil
  }

  /// What an object has, for error messages.
  var shape: String { isObject ? "an object with \(keys.joined(separator: ", "))" : found }
}

/// Refuses labels that no prompt is made of.
func checkText(of labels: [String], _ path: String, _ line: Int) throws(VerificationError) {
  guard let position = labels.firstIndex(where: \.isBlank) else { return }
  throw .malformedLine(path: path, line: line, expected: "labels with text", found: "none in label \(position + 1)")
}
