import DataSets
import ModelCore
import Verification

extension FuzzTarget {
  /// A file of texts. The first byte says in which form, and how a table's columns and labels are given.
  static func texts(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let choice = bytes.first ?? 0
    var table = TableOptions()
    if choice & 4 != 0 { table.text = .number(1) }
    if choice & 8 != 0 { table.trueLabels = [choice & 4 != 0 ? .number(2) : .name("label")] }
    if choice & 16 != 0 { table.separator = nil }
    if choice & 32 != 0 { table.labelNames = ["a", "b"] }
    if choice & 64 != 0 { table.labelList = ["a", "b", "c"] }
    let formats: [DataSetOptions.Format] = [.csv, .tsv, .jsonl, .json]
    let options = DataSetOptions(format: formats[Int(choice & 3)], table: table)
    let scratch = try ScratchFile(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
    return FuzzInput(scratch.path) {
      let index = try DataIndex(path: scratch.path, options: options)
      var reader = try ExampleReader(path: scratch.path, options: options)
      var position = 0
      while let example = try reader.next() {
        // What was indexed is what is read, and is found again.
        guard position < index.count, index.line(of: position) == example.line else {
          throw FuzzViolation(what: "text \(position + 1) is at another line in the index")
        }
        guard index.entries(text: example.text, labels: example.labels).contains(position),
          !index.hasTruth || index.truths(of: position) == example.truths
        else { throw FuzzViolation(what: "text \(position + 1) is not found") }
        position += 1
      }
      guard position == index.count else { throw FuzzViolation(what: "\(position) of \(index.count) texts are read") }
    }
  }

  /// A file of reference outputs.
  static func reference(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let scratch = try ScratchFile(bytes)
    return FuzzInput(scratch.path) {
      var file = try ReferenceFile(path: scratch.path)
      while true {
        let outputs = try file.next(3)
        if outputs.isEmpty { return }
        guard outputs.allSatisfy({ $0.logits.count == $0.labels.count && $0.logits.allSatisfy(\.isFinite) }) else {
          throw FuzzViolation(what: "logits that are not finite, or not one a label")
        }
      }
    }
  }
}
