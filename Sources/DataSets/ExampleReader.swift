import ModelCore

/// Reads a file of texts one after the other, without holding those before.
package struct ExampleReader {
  /// What is read.
  package let file: MappedFile
  private var json: JSONExamples?
  private var table: TableExamples?
  private var firstLines: (withTruth: Int?, withoutTruth: Int?) = (nil, nil)
  private var count = 0

  /// Opens the file at `path`.
  /// - Throws: ``DataSetError``, for a table also what is wrong with its columns.
  package init(path: String, options: DataSetOptions = DataSetOptions()) throws(DataSetError) {
    let file = try lifting { () throws(ModelCoreError) in try MappedFile(path: path) }
    self.file = file
    switch options.format(of: path) {
    case .jsonl, .json: json = JSONExamples(file)
    case .csv: table = try TableExamples(file, delimiter: UInt8(ascii: ","), options: options.table)
    case .tsv: table = try TableExamples(file, delimiter: UInt8(ascii: "\t"), options: options.table)
    }
  }

  /// Bytes of the file that have been looked at: behind the last example, all.
  package var offset: Int { json?.offset ?? table?.offset ?? 0 }

  /// The next example; `nil` behind the last.
  /// - Throws: ``DataSetError``, naming the line; also where some lines say which labels are right and others do not,
  ///   and where there is no example at all.
  package mutating func next() throws(DataSetError) -> DataExample? {
    let next = if json != nil { try json?.next() } else { try table?.next() }
    guard let example = next else {
      guard count > 0 else { throw .empty(path: file.path) }
      return nil
    }
    count += 1
    if example.truths != nil {
      firstLines.withTruth = firstLines.withTruth ?? example.line
    } else {
      firstLines.withoutTruth = firstLines.withoutTruth ?? example.line
    }
    if let other = firstLines.withTruth, let line = firstLines.withoutTruth {
      throw .malformedLine(
        path: file.path, line: line, expected: "true_labels, as line \(other) has them", found: "none")
    }
    return example
  }
}
