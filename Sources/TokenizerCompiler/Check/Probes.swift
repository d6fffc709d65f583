import Tokenization

/// The strings that both are asked: fixed ones, the charsmap's own keys, and the vocabulary's own pieces. They depend on the source alone.
struct Probes {
  private(set) var texts = ProbeTexts.all

  /// Of larger vocabularies every second, third, … piece is used.
  private static let maximumPieces = 32_768
  private static let wordsPerText = 16
  private static let triplesPerText = 8
  private static let keysPerText = 16

  /// - Parameter isPlain: whether a text must be normalized in the same way by both.
  init(
    _ source: TokenizerSource, _ charsmap: TraversableCharsmap?, _ tokenizer: CompiledTokenizer,
    isPlain: (String) -> Bool
  ) {
    if let charsmap { addKeys(charsmap.scalarKeys, isPlain) }
    addPieces(Self.pieceTexts(source, tokenizer))
  }

  /// Keys between letters; those that may be normalized differently apart from the others.
  private mutating func addKeys(_ keys: [[UInt8]], _ isPlain: (String) -> Bool) {
    var (plain, other): ([String], [String]) = ([], [])
    for key in keys {
      let text = String(decoding: key, as: UTF8.self)
      if isPlain("a\(text)a") { plain.append(text) } else { other.append(text) }
    }
    for keys in [plain, other] {
      addGroups(of: keys, Self.keysPerText) { "a\($0.joined(separator: "a"))a" }
    }
  }

  /// Every piece as a word of its own, and in a word with two others from elsewhere in the vocabulary.
  private mutating func addPieces(_ pieces: [String]) {
    addGroups(of: pieces, Self.wordsPerText) { words in
      words.map { $0.first == " " ? String($0.dropFirst()) : $0 }.joined(separator: " ")
    }
    let third = pieces.count / 3
    let triples = (0..<third).map { "\(pieces[$0])\(pieces[$0 + third])\(pieces[$0 + 2 * third])" }
    addGroups(of: triples, Self.triplesPerText) { $0.joined(separator: " ") }
  }

  private mutating func addGroups(of items: [String], _ size: Int, _ text: (ArraySlice<String>) -> String) {
    for start in stride(from: 0, to: items.count, by: size) {
      texts.append(text(items[start..<min(start + size, items.count)]))
    }
  }

  /// Texts of pieces, with spaces for ▁, without those that are no text of their own: bytes that are not UTF-8, added tokens and the unknown piece.
  private static func pieceTexts(_ source: TokenizerSource, _ tokenizer: CompiledTokenizer) -> [String] {
    let pieces = source.pieces
    let step = (pieces.count + maximumPieces - 1) / maximumPieces
    return stride(from: 0, to: pieces.count, by: max(step, 1)).compactMap { id in
      let bytes = pieces.bytes(id)
      let isText = bytes.withUnsafeBufferPointer {
        !$0.isEmpty && UTF8Scalars.firstInvalidOffset($0) == nil && !tokenizer.hasAddedToken(in: $0)
      }
      guard isText, tokenizer.summary.unknownID != Int32(id) else { return nil }
      var text: [UInt8] = []
      var rest = bytes
      while let byte = rest.first {
        if rest.starts(with: [0xE2, 0x96, 0x81]) {
          text.append(0x20)
          rest = rest.dropFirst(3)
        } else {
          text.append(byte)
          rest = rest.dropFirst()
        }
      }
      return String(decoding: text, as: UTF8.self)
    }
  }
}
