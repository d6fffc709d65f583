import ModelCore

/// The rows of a CSV or TSV file one after the other, as RFC 4180 has them.
///
/// A field that begins with a quote ends with one, and holds delimiters, line ends, and quotes written twice; elsewhere a quote is a
/// character like others. Lines end with LF, CR LF or CR. A byte order mark before the first row and lines without any byte are
/// skipped. This is what Python's `csv` module reads with `strict=True`.
package struct TableReader {
  /// One row.
  package struct Row: Sendable, Equatable {
    /// The line it begins on, from 1.
    package var line: Int
    /// At least one; any may be empty.
    package var fields: [String]
  }

  /// What is read.
  package let file: MappedFile
  /// Bytes of the file that have been looked at.
  package private(set) var offset = 0
  private let delimiter: UInt8
  private var line = 1
  private var discarded = 0

  /// The most bytes of one row: with a quote that is not closed it would be the rest of the file.
  package static let maximumRowSize = 64 << 20
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed: UInt8 = 0x0A
  private static let carriageReturn: UInt8 = 0x0D

  /// Reads `file` from its start.
  /// - Parameter delimiter: what is between two fields: a comma, or a tab.
  package init(_ file: MappedFile, delimiter: UInt8) {
    self.file = file
    self.delimiter = delimiter
    file.withBytes { if $0.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 } }
  }

  /// The next row, `nil` behind the last.
  /// - Throws: ``DataSetError``, naming the line; also where the file became shorter.
  package mutating func next() throws(DataSetError) -> Row? {
    do throws(DataSetError) {
      if let row = try nextUnchecked() { return row }
    } catch {
      // What was read of a file that became shorter says nothing about it.
      try lifting { () throws(ModelCoreError) in try file.checkIntact() }
      throw error
    }
    try lifting { () throws(ModelCoreError) in try file.checkIntact() }
    return nil
  }

  private mutating func nextUnchecked() throws(DataSetError) -> Row? {
    defer { withExtendedLifetime(file) {} }
    // Pages of rows that have been read are given back some at a time.
    if offset - discarded >= 8 << 20 {
      file.discard(discarded..<offset)
      discarded = offset
    }
    let all = file.unsafeBytes
    while offset < all.count, isLineEnd(all[offset]) { endLine(all) }
    guard offset < all.count else { return nil }
    var row = Row(line: line, fields: [])
    let start = offset
    // A row that is too long fills these bytes.
    let bytes = UnsafeRawBufferPointer(rebasing: all[..<min(all.count, start + Self.maximumRowSize + 1)])
    while true {
      let field = try nextField(bytes, isLast: bytes.count == all.count)
      guard offset - start <= Self.maximumRowSize else { throw tooLong(row.line) }
      guard let text = String(validating: field, as: UTF8.self) else {
        throw malformed(row.line, "UTF-8", "other bytes in field \(row.fields.count + 1)")
      }
      row.fields.append(text)
      guard offset < bytes.count else { return row }
      if bytes[offset] == delimiter {
        offset += 1
        continue
      }
      endLine(all)
      return row
    }
  }

  /// Reads a field, up to the delimiter, line end or end of the file behind it.
  private mutating func nextField(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool
  ) throws(DataSetError) -> [UInt8] {
    guard offset < bytes.count, bytes[offset] == Self.quote else {
      let start = offset
      while offset < bytes.count, bytes[offset] != delimiter, !isLineEnd(bytes[offset]) { offset += 1 }
      return Array(bytes[start..<offset])
    }
    let first = line
    var field: [UInt8] = []
    offset += 1
    while true {
      let start = offset
      while offset < bytes.count, bytes[offset] != Self.quote {
        if isLineEnd(bytes[offset]) { endLine(bytes) } else { offset += 1 }
      }
      field += bytes[start..<offset]
      guard offset < bytes.count else {
        guard isLast else { throw tooLong(first) }
        throw malformed(first, "a quote at the end of the field that begins with one", "the end of the file")
      }
      offset += 1
      guard offset < bytes.count, bytes[offset] == Self.quote else { break }
      field.append(Self.quote)
      offset += 1
    }
    if offset < bytes.count, bytes[offset] != delimiter, !isLineEnd(bytes[offset]) {
      throw malformed(line, "the end of the field behind its closing quote", "more text")
    }
    return field
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == Self.lineFeed || byte == Self.carriageReturn }

  /// Steps over a line end.
  private mutating func endLine(_ bytes: UnsafeRawBufferPointer) {
    let isPair = bytes[offset] == Self.carriageReturn && offset + 1 < bytes.count && bytes[offset + 1] == Self.lineFeed
    offset += isPair ? 2 : 1
    line += 1
  }

  private func malformed(_ line: Int, _ expected: String, _ found: String) -> DataSetError {
    .malformedLine(path: file.path, line: line, expected: expected, found: found)
  }

  private func tooLong(_ line: Int) -> DataSetError {
    malformed(line, "a row of at most \(Self.maximumRowSize >> 20) MiB", "a longer one, or a quote that is not closed")
  }
}
