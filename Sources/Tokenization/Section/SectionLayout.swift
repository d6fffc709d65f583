/// Names and numbers of formats/tokenizer.md, shared by the reader and the compiler.
package enum SectionLayout {
  package static let magic: [UInt8] = Array("GLTK".utf8)
  package static let majorVersion: UInt16 = 1
  /// The lowest that has what a section uses is the one to be written: 0, or this.
  package static let minorVersion: UInt16 = 1
  package static let headerSize = 576
  package static let partTableOffset = 128
  package static let partSlots = 28
  package static let alignment = 64
  /// Bits of the header's flags.
  package enum Flag {
    package static let fuseUnknown: UInt32 = 1
    package static let byteFallback: UInt32 = 2
    package static let ignoreMerges: UInt32 = 4
  }
  /// The id that means "none".
  package static let noID = UInt32.max
  package static let maximumPieceCount = (1 << 22) - 1
  package static let maximumTrieUnits = 1 << 22
  package static let maximumKeySize = 1_024
  package static let maximumReplacementSize = 255
  package static let maximumSteps = 16
  package static let maximumTemplateIDs = 16
  package static let scalarIndexSize = 0x110000 >> 7
  package static let scalarBlockSize = 128
  package static let versionTextSize = 16
  package static let propertyIndexSize = 2 * scalarIndexSize
  package static let maximumPropertySets = 256
  package static let mergeSize = 12
  package static let maximumMergeSlots = 1 << 23
  /// Slots that are looked at for one pair.
  package static let maximumMergeProbes = 64
  package static let maximumPatterns = 64

  /// The hash of a pair (formats/tokenizer.md, "Merge table").
  @inline(__always) package static func mergeHash(_ left: UInt32, _ right: UInt32) -> UInt32 {
    let mixed = left &* 0x9E37_79B1 &+ right &* 0x85EB_CA77
    return mixed ^ mixed >> 15
  }

  /// Offsets of the header's fields.
  package enum Field {
    package static let major = 4
    package static let minor = 6
    package static let headerSize = 8
    package static let kind = 12
    package static let profile = 14
    package static let sectionSize = 16
    package static let flags = 24
    package static let pieceCount = 28
    package static let vocabularySize = 32
    package static let addedTokenCount = 36
    package static let unknownID = 40
    package static let paddingID = 44
    package static let templateBefore = 48
    package static let templateAfter = 52
    package static let labelID = 56
    package static let separatorID = 60
    package static let exampleID = 64
    package static let longestPiece = 68
    package static let longestAddedKey = 72
    package static let maximumLength = 76
    package static let unknownScore = 80
    package static let unicodeVersion = 88
    package static let normalizerSteps = 92
    package static let preTokenizerSteps = 96
    package static let libraryVersion = 100
    package static let normalizationVersion = 116
    package static let propertyVersion = 120
  }

  /// The slots of the part table that are in use.
  package enum Part: Int, CaseIterable, Sendable {
    case pieceTrie = 0
    case pieceScores
    case pieceTextOffsets
    case pieceText
    case charsmapTrie
    case replacementOffsets
    case replacementText
    case normalizer
    case preTokenizer
    case addedTokens
    case addedTokenText
    case addedTokenTrie
    case normalizedAddedTokenTrie
    case template
    case scalarClassIndex
    case scalarClasses
    case merges
    case byteIDs
    case mergeTable
    case propertyIndex
    case propertyBlocks
    case propertySets
    case mappingTrie
    case mappedTextOffsets
    case mappedText
    case patterns
  }

  /// Kinds of normalizer steps.
  package enum NormalizerStep {
    package static let strip: UInt16 = 1
    package static let precompiled: UInt16 = 2
    package static let collapseSpaces: UInt16 = 3
    package static let nfc: UInt16 = 16
    package static let nfd: UInt16 = 17
    package static let nfkc: UInt16 = 18
    package static let nfkd: UInt16 = 19
    package static let lowercase: UInt16 = 20
    package static let stripAccents: UInt16 = 21
    package static let replace: UInt16 = 22
    package static let prepend: UInt16 = 24
    package static let stripLeft: UInt16 = 1
    package static let stripRight: UInt16 = 2
    package static let recordSize = 16
  }

  /// Kinds of pre-tokenizer steps.
  package enum PreTokenizerStep {
    package static let metaspace: UInt16 = 1
    package static let split: UInt16 = 2
    package static let prefixSpace: UInt16 = 3
    package static let byteLevel: UInt16 = 4
    /// Flag of Metaspace: words begin at every replacement character.
    package static let splits: UInt16 = 1
    /// Flags of Split.
    package static let behaviorMask: UInt16 = 7
    package static let invert: UInt16 = 8
    package static let recordSize = 16
  }

  /// Bits of a property set.
  package enum Property {
    package static let letter: UInt32 = 1 << 0
    package static let number: UInt32 = 1 << 1
    package static let whiteSpace: UInt32 = 1 << 2
    package static let word: UInt32 = 1 << 3
    package static let punctuation: UInt32 = 1 << 4
    package static let numeric: UInt32 = 1 << 5
    package static let mark: UInt32 = 1 << 6
    package static let decimalDigit: UInt32 = 1 << 7
    package static let combiningMark: UInt32 = 1 << 8
    package static let decomposes: UInt32 = 1 << 9
    package static let decomposesCompatibly: UInt32 = 1 << 10
    package static let composesWithPrevious: UInt32 = 1 << 11
    package static let hasLowercase: UInt32 = 1 << 12
    /// The canonical combining class is the byte from this bit on.
    package static let combiningClassShift: UInt32 = 16
  }

  /// The first byte of a key in the mapping trie.
  package enum Mapping: UInt8, CaseIterable, Sendable {
    case canonicalDecomposition = 1
    case compatibilityDecomposition = 2
    case lowercase = 3
    case composition = 4
  }

  /// The records of added tokens.
  package enum AddedToken {
    package static let recordSize = 32
    package static let singleWord: UInt32 = 1
    package static let leftStrip: UInt32 = 2
    package static let rightStrip: UInt32 = 4
    package static let normalized: UInt32 = 8
    package static let special: UInt32 = 16
    package static let allFlags: UInt32 = 31
  }
}

/// The model that a section holds.
public enum TokenizerModelKind: UInt16, Sendable {
  /// SentencePiece's Unigram.
  case unigram = 1
  /// Byte-level byte pair encoding.
  case bytePairEncoding = 2

  /// The name that metadata and reports show.
  public var name: String {
    switch self {
    case .unigram: "Unigram"
    case .bytePairEncoding: "BPE"
    }
  }
}

/// What a Split pre-tokenizer does with the matches of its pattern (`SplitDelimiterBehavior` of `tokenizers`).
package enum SplitBehavior: UInt16, Sendable, CaseIterable {
  case removed = 0
  case isolated = 1
  case mergedWithPrevious = 2
  case mergedWithNext = 3
  case contiguous = 4
}

/// Where a Metaspace pre-tokenizer puts its replacement character before a segment.
package enum PrependScheme: UInt32, Sendable {
  case never = 0
  case first = 1
  case always = 2
}

/// Whose behaviour a compiled tokenizer reproduces.
public enum TokenizerProfile: UInt16, Sendable, CaseIterable {
  /// `tokenizer.json` as it stands, as the `tokenizers` library runs it.
  case tokenizers = 1
  /// What transformers 5.x makes of the files of a DeBERTa-v2 or T5 tokenizer.
  case transformers5 = 2

  /// The name that metadata and reports show.
  public var name: String {
    switch self {
    case .tokenizers: "tokenizers"
    case .transformers5: "transformers-5"
    }
  }
}
