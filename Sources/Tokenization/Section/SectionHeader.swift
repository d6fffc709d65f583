import ModelCore

/// The checked header of a section: every part's extent lies within the section, and sizes agree with counts.
struct SectionHeader {
  let path: String
  let summary: TokenizerSummary
  let unknownScore: Double
  let longestPiece: Int
  let longestAddedKey: Int
  let normalizerStepCount: Int
  let preTokenizerStepCount: Int
  private let bytes: UnsafeRawBufferPointer
  private let flags: UInt32
  private let templateCounts: (before: Int, after: Int)
  private var parts: [UnsafeRawBufferPointer] = []

  /// The bytes of `part`; empty where it is absent.
  func part(_ part: SectionLayout.Part) -> UnsafeRawBufferPointer { parts[part.rawValue] }

  /// Whether a bit of ``SectionLayout/Flag`` is set.
  func hasFlag(_ flag: UInt32) -> Bool { flags & flag != 0 }

  private typealias Field = SectionLayout.Field

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(TokenizationError) {
    let fields = HeaderFields(bytes: bytes, path: path)
    let model = try fields.checkIdentity()
    flags = fields.u32(Field.flags)
    self.path = path
    self.bytes = bytes
    let pieceCount = try fields.count(Field.pieceCount, "piece count", 1...SectionLayout.maximumPieceCount)
    let vocabularySize = try fields.count(
      Field.vocabularySize, "vocabulary size", pieceCount...SectionLayout.maximumPieceCount)
    let addedTokenCount = try fields.count(Field.addedTokenCount, "added token count", 0...vocabularySize)
    longestPiece = try fields.count(Field.longestPiece, "longest piece", 0...SectionLayout.maximumKeySize)
    longestAddedKey = try fields.count(Field.longestAddedKey, "longest added token", 0...SectionLayout.maximumKeySize)
    normalizerStepCount = try fields.count(Field.normalizerSteps, "normalizer steps", 0...SectionLayout.maximumSteps)
    preTokenizerStepCount = try fields.count(
      Field.preTokenizerSteps, "pre-tokenizer steps", 0...SectionLayout.maximumSteps)
    let templateRange = 0...SectionLayout.maximumTemplateIDs
    templateCounts = (
      try fields.count(Field.templateBefore, "template ids before the text", templateRange),
      try fields.count(Field.templateAfter, "template ids after the text", templateRange)
    )
    unknownScore = Double(bitPattern: fields.u64(Field.unknownScore))
    guard unknownScore.isFinite else {
      throw .malformed(path: path, field: "unknown score", expected: "a finite number", found: "\(unknownScore)")
    }
    guard let profile = TokenizerProfile(rawValue: fields.u16(Field.profile)) else {
      throw .unsupported(
        path: path, field: "profile", found: "\(fields.u16(Field.profile))",
        supported: "1 (tokenizers), 2 (transformers-5)")
    }
    let unknownID = try fields.optionalID(Field.unknownID, "unknown id", below: pieceCount)
    guard unknownID != nil || model == .bytePairEncoding else {
      throw .malformed(path: path, field: "unknown id", expected: "an id below \(pieceCount)", found: "none")
    }
    let length = fields.u32(Field.maximumLength)
    summary = TokenizerSummary(
      version: "\(fields.u16(Field.major)).\(fields.u16(Field.minor))", profile: profile,
      libraryVersion: fields.text(Field.libraryVersion, size: SectionLayout.versionTextSize),
      unicodeVersion: fields.version(Field.unicodeVersion),
      normalizationVersion: fields.version(Field.normalizationVersion),
      propertyVersion: fields.version(Field.propertyVersion), model: model,
      hasByteFallback: flags & SectionLayout.Flag.byteFallback != 0, byteCount: bytes.count, pieceCount: pieceCount,
      vocabularySize: vocabularySize,
      addedTokenCount: addedTokenCount, unknownID: unknownID,
      paddingID: try fields.optionalID(Field.paddingID, "padding id", below: vocabularySize),
      labelTokenID: try fields.optionalID(Field.labelID, "label marker id", below: vocabularySize),
      separatorTokenID: try fields.optionalID(Field.separatorID, "separator marker id", below: vocabularySize),
      exampleTokenID: try fields.optionalID(Field.exampleID, "example marker id", below: vocabularySize),
      maximumLength: length == 0 ? nil : Int(length))
    for part in SectionLayout.Part.allCases { parts.append(try fields.part(part)) }
    try checkPartSizes()
  }

  private func checkPartSizes() throws(TokenizationError) {
    let isUnigram = summary.model == .unigram
    let expectations: [(SectionLayout.Part, Int)] = [
      (.pieceScores, isUnigram ? 8 * summary.pieceCount : 0),
      (.byteIDs, isUnigram && !hasFlag(SectionLayout.Flag.byteFallback) ? 0 : 4 * 256),
      (.pieceTextOffsets, 4 * (summary.pieceCount + 1)),
      (.normalizer, SectionLayout.NormalizerStep.recordSize * normalizerStepCount),
      (.preTokenizer, SectionLayout.PreTokenizerStep.recordSize * preTokenizerStepCount),
      (.addedTokens, SectionLayout.AddedToken.recordSize * summary.addedTokenCount),
      (.template, 4 * (templateCounts.before + templateCounts.after)),
    ]
    for (part, size) in expectations where self.part(part).count != size {
      throw .malformed(
        path: path, field: "size of part \(part)", expected: "\(size)", found: "\(self.part(part).count)")
    }
    let tries: [SectionLayout.Part] = [
      .pieceTrie, .charsmapTrie, .addedTokenTrie, .normalizedAddedTokenTrie, .mappingTrie,
    ]
    for trie in tries where part(trie).count > 4 * SectionLayout.maximumTrieUnits || part(trie).count % 4 != 0 {
      throw .malformed(
        path: path, field: "size of part \(trie)",
        expected: "a multiple of 4 up to \(4 * SectionLayout.maximumTrieUnits)", found: "\(part(trie).count)")
    }
    try checkMergeSizes()
  }

  private func checkMergeSizes() throws(TokenizationError) {
    let slots = part(.mergeTable).count / 4
    guard part(.mergeTable).count % 4 == 0, slots <= SectionLayout.maximumMergeSlots, slots & (slots - 1) == 0 else {
      throw .malformed(
        path: path, field: "size of part mergeTable",
        expected: "4 times a power of two up to \(SectionLayout.maximumMergeSlots)",
        found: "\(part(.mergeTable).count)")
    }
    guard part(.merges).count % SectionLayout.mergeSize == 0 else {
      throw .malformed(
        path: path, field: "size of part merges", expected: "a multiple of \(SectionLayout.mergeSize)",
        found: "\(part(.merges).count)")
    }
  }

  /// A text in the part of texts, of at most ``SectionLayout/maximumKeySize`` bytes.
  func text(at offset: UInt32, size: UInt32, field: String) throws(TokenizationError) -> [UInt8] {
    let part = part(.addedTokenText)
    guard size <= UInt32(SectionLayout.maximumKeySize), Int(offset) <= part.count, Int(size) <= part.count - Int(offset)
    else {
      throw .malformed(
        path: path, field: field, expected: "at most \(SectionLayout.maximumKeySize) bytes within \(part.count)",
        found: "\(size) bytes at \(offset)")
    }
    return Array(part[Int(offset)..<Int(offset) + Int(size)])
  }

  /// The ids of the template, below the vocabulary size.
  func template() throws(TokenizationError) -> (before: [Int32], after: [Int32]) {
    var ids: [Int32] = []
    let part = part(.template)
    for index in 0..<part.count / 4 {
      let id = UInt32(littleEndian: part.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
      guard id < UInt32(summary.vocabularySize) else {
        throw .malformed(
          path: path, field: "template[\(index)]", expected: "an id below \(summary.vocabularySize)", found: "\(id)")
      }
      ids.append(Int32(id))
    }
    return (Array(ids[..<templateCounts.before]), Array(ids[templateCounts.before...]))
  }
}

/// Reads of single fields, once the header's size has been checked.
private struct HeaderFields {
  let bytes: UnsafeRawBufferPointer
  let path: String

  func u16(_ offset: Int) -> UInt16 {
    UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
  func u32(_ offset: Int) -> UInt32 {
    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
  func u64(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  func text(_ offset: Int, size: Int) -> String {
    String(decoding: bytes[offset..<offset + size].prefix { $0 != 0 }, as: UTF8.self)
  }

  func version(_ offset: Int) -> String {
    (0..<3).map { "\(bytes[offset + $0])" }.joined(separator: ".")
  }

  func malformed(_ field: String, _ expected: String, _ found: String) -> TokenizationError {
    .malformed(path: path, field: field, expected: expected, found: found)
  }

  /// Magic, version, sizes, and that this reader implements the kind and flags.
  func checkIdentity() throws(TokenizationError) -> TokenizerModelKind {
    guard bytes.count >= 4, bytes.prefix(4).elementsEqual(SectionLayout.magic) else {
      throw .notATokenizer(path: path, found: bytes.count < 4 ? "\(bytes.count) bytes" : "\(Array(bytes.prefix(4)))")
    }
    guard bytes.count >= SectionLayout.headerSize else {
      throw malformed("size", "at least \(SectionLayout.headerSize) bytes", "\(bytes.count)")
    }
    guard u16(SectionLayout.Field.major) == SectionLayout.majorVersion else {
      let found = "\(u16(SectionLayout.Field.major)).\(u16(SectionLayout.Field.minor))"
      throw .unsupportedVersion(path: path, found: found, supported: "\(SectionLayout.majorVersion).x")
    }
    guard u32(SectionLayout.Field.headerSize) == UInt32(SectionLayout.headerSize) else {
      throw malformed("header size", "\(SectionLayout.headerSize)", "\(u32(SectionLayout.Field.headerSize))")
    }
    guard u64(SectionLayout.Field.sectionSize) == UInt64(bytes.count) else {
      throw malformed("section size", "\(bytes.count)", "\(u64(SectionLayout.Field.sectionSize))")
    }
    guard UInt(bitPattern: bytes.baseAddress) % 8 == 0 else {
      throw malformed("address", "a multiple of 8", "\(UInt(bitPattern: bytes.baseAddress))")
    }
    guard let model = TokenizerModelKind(rawValue: u16(SectionLayout.Field.kind)) else {
      throw .unsupported(
        path: path, field: "model kind", found: "\(u16(SectionLayout.Field.kind))",
        supported: "1 (unigram), 2 (byte-level BPE)")
    }
    let flags = u32(SectionLayout.Field.flags)
    typealias Flag = SectionLayout.Flag
    switch model {
    case .unigram where flags & ~Flag.byteFallback == Flag.fuseUnknown: return model
    case .bytePairEncoding where flags & ~(Flag.fuseUnknown | Flag.ignoreMerges) == 0: return model
    default:
      throw .unsupported(
        path: path, field: "flags", found: "\(flags)",
        supported:
          "\(model == .unigram ? "1 (fuse unknown), 2 (byte fallback)" : "1 (fuse unknown), 4 (ignore merges)")")
    }
  }

  func count(_ offset: Int, _ name: String, _ range: ClosedRange<Int>) throws(TokenizationError) -> Int {
    let value = Int(u32(offset))
    guard range.contains(value) else {
      throw malformed(name, "\(range.lowerBound) to \(range.upperBound)", "\(value)")
    }
    return value
  }

  func optionalID(_ offset: Int, _ name: String, below limit: Int) throws(TokenizationError) -> Int32? {
    let value = u32(offset)
    if value == SectionLayout.noID { return nil }
    guard Int(value) < limit else { throw malformed(name, "an id below \(limit)", "\(value)") }
    return Int32(value)
  }

  func part(_ part: SectionLayout.Part) throws(TokenizationError) -> UnsafeRawBufferPointer {
    let entry = SectionLayout.partTableOffset + 16 * part.rawValue
    let (offset, size) = (u64(entry), u64(entry + 8))
    if size == 0 { return UnsafeRawBufferPointer(rebasing: bytes[..<0]) }
    let total = UInt64(bytes.count)
    guard offset % UInt64(SectionLayout.alignment) == 0, offset >= UInt64(SectionLayout.headerSize), size <= total,
      offset <= total - size
    else {
      throw malformed(
        "part \(part)", "\(SectionLayout.alignment)-byte aligned, within \(total) bytes", "\(size) bytes at \(offset)")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset + size)])
  }
}
