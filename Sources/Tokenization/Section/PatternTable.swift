/// The patterns of a section: a view of part 25 (formats/tokenizer.md, "Patterns").
package struct PatternTable: Sendable {
  /// At most ``SectionLayout/maximumPatterns``.
  package let matchers: [PatternMatcher]

  package var count: Int { matchers.count }

  /// Opens the patterns in `bytes`, which must outlive the table; no bytes are no patterns.
  ///
  /// Only sizes are checked: what the tables hold is checked where it is used.
  /// - Throws: ``TokenizationError/malformed(path:field:expected:found:)``.
  package init(
    _ bytes: UnsafeRawBufferPointer, properties: ScalarProperties, path: String
  ) throws(TokenizationError) {
    func malformed(_ field: String, _ expected: String, _ found: String) -> TokenizationError {
      .malformed(path: path, field: field, expected: expected, found: found)
    }
    if bytes.isEmpty {
      matchers = []
      return
    }
    guard bytes.count >= PatternLayout.countSize else {
      throw malformed("patterns", "at least \(PatternLayout.countSize) bytes", "\(bytes.count)")
    }
    let count = Int(Self.word(bytes, 0))
    let start = PatternLayout.countSize + PatternLayout.extentSize * count
    guard count <= SectionLayout.maximumPatterns, start <= bytes.count else {
      throw malformed("number of patterns", "at most \(SectionLayout.maximumPatterns), within the part", "\(count)")
    }
    var matchers: [PatternMatcher] = []
    for index in 0..<count {
      let entry = PatternLayout.countSize + PatternLayout.extentSize * index
      let (offset, size) = (Int(Self.word(bytes, entry)), Int(Self.word(bytes, entry + 4)))
      guard offset >= start, offset % PatternLayout.alignment == 0, offset <= bytes.count, size <= bytes.count - offset
      else {
        throw malformed(
          "pattern \(index)", "a place at a multiple of \(PatternLayout.alignment) in \(bytes.count) bytes",
          "\(size) bytes at \(offset)")
      }
      let pattern = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size])
      guard let matcher = PatternMatcher(pattern, properties) else {
        throw malformed("pattern \(index)", "a table of the size that its header says", Self.summary(pattern))
      }
      matchers.append(matcher)
    }
    self.matchers = matchers
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  private static func summary(_ pattern: UnsafeRawBufferPointer) -> String {
    guard pattern.count >= PatternLayout.exceptions else { return "\(pattern.count) bytes" }
    let counts = word(pattern, PatternLayout.stateCount)
    return """
      \(counts & 0xFFFF) states, \(counts >> 16) classes and \(word(pattern, PatternLayout.exceptionCount)) exceptions in \
      \(pattern.count) bytes
      """
  }
}
