import ModelCore

/// Where in a row what is.
struct TableColumns: Sendable, Equatable {
  let text: Int
  let trueLabels: [Int]
  let labels: Int?
  /// Fields of every row.
  let width: Int

  /// - Parameter first: the first row: names, or, with columns by number, already a text.
  /// - Throws: ``DataSetError/malformedLine(path:line:expected:found:)`` for a column that is not there.
  init(_ options: TableOptions, first: TableReader.Row, path: String) throws(DataSetError) {
    width = first.fields.count
    let lookup = Lookup(first: first, path: path, hasNames: options.hasNames)
    text = try lookup.position(options.text ?? .name("text"))
    if let column = options.labels {
      labels = try lookup.position(column)
    } else {
      labels = lookup.positions(of: "all_labels").first
    }
    var trueLabels: [Int] = []
    for column in options.trueLabels { trueLabels.append(try lookup.position(column)) }
    if options.trueLabels.isEmpty {
      // The column of labels to choose from may be called so, too.
      let others = ["true_labels", "labels", "label"].flatMap { lookup.positions(of: $0) }.filter { [labels] in
        $0 != labels
      }
      trueLabels = Array(others.prefix(1))
    }
    self.trueLabels = trueLabels
  }

  private struct Lookup {
    let first: TableReader.Row
    let path: String
    let hasNames: Bool

    func positions(of name: String) -> [Int] {
      guard hasNames else { return [] }
      return first.fields.indices.filter { ExactBytes(first.fields[$0]) == ExactBytes(name) }
    }

    func position(_ column: TableOptions.Column) throws(DataSetError) -> Int {
      switch column {
      case .number(let number):
        guard !hasNames else { throw missing("all columns by name, or all by number", "both") }
        guard number <= first.fields.count else {
          throw missing("\(number) fields or more", "\(first.fields.count)")
        }
        return number - 1
      case .name(let name):
        guard hasNames else { throw missing("all columns by name, or all by number", "both") }
        let positions = positions(of: name)
        guard let position = positions.first else {
          throw missing("a column \"\(name)\"", first.fields.map { "\"\($0)\"" }.joined(separator: ", "))
        }
        guard positions.count == 1 else { throw missing("one column \"\(name)\"", "\(positions.count)") }
        return position
      }
    }

    private func missing(_ expected: String, _ found: String) -> DataSetError {
      .malformedLine(path: path, line: first.line, expected: expected, found: found)
    }
  }
}

extension TableOptions {
  /// Whether the first line of the file says what columns are called.
  var hasNames: Bool {
    let given = [text, labels].compactMap { $0 } + trueLabels
    // Texts in the column "text", unless that is said otherwise, need names, too.
    return text == nil || given.contains { if case .name = $0 { true } else { false } }
  }
}
