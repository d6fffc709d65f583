/// A 16-byte record of a normalizer or pre-tokenizer program.
struct StepRecord {
  let kind: UInt16
  let flags: UInt16
  let a: UInt32
  let b: UInt32
  let c: UInt32

  /// Record number `index` of `part`, whose size has been checked.
  init(_ part: UnsafeRawBufferPointer, _ index: Int) {
    let start = SectionLayout.NormalizerStep.recordSize * index
    func field(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: part.loadUnaligned(fromByteOffset: start + offset, as: UInt32.self))
    }
    kind = UInt16(truncatingIfNeeded: field(0))
    flags = UInt16(truncatingIfNeeded: field(0) >> 16)
    a = field(4)
    b = field(8)
    c = field(12)
  }
}

extension PatternReads {
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)`` where they are used up.
  @inline(__always) func check(_ path: String) throws(TokenizationError) {
    guard !areUsedUp else {
      throw .corrupt(path: path, part: "patterns: bytes read in vain", index: inVain, limit: limit)
    }
  }
}

extension PatternTable {
  /// The pattern that a step names by number.
  /// - Throws: ``TokenizationError/malformed(path:field:expected:found:)``.
  func matcher(
    _ number: UInt32, of header: SectionHeader, field: String
  ) throws(TokenizationError) -> PatternMatcher {
    guard Int(number) < matchers.count else {
      throw .malformed(
        path: header.path, field: field, expected: "a pattern below \(matchers.count)", found: "\(number)")
    }
    return matchers[Int(number)]
  }
}
