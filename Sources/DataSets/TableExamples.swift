import ModelCore

/// Examples from the rows of a CSV or TSV file.
struct TableExamples {
  private var rows: TableReader
  private var pending: TableReader.Row?
  private let columns: TableColumns?
  private let options: TableOptions
  /// What all texts are to be given some of, where no column says it.
  private var labelList: [String]?

  /// Reads the names of the columns; and, where nothing says which labels there are, all rows for them.
  init(_ file: MappedFile, delimiter: UInt8, options: TableOptions) throws(DataSetError) {
    self.options = options
    rows = TableReader(file, delimiter: delimiter)
    pending = try rows.next()
    columns = if let pending { try TableColumns(options, first: pending, path: file.path) } else { nil }
    if options.hasNames { pending = nil }
    try Self.check(options.labelList, "labels", file.path)
    try Self.check(options.labelNames, "label names", file.path)
    labelList = options.labelList
    guard let columns, labelList == nil, columns.labels == nil else { return }
    if let names = options.labelNames { labelList = names } else { labelList = try occurringLabels(columns) }
  }

  /// Bytes of the file that have been looked at.
  var offset: Int { rows.offset }

  mutating func next() throws(DataSetError) -> DataExample? {
    guard let columns, let row = try nextRow() else { return nil }
    let labels: [String]
    if let labelList { labels = labelList } else { labels = try self.labels(row, columns.labels.map { [$0] } ?? []) }
    let trueLabels = columns.trueLabels.isEmpty ? nil : try self.labels(row, columns.trueLabels)
    return try DataExample(
      text: row.fields[columns.text], labels: labels, trueLabels: trueLabels, path: rows.file.path, line: row.line)
  }

  private mutating func nextRow() throws(DataSetError) -> TableReader.Row? {
    let next = if let pending { pending } else { try rows.next() }
    pending = nil
    guard let row = next, let width = columns?.width else { return nil }
    guard row.fields.count == width else {
      throw malformed(row, "\(width) fields, as in the first row", "\(row.fields.count)")
    }
    return row
  }

  /// Every label that is right for a text, in the order of first appearance: a pass over the whole file.
  private func occurringLabels(_ columns: TableColumns) throws(DataSetError) -> [String] {
    guard !columns.trueLabels.isEmpty else {
      throw .underlying(
        .unexpectedJSON(
          path: rows.file.path, field: "labels", expected: "a list, or a column true_labels, labels or label",
          found: "none"))
    }
    var copy = self
    var seen: Set<ExactBytes> = []
    var labels: [String] = []
    var hasRows = false
    while let row = try copy.nextRow() {
      hasRows = true
      for label in try self.labels(row, columns.trueLabels) where seen.insert(ExactBytes(label)).inserted {
        labels.append(label)
      }
    }
    guard !hasRows || !labels.isEmpty else {
      throw .underlying(
        .unexpectedJSON(path: rows.file.path, field: "labels", expected: "at least one", found: "none"))
    }
    return labels
  }

  /// The labels in some fields of a row.
  private func labels(_ row: TableReader.Row, _ positions: [Int]) throws(DataSetError) -> [String] {
    var labels: [String] = []
    for field in positions.map({ row.fields[$0].trimmed }) where !field.isEmpty {
      let parts = if let separator = options.separator { field.split(atBytesOf: separator) } else { [field] }
      for part in parts.map(\.trimmed) {
        guard !part.isEmpty else { throw malformed(row, "labels with text", "none in \"\(field)\"") }
        labels.append(try name(of: part, row))
      }
    }
    return labels
  }

  private func name(of label: String, _ row: TableReader.Row) throws(DataSetError) -> String {
    guard let names = options.labelNames else { return label }
    guard let id = Int(label), names.indices.contains(id) else {
      throw malformed(row, "a class id from 0 to \(names.count - 1)", "\"\(label)\"")
    }
    return names[id]
  }

  private func malformed(_ row: TableReader.Row, _ expected: String, _ found: String) -> DataSetError {
    .malformedLine(path: rows.file.path, line: row.line, expected: expected, found: found)
  }

  /// A list that was given may name no label twice, whether a text has it or not.
  private static func check(_ list: [String]?, _ field: String, _ path: String) throws(DataSetError) {
    guard let list else { return }
    var seen: Set<ExactBytes> = []
    if list.isEmpty {
      throw .underlying(
        .unexpectedJSON(path: path, field: field, expected: "at least one", found: "none"))
    }
    for label in list where !seen.insert(ExactBytes(label)).inserted {
      throw .underlying(
        .unexpectedJSON(
          path: path, field: field, expected: "every label once", found: "\"\(label)\" twice"))
    }
  }
}

extension String {
  /// The parts between the occurrences of `separator`, which is not empty, by their bytes.
  fileprivate func split(atBytesOf separator: String) -> [String] {
    let (text, separator) = (Array(utf8), Array(separator.utf8))
    var parts: [String] = []
    var (start, index) = (0, 0)
    while !separator.isEmpty, index + separator.count <= text.count {
      guard text[index..<index + separator.count].elementsEqual(separator) else {
        index += 1
        continue
      }
      parts.append(String(decoding: text[start..<index], as: UTF8.self))
      index += separator.count
      start = index
    }
    return parts + [String(decoding: text[start...], as: UTF8.self)]
  }
}
