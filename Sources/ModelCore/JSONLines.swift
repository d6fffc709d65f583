import Glibc

/// JSON values one a line, or the elements of one array.
package enum JSONLines {
  /// All values of the file at `path` with their line numbers (of an array, their positions), from 1.
  /// - Throws: ``ModelCoreError``, naming the line.
  package static func read(_ path: String) throws(ModelCoreError) -> [(line: Int, value: JSONValue)] {
    var reader = JSONLineReader(try MappedFile(path: path))
    var values: [(line: Int, value: JSONValue)] = []
    while let value = try reader.next() { values.append(value) }
    return values
  }
}

/// The values of ``JSONLines`` one after the other, without holding those before: a file may have more lines than memory has room
/// for. (The elements of an array are held whole.)
package struct JSONLineReader {
  /// What is read.
  package let file: MappedFile
  /// Bytes of the file that have been looked at: with the last value, all.
  package private(set) var offset = 0
  private var line = 0
  /// The array that the file is, where it is one.
  private var array: JSONValue?
  private var hasStarted = false
  private var discarded = 0

  /// Pages of lines that have been read are given back this many bytes at a time.
  private static let discardStep = 8 << 20

  /// Reads `file` from its start.
  package init(_ file: MappedFile) { self.file = file }

  /// The next value and its line number (of an array, its position), from 1; `nil` behind the last.
  /// - Throws: ``ModelCoreError``, naming the line; also where the file became shorter, which is asked behind the last value and
  ///   before any other error: what was read of such a file says nothing about it.
  package mutating func next() throws(ModelCoreError) -> (line: Int, value: JSONValue)? {
    defer { withExtendedLifetime(file) {} }
    do throws(ModelCoreError) {
      if let value = try nextUnchecked() { return value }
    } catch {
      try file.checkIntact()
      throw error
    }
    try file.checkIntact()
    return nil
  }

  private mutating func nextUnchecked() throws(ModelCoreError) -> (line: Int, value: JSONValue)? {
    let bytes = file.unsafeBytes
    if !hasStarted {
      hasStarted = true
      if bytes.first(where: { !Self.isWhiteSpace($0) }) == UInt8(ascii: "[") {
        array = try JSONDocument(bytes, path: file.path).root
        offset = bytes.count
      }
    }
    if let array {
      guard line < array.count ?? 0 else { return nil }
      line += 1
      return (line, array.element(line - 1))
    }
    if offset - discarded >= Self.discardStep {
      file.discard(discarded..<offset)
      discarded = offset
    }
    while offset < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      let count = Self.lineLength(rest)
      offset += min(count + 1, rest.count)
      line += 1
      guard count <= Self.maximumLine else {
        throw .invalidJSON(
          path: "\(file.path): line \(line)", offset: Self.maximumLine,
          reason: "longer than \(Self.maximumLine >> 20) MiB")
      }
      let text = UnsafeRawBufferPointer(rebasing: rest[..<count])
      if text.allSatisfy(Self.isWhiteSpace) { continue }
      return (line, try JSONDocument(text, path: "\(file.path): line \(line)").root)
    }
    return nil
  }

  /// Bytes before the next line end, or all.
  private static func lineLength(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress, let end = memchr(base, 0x0A, bytes.count) else { return bytes.count }
    return UnsafeRawPointer(end) - base
  }

  /// A line, with all that becomes of it, is held at once.
  private static let maximumLine = 64 << 20

  private static func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
