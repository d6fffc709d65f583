import Tokenization

/// A tokenizer as its files describe it, once everything unknown has been refused: what both kinds of source become
/// before a section is written.
struct TokenizerSource {
  /// An added token, in the order of the source.
  struct AddedToken: Equatable {
    var id: Int
    var content: String
    var leftStrip = false
    var rightStrip = false
    var normalized = false
    var special = false
  }

  enum NormalizerStep: Equatable {
    case strip(left: Bool, right: Bool)
    case precompiled
    case collapseSpaces
  }

  /// The Metaspace pre-tokenizer.
  struct Metaspace: Equatable {
    var replacement: Unicode.Scalar = "\u{2581}"
    var scheme = PrependScheme.always
    var splits = true
  }

  /// The file, for error messages.
  let path: String
  var pieces = PieceList()
  /// Units of the trie of all pieces.
  private(set) var pieceTrie: [UInt32] = []
  var unknownID = 0
  var normalizer: [NormalizerStep] = []
  var charsmap: [UInt8] = []
  /// The field that holds the charsmap, for error messages.
  var charsmapField = "precompiled_charsmap"
  var metaspace: Metaspace?
  var addedTokens: [AddedToken] = []
  var templateBefore: [Int] = []
  var templateAfter: [Int] = []
  var maximumLength: Int?

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
}

/// Pieces and scores in flat arrays: no object per piece.
struct PieceList {
  private(set) var text: [UInt8] = []
  /// Piece i is `text[offsets[i] ..< offsets[i + 1]]`.
  private(set) var offsets: [UInt32] = [0]
  private(set) var scores: [Double] = []

  var count: Int { scores.count }
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
  func bytes(_ index: Int) -> ArraySlice<UInt8> { text[Int(offsets[index])..<Int(offsets[index + 1])] }
}
