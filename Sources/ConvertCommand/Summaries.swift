import Conversion
import ModelCore

extension ConversionInput {
  /// What was read, one row a fact; facts that go without saying are left out.
  var rows: [(name: String, text: String)] {
    var rows = [("weights", "\(container.rawValue), \(fileCount == 1 ? weights : "\(fileCount) files of \(weights)")")]
    rows.append(("types", types.map { "\($0.count) \($0.name)" }.joined(separator: ", ")))
    if !unwrappedKeys.isEmpty { rows.append(("unwrapped", unwrappedKeys.joined(separator: "."))) }
    if !removedPrefixes.isEmpty { rows.append(("prefix", "\(removedPrefixes.joined(separator: " and ")) removed")) }
    if addsModelPrefix { rows.append(("prefix", "model. added")) }
    if !otherKeys.isEmpty { rows.append(("beside", "\(Self.list(otherKeys)): no weights")) }
    if !withoutChecksums.isEmpty { rows.append(("checksums", "none in \(Self.list(withoutChecksums))")) }
    if let adapter { rows.append(("adapter", "\(adapter.weights), merged into \(adapter.changed) tensors")) }
    if !unread.isEmpty {
      rows.append(("not read", Self.list(unread.map { "\($0.name) (\($0.type) \(Self.text($0.shape)))" })))
    }
    if !otherWeights.isEmpty { rows.append(("ignored", Self.list(otherWeights))) }
    if let pruning { rows += pruning.facts }
    let unused = vocabulary.unused == 0 ? "" : ", \(vocabulary.unused) of them beyond the tokenizer"
    rows.append(("vocabulary", "\(vocabulary.rows) rows\(unused)"))
    let profile = "\(tokenizer.model), profile \(tokenizer.profile)"
    rows.append(("tokenizer", "\(tokenizer.source), \(profile), \(tokenizerCheck.text)"))
    if !keptMarkers.isEmpty {
      rows.append(("kept", "\(Self.list(keptMarkers)): transformers 5.x itself would not know them"))
    }
    return rows
  }

  static func text(_ shape: [Int]) -> String { "[\(shape.map(String.init).joined(separator: ", "))]" }

  /// At most ten names, and how many more there are.
  private static func list(_ names: [String]) -> String {
    names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " and \(names.count - 10) more" : "")
  }

  /// The sizes of what was read and of what is written.
  func sizes(tensors: Int, output: Int) -> [(name: String, text: String)] {
    let ratio = Formatting.decimals(Double(output - tokenizer.size) / Double(size), 3)
    return [
      ("tensors", "\(tensors)"),
      (
        "size",
        "\(Formatting.size(size)) -> \(Formatting.size(output)), of which tokenizer \(Formatting.size(tokenizer.size))"
      ),
      ("ratio", "\(ratio) without the tokenizer"),
    ]
  }
}

extension ConversionSummary {
  /// What was done, for people.
  /// - Parameter others: what else is to be said.
  func text(beside others: [(name: String, text: String)]) -> String { lines(output, rows + others) }

  /// The same, one row a fact.
  var rows: [(name: String, text: String)] {
    var rows = input.rows + input.sizes(tensors: tensorCount, output: outputSize)
    if let worst {
      rows.append(("worst", "\(worst.tensor), relative error \(Formatting.decimals(worst.relative * 100, 3)) %"))
    }
    if let first = zeroChannels.first {
      let count = zeroChannels.reduce(0) { $0 + $1.count }
      let others = zeroChannels.count == 1 ? "" : " and \(zeroChannels.count - 1) more tensors"
      rows.append(("zero", "\(count) output \(count == 1 ? "channel" : "channels"), of \(first.tensor)\(others)"))
    }
    rows.append(("checkpoint", contentDigest))
    return rows
  }
}

extension ConversionPlan {
  /// What would be done, for people.
  var text: String {
    let rows = input.rows + input.sizes(tensors: tensors.count, output: outputSize)
    return lines("nothing written; this would be:", rows)
  }

  /// Every tensor that would be written, and what it is made from, then those that nothing is made from.
  var table: String {
    func row(_ name: String, _ type: String, _ shape: [Int], _ rest: [String]) -> [String] {
      [name, "\(type) \(ConversionInput.text(shape))", "->"] + rest
    }
    let rows =
      tensors.map {
        row(
          $0.source, $0.isMerged ? "\($0.sourceType) merged" : $0.sourceType, $0.sourceShape,
          [$0.name, $0.form, "\($0.size)"])
      } + projected.map { row($0.name, $0.type, $0.shape, ["layers.*.attention.relative_*", "", ""]) }
      + input.unread.map { row($0.name, $0.type, $0.shape, ["not read", "", ""]) }
    let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let padded = zip(row, widths + [0]).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
      var line = padded.joined(separator: "  ")[...]
      while line.last == " " { line.removeLast() }
      return String(line)
    }.joined(separator: "\n")
  }
}

func lines(_ title: String, _ rows: [(name: String, text: String)]) -> String {
  ([title] + rows.map { "  \($0.name)\(String(repeating: " ", count: max(1, 11 - $0.name.count)))\($0.text.onOneLine)" })
    .joined(separator: "\n")
}
