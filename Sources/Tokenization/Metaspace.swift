/// The Metaspace pre-tokenizer: spaces become a visible character, and every word begins with it.
struct Metaspace: Sendable {
  let scheme: PrependScheme
  let splits: Bool
  /// UTF-8 of the replacement character: 1 to 4 bytes.
  let replacement: [UInt8]

  /// The pre-tokenizer program of a section: at most one Metaspace step.
  static func read(_ header: SectionHeader) throws(TokenizationError) -> Metaspace? {
    let records = header.part(.preTokenizer)
    var found: Metaspace?
    for index in 0..<header.preTokenizerStepCount {
      let record = StepRecord(records, index)
      guard record.kind == SectionLayout.PreTokenizerStep.metaspace, found == nil else {
        throw .unsupported(
          path: header.path, field: "pre-tokenizer step \(index)", found: "kind \(record.kind)",
          supported: "one step of kind 1 (Metaspace)")
      }
      guard record.flags & ~SectionLayout.PreTokenizerStep.splits == 0, let scheme = PrependScheme(rawValue: record.a)
      else {
        throw .unsupported(
          path: header.path, field: "pre-tokenizer step \(index)", found: "flags \(record.flags), scheme \(record.a)",
          supported: "flag 1 (split), schemes 0 to 2")
      }
      guard let scalar = Unicode.Scalar(record.b), scalar.value != 0, scalar.value != 0x20 else {
        throw .malformed(
          path: header.path, field: "pre-tokenizer step \(index)", expected: "a replacement character",
          found: "\(record.b)")
      }
      found = Metaspace(
        scheme: scheme, splits: record.flags & SectionLayout.PreTokenizerStep.splits != 0,
        replacement: Array(String(scalar).utf8))
    }
    return found
  }
}

/// A 16-byte record of a normalizer or pre-tokenizer program.
struct StepRecord {
  let kind: UInt16
  let flags: UInt16
  let a: UInt32
  let b: UInt32

  /// Record number `index` of `part`, whose size has been checked.
  init(_ part: UnsafeRawBufferPointer, _ index: Int) {
    let start = 16 * index
    kind = UInt16(littleEndian: part.loadUnaligned(fromByteOffset: start, as: UInt16.self))
    flags = UInt16(littleEndian: part.loadUnaligned(fromByteOffset: start + 2, as: UInt16.self))
    a = UInt32(littleEndian: part.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self))
    b = UInt32(littleEndian: part.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self))
  }
}
