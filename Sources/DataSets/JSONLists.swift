import ModelCore

extension JSONValue {
  /// The member `key` as a list of strings, `nil` where it is anything else.
  package func strings(_ key: String) -> [String]? {
    guard let value = member(key), let count = value.count else { return nil }
    let strings = (0..<count).compactMap { value.element($0).string }
    return strings.count == count ? strings : nil
  }

  /// The member `key` as a list of numbers, `nil` where it is anything else.
  package func numbers(_ key: String) -> [Double]? {
    guard let value = member(key), let count = value.count else { return nil }
    let numbers = (0..<count).compactMap { value.element($0).double }
    return numbers.count == count ? numbers : nil
  }

  /// What an object has, for error messages.
  package var shape: String { isObject ? "an object with \(keys.joined(separator: ", "))" : found }
}

/// What is wrong with labels that no prompt is made of; `nil` for nothing.
package func unusableLabel(among labels: [String]) -> (expected: String, found: String)? {
  labels.firstIndex(where: \.isBlank).map { ("labels with text", "none in label \($0 + 1)") }
}
