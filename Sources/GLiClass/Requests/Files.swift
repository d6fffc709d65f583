import ModelCore
import Tokenization

extension LabelSet {
  /// Labels from a file: JSON (a list of strings, or an object of such lists), or text with one label a line.
  ///
  /// What begins with `[` or `{` is JSON; in a file named `.txt` only if it can be read as that. In text, blank lines and white
  /// space around labels do not count.
  /// - Throws: ``GLiClassError/input(_:)``, naming the line or member.
  public init(contentsOf path: String, separator: String = ".") throws(GLiClassError) {
    do throws(ModelCoreError) {
      let file = try MappedFile(path: path)
      let bytes = file.withBytes { Array($0) }
      try file.checkIntact()
      self = try Self.parse(bytes, path, separator)
    } catch {
      throw .input(error)
    }
  }

  private static func parse(_ all: [UInt8], _ path: String, _ separator: String) throws(ModelCoreError) -> LabelSet {
    // A byte order mark, as some editors leave it.
    let bytes = all.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(all.dropFirst(3)) : all
    let first = bytes.first { !$0.isASCIIWhiteSpace }
    var labels: LabelSet?
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
      do throws(ModelCoreError) {
        labels = try LabelSet(JSONDocument(copying: bytes, path: path).root, separator: separator)
      } catch {
        guard path.hasSuffix(".txt"), case .invalidJSON = error else { throw error }
      }
    }
    let found = if let labels { labels } else { LabelSet(try lines(bytes, path)) }
    guard !found.names.isEmpty else {
      throw .unexpectedJSON(path: path, field: "labels", expected: "at least one", found: "none")
    }
    return found
  }

  private static func lines(_ bytes: [UInt8], _ path: String) throws(ModelCoreError) -> [String] {
    var labels: [String] = []
    var seen: [ExactBytes: Int] = [:]
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let field = "line \(index + 1)"
      guard let label = String(validating: line, as: UTF8.self)?.trimmed else {
        throw .unexpectedJSON(path: path, field: field, expected: "UTF-8", found: "other bytes")
      }
      if label.isEmpty { continue }
      if let earlier = seen.updateValue(index + 1, forKey: ExactBytes(label)) {
        throw .unexpectedJSON(
          path: path, field: field, expected: "every label once", found: "\"\(label)\" as in line \(earlier)")
      }
      labels.append(label)
    }
    return labels
  }
}

extension FewShotExample {
  /// Examples from a file: JSONL, or a JSON array, of `{"text", "labels"}`; `true_labels` is another name of `labels`.
  /// - Throws: ``GLiClassError/input(_:)``, naming the line and member.
  public static func read(contentsOf path: String) throws(GLiClassError) -> [FewShotExample] {
    try GLiClass.read(path) { value throws(ModelCoreError) in try FewShotExample(value) }
  }
}

extension RetrievedExample {
  /// Examples from a file: JSONL, or a JSON array, of `{"text", "true_labels", "all_labels"}`.
  /// - Throws: ``GLiClassError/input(_:)``, naming the line and member.
  public static func read(contentsOf path: String) throws(GLiClassError) -> [RetrievedExample] {
    try GLiClass.read(path) { value throws(ModelCoreError) in try RetrievedExample(value) }
  }
}

private func read<Value>(
  _ path: String, _ parse: (JSONValue) throws(ModelCoreError) -> Value
) throws(GLiClassError) -> [Value] {
  do throws(ModelCoreError) {
    var values: [Value] = []
    for (_, value) in try JSONLines.read(path) { values.append(try parse(value)) }
    guard !values.isEmpty else {
      throw .unexpectedJSON(path: path, field: "examples", expected: "at least one", found: "none")
    }
    return values
  } catch {
    throw .input(error)
  }
}

extension UInt8 {
  fileprivate var isASCIIWhiteSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
