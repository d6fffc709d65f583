/// JSON values one a line, or the elements of one array.
package enum JSONLines {
  /// All values of the file at `path` with their line numbers (of an array, their positions), from 1.
  /// - Throws: ``ModelCoreError``, naming the line.
  package static func read(_ path: String) throws(ModelCoreError) -> [(line: Int, value: JSONValue)] {
    let file = try MappedFile(path: path)
    let bytes = file.unsafeBytes
    defer { withExtendedLifetime(file) {} }
    do throws(ModelCoreError) {
      let values = try parse(bytes, path)
      try file.checkIntact()
      return values
    } catch {
      // What was read of a file that became shorter says nothing about the file.
      try file.checkIntact()
      throw error
    }
  }

  private static func parse(
    _ bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(ModelCoreError) -> [(line: Int, value: JSONValue)] {
    func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
    let isArray = bytes.first { !isWhiteSpace($0) } == UInt8(ascii: "[")
    if isArray { return try JSONDocument(bytes, path: path).root.elements().enumerated().map { ($0 + 1, $1) } }
    var values: [(line: Int, value: JSONValue)] = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy(isWhiteSpace) { continue }
      let document = try JSONDocument(
        UnsafeRawBufferPointer(rebasing: line), path: "\(path): line \(index + 1)")
      values.append((index + 1, document.root))
    }
    return values
  }
}
