/// Names and numbers of formats/tokenizer.md, shared by the reader and the compiler.
package enum SectionLayout {
  package static let magic: [UInt8] = Array("GLTK".utf8)
  package static let majorVersion: UInt16 = 1
  package static let minorVersion: UInt16 = 0
  package static let headerSize = 576
  package static let partTableOffset = 128
  package static let partSlots = 28
  package static let alignment = 64
  package static let unigramKind: UInt16 = 1
  package static let fuseUnknownFlag: UInt32 = 1
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
  }

  /// Kinds of normalizer steps.
  package enum NormalizerStep {
    package static let strip: UInt16 = 1
    package static let precompiled: UInt16 = 2
    package static let collapseSpaces: UInt16 = 3
    package static let stripLeft: UInt16 = 1
    package static let stripRight: UInt16 = 2
    package static let recordSize = 16
  }

  /// Kinds of pre-tokenizer steps.
  package enum PreTokenizerStep {
    package static let metaspace: UInt16 = 1
    package static let split: UInt16 = 1
    package static let recordSize = 16
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

/// Where a Metaspace pre-tokenizer puts its replacement character before a segment.
package enum PrependScheme: UInt32, Sendable {
  case never = 0
  case first = 1
  case always = 2
}

/// Whose behaviour a compiled tokenizer reproduces.
public enum TokenizerProfile: UInt16, Sendable {
  /// `tokenizer.json` as it stands, as the `tokenizers` library runs it.
  case tokenizers = 1

  /// The name that metadata and reports show.
  public var name: String {
    switch self {
    case .tokenizers: "tokenizers"
    }
  }
}
