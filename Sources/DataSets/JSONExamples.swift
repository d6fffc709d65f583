import ModelCore

/// Examples in the ecosystem's own form: JSONL, or a JSON array, of `{"text", "all_labels", "true_labels"}`; without the last member
/// everywhere, data that do not say what is right.
struct JSONExamples {
  private var lines: JSONLineReader

  init(_ file: MappedFile) { lines = JSONLineReader(file) }

  /// Bytes of the file that have been looked at.
  var offset: Int { lines.offset }

  mutating func next() throws(DataSetError) -> DataExample? {
    let next: (line: Int, value: JSONValue)?
    do throws(ModelCoreError) { next = try lines.next() } catch { throw .underlying(error) }
    guard let (line, value) = next else { return nil }
    let path = lines.file.path
    let hasTruth = value.member("true_labels") != nil
    let trueLabels = value.strings("true_labels")
    guard let text = value.member("text")?.string, let labels = value.strings("all_labels"),
      (trueLabels != nil) == hasTruth
    else {
      let members = hasTruth ? "text, all_labels and true_labels" : "text and all_labels"
      throw .malformedLine(path: path, line: line, expected: "an object with \(members)", found: value.shape)
    }
    return try DataExample(text: text, labels: labels, trueLabels: trueLabels, path: path, line: line)
  }
}
