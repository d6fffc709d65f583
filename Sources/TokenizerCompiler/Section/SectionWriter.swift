import Tokenization

/// Puts parts and header fields together (formats/tokenizer.md).
struct SectionWriter {
  private var header = [UInt8](repeating: 0, count: SectionLayout.headerSize)
  private var parts: [(SectionLayout.Part, [UInt8])] = []

  init() {
    header.replaceSubrange(0..<4, with: SectionLayout.magic)
    set(SectionLayout.Field.major, SectionLayout.majorVersion)
    set(SectionLayout.Field.headerSize, UInt32(SectionLayout.headerSize))
    set(SectionLayout.Field.kind, TokenizerModelKind.unigram.rawValue)
    set(SectionLayout.Field.profile, TokenizerProfile.tokenizers.rawValue)
    set(SectionLayout.Field.flags, SectionLayout.Flag.fuseUnknown)
    for field in [
      SectionLayout.Field.paddingID, SectionLayout.Field.labelID, SectionLayout.Field.separatorID,
      SectionLayout.Field.exampleID,
    ] {
      set(field, SectionLayout.noID)
    }
  }

  mutating func set(_ offset: Int, _ value: some FixedWidthInteger) {
    set(offset, bytes: withUnsafeBytes(of: value.littleEndian) { Array($0) })
  }

  mutating func set(_ offset: Int, bytes: some Sequence<UInt8>) {
    for (index, byte) in bytes.enumerated() { header[offset + index] = byte }
  }

  mutating func add(_ part: SectionLayout.Part, _ bytes: [UInt8]) { parts.append((part, bytes)) }

  mutating func add(_ part: SectionLayout.Part, words: [UInt32]) {
    add(part, words.flatMapBytes { $0 })
  }

  /// Replaces a part that was added before.
  mutating func replace(_ part: SectionLayout.Part, _ bytes: [UInt8]) {
    parts.removeAll { $0.0 == part }
    add(part, bytes)
  }

  /// The size of every part that is there, in the order of the file.
  var partSizes: [(name: String, bytes: Int)] {
    parts.sorted { $0.0.rawValue < $1.0.rawValue }.filter { !$0.1.isEmpty }.map { ("\($0.0)", $0.1.count) }
  }

  /// The section.
  consuming func section() -> [UInt8] {
    let alignment = SectionLayout.alignment
    var size = SectionLayout.headerSize
    parts.sort { $0.0.rawValue < $1.0.rawValue }
    for (part, bytes) in parts where !bytes.isEmpty {
      let entry = SectionLayout.partTableOffset + 16 * part.rawValue
      set(entry, UInt64(size))
      set(entry + 8, UInt64(bytes.count))
      size = (size + bytes.count + alignment - 1) / alignment * alignment
    }
    set(SectionLayout.Field.sectionSize, UInt64(size))
    var section = header
    section.reserveCapacity(size)
    for (_, bytes) in parts where !bytes.isEmpty {
      section += bytes
      let padding = (alignment - section.count % alignment) % alignment
      section.append(contentsOf: repeatElement(0, count: padding))
    }
    return section
  }
}

extension Array {
  /// The little-endian bytes of all elements, each turned into an integer first.
  func flatMapBytes<Word: FixedWidthInteger>(_ word: (Element) -> Word) -> [UInt8] {
    let size = MemoryLayout<Word>.size
    return [UInt8](unsafeUninitializedCapacity: count * size) { buffer, initialized in
      for (index, element) in enumerated() {
        UnsafeMutableRawBufferPointer(buffer).storeBytes(
          of: word(element).littleEndian, toByteOffset: index * size, as: Word.self)
      }
      initialized = count * size
    }
  }
}
