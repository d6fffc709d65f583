import Glibc
import ModelCore
import Tokenization

/// The lines of a file one after the other, as UTF-8. Lines end with LF or CR LF; a byte order mark before the first is no part of it.
struct LineReader {
  /// What is read.
  let file: MappedFile
  /// Bytes of the file that have been looked at.
  private(set) var offset = 0
  private var line = 0
  private var discarded = 0

  private static let lineFeed: UInt8 = 0x0A
  private static let carriageReturn: UInt8 = 0x0D
  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  /// Pages of lines that have been read are given back this many bytes at a time.
  private static let discardStep = 8 << 20

  init(path: String) throws(VocabularyError) {
    let file = try readingFile { () throws(ModelCoreError) in try MappedFile(path: path) }
    self.file = file
    if file.withBytes({ $0.starts(with: Self.byteOrderMark) }) { offset = Self.byteOrderMark.count }
  }

  /// The next line with its number, from 1; `nil` behind the last. Lines without a byte are skipped.
  /// - Throws: ``VocabularyError/malformedLine(path:line:expected:found:)``, and ``VocabularyError/file(_:)`` where the file became shorter.
  mutating func next() throws(VocabularyError) -> (line: Int, bytes: [UInt8])? {
    while let bytes = try nextBytes() {
      if !bytes.isEmpty { return (line, bytes) }
    }
    try checkIntact()
    return nil
  }

  private mutating func nextBytes() throws(VocabularyError) -> [UInt8]? {
    defer { withExtendedLifetime(file) {} }
    let all = file.unsafeBytes
    guard offset < all.count else { return nil }
    if offset - discarded >= Self.discardStep {
      file.discard(discarded..<offset)
      discarded = offset
    }
    let rest = UnsafeRawBufferPointer(rebasing: all[offset...])
    var size = Self.lineSize(rest)
    offset += min(size + 1, rest.count)
    line += 1
    if size > 0, rest[size - 1] == Self.carriageReturn { size -= 1 }
    guard size <= CompiledTokenizer.maximumTextSize else {
      throw malformed("a line of at most \(CompiledTokenizer.maximumTextSize >> 20) MiB", "\(size) bytes")
    }
    let text = UnsafeRawBufferPointer(rebasing: rest[..<size])
    if let place = UTF8Scalars.firstInvalidOffset(text.bindMemory(to: UInt8.self)) {
      try checkIntact()
      throw malformed("UTF-8", "other bytes at byte \(place)")
    }
    return Array(text)
  }

  /// What was read of a file that became shorter says nothing about it.
  private func checkIntact() throws(VocabularyError) {
    try readingFile { () throws(ModelCoreError) in try file.checkIntact() }
  }

  private func malformed(_ expected: String, _ found: String) -> VocabularyError {
    .malformedLine(path: file.path, line: line, expected: expected, found: found)
  }

  /// Bytes before the next line end, or all.
  private static func lineSize(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress, let end = memchr(base, Int32(lineFeed), bytes.count) else { return bytes.count }
    return UnsafeRawPointer(end) - base
  }
}
