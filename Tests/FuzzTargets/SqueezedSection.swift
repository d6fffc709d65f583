import ModelCore
import Tokenization
import TokenizerCompiler

/// A compiled tokenizer as its target takes it: header and parts one after another with separators between them, without
/// offsets, gaps and the large tables of Unicode.
///
/// Byte 124 of the header, which no reader looks at, says what is mended when the section is put together: bit 0 for
/// offsets and sizes, bit 1 for the counts that follow from sizes. Bit 2 puts Unicode's own tables where those parts are
/// empty. A fuzzer meets all sides so.
struct SqueezedSection {
  typealias Part = SectionLayout.Part
  typealias Field = SectionLayout.Field
  private static let choicesOffset = 124
  private static let partCount = Part.allCases.count

  private var header: [UInt8]
  private var contents: [[UInt8]]

  /// The form of `parts`: header, then part 0, part 1, …; those that are missing are empty.
  init(_ parts: [UnsafeRawBufferPointer]) {
    header = Array(parts.first.map { Array($0.prefix(SectionLayout.headerSize)) } ?? [])
    contents = parts.dropFirst().map { Array($0) }
    while contents.count < Self.partCount { contents.append([]) }
  }

  /// The number of pieces that the target's input is cut into.
  static let inputPartCount = 1 + partCount

  /// Puts the section together.
  func section() -> [UInt8] {
    guard header.count == SectionLayout.headerSize else { return header + contents.joined() }
    let choices = header[Self.choicesOffset]
    var (header, contents) = (header, contents)
    if choices & 4 != 0 {
      for (part, bytes) in Self.unicode where contents[part].isEmpty { contents[part] = bytes }
    }
    if choices & 2 != 0 { Self.mendCounts(&header, &contents) }
    var section = header
    for (part, bytes) in contents.enumerated() where !bytes.isEmpty {
      if choices & 1 != 0 {
        section.set(SectionLayout.partTableOffset + 16 * part, UInt64(section.count))
        section.set(SectionLayout.partTableOffset + 16 * part + 8, UInt64(bytes.count))
      }
      section += bytes
      section += repeatElement(0, count: (SectionLayout.alignment - section.count % 64) % SectionLayout.alignment)
    }
    if choices & 1 != 0 {
      section.set(Field.sectionSize, UInt64(section.count))
      for part in 0..<Self.partCount where contents[part].isEmpty {
        section.set(SectionLayout.partTableOffset + 16 * part + 8, UInt64(0))
      }
    }
    return section
  }

  /// Cuts parts to whole records, and counts them.
  private static func mendCounts(_ header: inout [UInt8], _ contents: inout [[UInt8]]) {
    func cut(_ part: Part, to size: Int) -> Int {
      let count = contents[part.rawValue].count / size
      contents[part.rawValue].removeLast(contents[part.rawValue].count - count * size)
      return count
    }
    for trie in [Part.pieceTrie, .charsmapTrie, .addedTokenTrie, .normalizedAddedTokenTrie, .mappingTrie] {
      _ = cut(trie, to: 4)
    }
    let pieces = max(cut(.pieceTextOffsets, to: 4) - 1, 0)
    if !contents[Part.pieceScores.rawValue].isEmpty { contents[Part.pieceScores.rawValue].resize(8 * pieces) }
    if !contents[Part.byteIDs.rawValue].isEmpty { contents[Part.byteIDs.rawValue].resize(4 * 256) }
    header.set(Field.pieceCount, UInt32(pieces))
    header.set(Field.vocabularySize, UInt32(max(pieces, min(header.u32(Field.vocabularySize), 0x3F_FFFF))))
    header.set(Field.addedTokenCount, UInt32(cut(.addedTokens, to: SectionLayout.AddedToken.recordSize)))
    header.set(Field.normalizerSteps, UInt32(cut(.normalizer, to: SectionLayout.NormalizerStep.recordSize)))
    header.set(Field.preTokenizerSteps, UInt32(cut(.preTokenizer, to: SectionLayout.PreTokenizerStep.recordSize)))
    let (ids, before) = (cut(.template, to: 4), header.u32(Field.templateBefore))
    header.set(Field.templateBefore, UInt32(min(before, ids)))
    header.set(Field.templateAfter, UInt32(max(ids - before, 0)))
    _ = cut(.merges, to: SectionLayout.mergeSize)
    var slots = cut(.mergeTable, to: 4)
    while slots & (slots - 1) != 0 { slots &= slots - 1 }
    contents[Part.mergeTable.rawValue].resize(4 * slots)
  }

  /// The tables of Unicode, of a tokenizer that uses all of them.
  private static let unicode: [(part: Int, bytes: [UInt8])] = {
    let source = """
      {"version":"1.0","added_tokens":[],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":
      "Lowercase"},{"type":"Precompiled","precompiled_charsmap":""}]},"pre_tokenizer":null,"post_processor":null,"model":
      {"type":"Unigram","unk_id":0,"vocab":[["a",0]]}}
      """
    guard let document = try? JSONDocument(source, path: "unicode"),
      let section = try? TokenizerCompiler.compile(tokenizer: document.root, path: "unicode").bytes
    else { return [] }
    let parts: [Part] = [
      .scalarClassIndex, .scalarClasses, .propertyIndex, .propertyBlocks, .propertySets, .mappingTrie,
      .mappedTextOffsets, .mappedText,
    ]
    return parts.map { part in
      let entry = SectionLayout.partTableOffset + 16 * part.rawValue
      let (offset, size) = (section.u32(entry), section.u32(entry + 8))
      return (part.rawValue, Array(section[offset..<offset + size]))
    }
  }()
}

extension [UInt8] {
  /// Cuts, or adds zeros.
  fileprivate mutating func resize(_ size: Int) {
    if count > size { removeLast(count - size) } else { self += repeatElement(0, count: size - count) }
  }
}
