import DataSets
import ModelCore

/// A file of reference outputs: JSONL whose first line is `{"reference": {…}}`, read line by line.
package struct ReferenceFile: ReferenceSource {
  package let path: String
  package let kind = ReferenceSummary.Kind.file
  package let header: ReferenceHeader
  private var reader: JSONLineReader
  private var isEmpty = true

  /// Opens the file and reads its first line.
  /// - Throws: ``VerificationError/noReferenceHeader(path:)``, and what reading throws.
  package init(path: String) throws(VerificationError) {
    self.path = path
    var reader = try lifting { () throws(ModelCoreError) in JSONLineReader(try MappedFile(path: path)) }
    let first = try lifting { () throws(ModelCoreError) in try reader.next() }
    guard let header = first?.value.member("reference"), header.isObject else { throw .noReferenceHeader(path: path) }
    self.header = try ReferenceHeader(header, path: path)
    self.reader = reader
  }

  package mutating func next(_ limit: Int) throws(VerificationError) -> [ReferenceOutput] {
    var outputs: [ReferenceOutput] = []
    while outputs.count < limit, let (line, value) = try nextLine() { outputs.append(try output(value, line)) }
    if outputs.isEmpty && isEmpty { throw .empty(path: path) }
    isEmpty = false
    return outputs
  }

  private mutating func nextLine() throws(VerificationError) -> (line: Int, value: JSONValue)? {
    do throws(ModelCoreError) { return try reader.next() } catch { throw .underlying(error) }
  }

  private func output(_ value: JSONValue, _ line: Int) throws(VerificationError) -> ReferenceOutput {
    guard let text = value.member("text")?.string, let labels = value.strings("labels"),
      let ids = value.numbers("input_ids"), let logits = value.numbers("logits")
    else {
      throw .malformedLine(
        path: path, line: line, expected: "an object with text, labels, input_ids and logits", found: value.shape)
    }
    if let (expected, found) = unusableLabel(among: labels) {
      throw .malformedLine(path: path, line: line, expected: expected, found: found)
    }
    guard logits.count == labels.count else {
      throw .malformedLine(path: path, line: line, expected: "\(labels.count) logits", found: "\(logits.count)")
    }
    // NaN cannot be written in JSON, but 1e39 can.
    if let value = logits.first(where: { !Float($0).isFinite }) {
      throw .malformedLine(path: path, line: line, expected: "finite logits", found: "\(value)")
    }
    let inputIDs = ids.compactMap { Int32(exactly: $0) }
    guard inputIDs.count == ids.count else {
      throw .malformedLine(path: path, line: line, expected: "32-bit input_ids", found: "others")
    }
    return ReferenceOutput(text: text, labels: labels, inputIDs: inputIDs, logits: logits.map { Float($0) }, line: line)
  }
}
