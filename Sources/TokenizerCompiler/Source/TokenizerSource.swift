import ModelCore
import Tokenization

/// A tokenizer as its files describe it, once everything unknown has been refused: what all kinds of source become
/// before a section is written.
package struct TokenizerSource {
  /// An added token, in the order of the source.
  package struct AddedToken: Equatable {
    package var id: Int
    package var content: String
    package var singleWord = false
    package var leftStrip = false
    package var rightStrip = false
    package var normalized = false
    package var special = false

    package init(
      id: Int, content: String, singleWord: Bool = false, leftStrip: Bool = false, rightStrip: Bool = false,
      normalized: Bool = false, special: Bool = false
    ) {
      self.id = id
      self.content = content
      self.singleWord = singleWord
      self.leftStrip = leftStrip
      self.rightStrip = rightStrip
      self.normalized = normalized
      self.special = special
    }

    /// Whether `other` has the same flags.
    func hasFlags(of other: AddedToken) -> Bool {
      singleWord == other.singleWord && leftStrip == other.leftStrip && rightStrip == other.rightStrip
        && normalized == other.normalized && special == other.special
    }
  }

  /// What a Replace or Split looks for, and the field that says so.
  package struct Pattern: Equatable {
    package enum Kind: Equatable {
      case regularExpression(String)
      case literal(String)
      /// One scalar with any of these bits of ``SectionLayout/Property``.
      case property(UInt32)
    }

    package let kind: Kind
    package var field = ""
  }

  package enum NormalizerStep: Equatable {
    case strip(left: Bool, right: Bool)
    case precompiled
    case collapseSpaces
    case form(NormalizationForm)
    case lowercase
    case stripAccents
    case replace(Pattern, content: String)
    case prepend(String)
  }

  package enum PreTokenizerStep: Equatable {
    case metaspace(Metaspace)
    case split(Pattern, SplitBehavior, inverts: Bool)
    case prefixSpace
    case byteLevel
  }

  /// The Metaspace pre-tokenizer.
  package struct Metaspace: Equatable {
    package var replacement: Unicode.Scalar = "\u{2581}"
    package var scheme = PrependScheme.always
    package var splits = true
  }

  package enum Model {
    case unigram(unknownID: Int, hasByteFallback: Bool)
    case bytePairs(BytePairs)
  }

  /// A byte-level BPE model.
  package struct BytePairs {
    package var unknownID: Int?
    package var fusesUnknown = false
    package var ignoresMerges = false
    var merges: [MergeTableBuilder.Merge] = []
    /// Number of tokens, which is less than the largest id + 1 where ids have gaps.
    package var tokenCount = 0
  }

  /// The file, for error messages.
  package let path: String
  package var profile = TokenizerProfile.tokenizers
  package var pieces = PieceList()
  /// Units of the trie of all pieces.
  private(set) var pieceTrie: [UInt32] = []
  package var model = Model.unigram(unknownID: 0, hasByteFallback: false)
  package var normalizer: [NormalizerStep] = []
  package var charsmap: [UInt8] = []
  /// The field that holds the charsmap, for error messages.
  package var charsmapField = "precompiled_charsmap"
  package var preTokenizer: [PreTokenizerStep] = []
  package var addedTokens: [AddedToken] = []
  package var templateBefore: [Int] = []
  package var templateAfter: [Int] = []
  package var maximumLength: Int?
  /// The text of the padding token.
  package var paddingToken = "[PAD]"
  /// Markers that the library whose rules these are would not know.
  package var keptMarkers: [String] = []

  init(path: String) { self.path = path }

  /// Checks the pieces and builds their trie. To be called once all pieces are there.
  mutating func buildPieceTrie() throws(TokenizerCompilerError) {
    for index in 0..<pieces.count {
      let piece = pieces.bytes(index)
      guard !piece.contains(0), piece.count <= SectionLayout.maximumKeySize else {
        throw .unsupported(
          path: path, field: "piece \(index)",
          found: piece.count > SectionLayout.maximumKeySize ? "\(piece.count) bytes" : "a NUL character",
          supported: "pieces of at most \(SectionLayout.maximumKeySize) bytes without NUL")
      }
    }
    let values = (0..<UInt32(pieces.count)).map { $0 }
    guard let units = DoubleArrayBuilder.build(text: pieces.text, offsets: pieces.offsets, values: values) else {
      throw .tooLarge(
        path: path, what: "units of the piece trie", found: SectionLayout.maximumTrieUnits + 1,
        limit: SectionLayout.maximumTrieUnits)
    }
    pieceTrie = units
  }

  /// The id of the piece with this text (of several, the last), or `nil`.
  func pieceID(of token: String) -> Int? {
    var token = token
    return pieceTrie.withUnsafeBytes { units in
      token.withUTF8 { DoubleArray(units).value(forKey: $0) }
    }.map(Int.init)
  }

  /// The id of the token with this text: an added one, or a piece.
  func id(of token: String) -> Int? {
    addedTokens.first { $0.content.utf8.elementsEqual(token.utf8) }?.id ?? pieceID(of: token)
  }

  /// Number of tokens of the model, from which on the library numbers added ones.
  var modelTokenCount: Int {
    if case .bytePairs(let model) = model { model.tokenCount } else { pieces.count }
  }

  /// What byte fallback calls the bytes.
  static let bytePieceTexts = (UInt8.min...UInt8.max).map { byte in
    "<0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))>"
  }

  /// For each byte the id of the piece that stands for it: spelled in the byte-level alphabet, or as byte fallback spells it.
  func byteIDs() -> [UInt32] {
    (UInt8.min...UInt8.max).map { byte in
      let spelling =
        switch model {
        case .unigram: Self.bytePieceTexts[Int(byte)]
        case .bytePairs: String(ByteLevelAlphabet.characters[Int(byte)])
        }
      return pieceID(of: spelling).map(UInt32.init) ?? SectionLayout.noID
    }
  }

  /// Whether version 1.0 of the section has everything that this uses.
  var fitsVersion1_0: Bool {
    guard case .unigram(_, hasByteFallback: false) = model, profile == .tokenizers,
      !addedTokens.contains(where: \.singleWord)
    else { return false }
    let oldNormalizer = normalizer.allSatisfy { step in
      switch step {
      case .strip, .precompiled, .collapseSpaces: true
      default: false
      }
    }
    guard oldNormalizer, preTokenizer.count <= 1 else { return false }
    return preTokenizer.allSatisfy { if case .metaspace = $0 { true } else { false } }
  }

  /// A normalizer or pre-tokenizer has a limited number of steps.
  func checkStepCount(_ count: Int, _ what: String) throws(TokenizerCompilerError) {
    guard count <= SectionLayout.maximumSteps else {
      throw .tooLarge(path: path, what: what, found: count, limit: SectionLayout.maximumSteps)
    }
  }
}

/// Pieces and scores in flat arrays: no object per piece.
package struct PieceList {
  private(set) var text: [UInt8] = []
  /// Piece i is `text[offsets[i] ..< offsets[i + 1]]`.
  private(set) var offsets: [UInt32] = [0]
  /// Under BPE all 0, and not stored.
  package private(set) var scores: [Double] = []

  package var count: Int { scores.count }
  var smallestScore: Double { scores.min() ?? 0 }

  mutating func reserve(_ pieces: Int) {
    scores.reserveCapacity(pieces)
    offsets.reserveCapacity(pieces + 1)
    text.reserveCapacity(8 * pieces)
  }

  mutating func append(_ piece: some Sequence<UInt8>, score: Double) {
    text.append(contentsOf: piece)
    offsets.append(UInt32(text.count))
    scores.append(score)
  }

  /// The bytes of piece `index`.
  package func bytes(_ index: Int) -> ArraySlice<UInt8> { text[Int(offsets[index])..<Int(offsets[index + 1])] }
}
