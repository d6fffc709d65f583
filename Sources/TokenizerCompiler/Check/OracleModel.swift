import Tokenization

/// A source as a SentencePiece model, in the wire format of sentencepiece_model.proto.
///
/// It is made from the pieces rather than taken from `spm.model`: so `tokenizer.json` alone is enough, and the library answers the question
/// that is asked. In an `spm.model` it would skip pieces of type UNUSED and prefer user-defined ones, which `tokenizers` does not.
///
/// Ids 0 … P−1 are those of the source, all pieces NORMAL (so the smallest score is that of `tokenizers`, which asks for no type). Id P is
/// unknown text. With byte fallback, P + 1 … P + 256 are the bytes.
struct OracleModel {
  /// The serialized model.
  let bytes: [UInt8]
  /// Whether the bytes are in it.
  let hasBytes: Bool
  /// For each piece, whether the library can find it in text.
  let isMatchable: [Bool]

  private enum Kind {
    static let normal: UInt8 = 1
    static let unknown: UInt8 = 2
    static let byte: UInt8 = 6
  }

  /// - Parameters:
  ///   - charsmap: the charsmap, checked; `nil` where there is none.
  ///   - splits: whether words begin at every ▁. No piece with one further on can be found then.
  init(_ source: TokenizerSource, _ charsmap: TraversableCharsmap?, splits: Bool) {
    let pieces = source.pieces
    var message: [UInt8] = []
    message.reserveCapacity(pieces.text.count + 16 * (pieces.count + 257) + (charsmap?.bytes.count ?? 0))
    var isMatchable = Self.isLastOfItsText(pieces)
    for id in 0..<pieces.count {
      let text = pieces.bytes(id)
      if text.isEmpty || splits && Self.hasInnerSpaceMark(text) { isMatchable[id] = false }
      // The library wants texts that are not empty and of which no two are equal. No text that is UTF-8 holds these.
      let name = isMatchable[id] ? text : ArraySlice([0xFF] + Array("\(id)".utf8))
      Self.append(piece: name, score: Float(pieces.scores[id]), Kind.normal, to: &message)
    }
    Self.append(piece: ArraySlice("<unk>".utf8), score: 0, Kind.unknown, to: &message)
    hasBytes = source.givesUnknownBytes
    if hasBytes {
      for name in TokenizerSource.bytePieceTexts {
        Self.append(piece: ArraySlice(name.utf8), score: 0, Kind.byte, to: &message)
      }
    }
    // trainer_spec: model_type = UNIGRAM, byte_fallback.
    Self.append(field: 2, hasBytes ? [0x18, 1, 0x98, 0x02, 1] : [0x18, 1], to: &message)
    var normalizer: [UInt8] = []
    if let charsmap { Self.append(field: 2, ArraySlice(charsmap.bytes), to: &normalizer) }
    // add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces.
    normalizer += [0x18, source.putsSpaceFirst ? 1 : 0, 0x20, source.removesExtraSpaces ? 1 : 0, 0x28, 1]
    Self.append(field: 3, ArraySlice(normalizer), to: &message)
    bytes = message
    self.isMatchable = isMatchable
  }

  private static func append(piece: ArraySlice<UInt8>, score: Float, _ kind: UInt8, to message: inout [UInt8]) {
    message.append(1 << 3 | 2)
    appendVarint(1 + varintSize(piece.count) + piece.count + 7, to: &message)
    append(field: 1, piece, to: &message)
    message.append(2 << 3 | 5)
    withUnsafeBytes(of: score.bitPattern.littleEndian) { message.append(contentsOf: $0) }
    message.append(3 << 3)
    message.append(kind)
  }

  private static func append(field: UInt8, _ content: ArraySlice<UInt8>, to message: inout [UInt8]) {
    message.append(field << 3 | 2)
    appendVarint(content.count, to: &message)
    message.append(contentsOf: content)
  }

  private static func appendVarint(_ value: Int, to message: inout [UInt8]) {
    var rest = value
    while rest > 0x7F {
      message.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    message.append(UInt8(rest))
  }

  private static func varintSize(_ value: Int) -> Int { value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : 3 }

  private static func hasInnerSpaceMark(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count > 3 else { return false }
    for index in text.startIndex + 1...text.endIndex - 3
    where text[index] == 0xE2 && text[index + 1] == 0x96 && text[index + 2] == 0x81 { return true }
    return false
  }

  /// For each piece, whether no later one has the same text. (Not asked of the trie: that is what is to be checked.)
  private static func isLastOfItsText(_ pieces: PieceList) -> [Bool] {
    var result = [Bool](repeating: true, count: pieces.count)
    var slotCount = 16
    while slotCount < 2 * pieces.count { slotCount *= 2 }
    var slots = [Int32](repeating: -1, count: slotCount)
    for id in (0..<pieces.count).reversed() {
      let text = pieces.bytes(id)
      var hasher = Hasher()
      text.withUnsafeBytes { hasher.combine(bytes: $0) }
      var slot = hasher.finalize() & (slotCount - 1)
      while slots[slot] >= 0, !pieces.bytes(Int(slots[slot])).elementsEqual(text) {
        slot = (slot + 1) & (slotCount - 1)
      }
      if slots[slot] >= 0 { result[id] = false } else { slots[slot] = Int32(id) }
    }
    return result
  }
}

extension TokenizerSource {
  /// Whether unknown text becomes its bytes, all of which have a piece.
  var givesUnknownBytes: Bool {
    guard case .unigram(_, true) = model else { return false }
    return !byteIDs().contains(SectionLayout.noID)
  }

  /// The Metaspace step, if there is one.
  var metaspace: Metaspace? {
    for case .metaspace(let step) in preTokenizer { return step }
    return nil
  }

  fileprivate var putsSpaceFirst: Bool { metaspace?.scheme != .never }

  /// Whether a step takes spaces away that the library would take away as "extra". What that means for a text is decided by comparing
  /// what both made of it; this only chooses between two ways to ask.
  fileprivate var removesExtraSpaces: Bool {
    normalizer.contains {
      if case .strip = $0 { true } else { $0 == .collapseSpaces }
    }
      || preTokenizer.contains {
        if case .split(_, .removed, _) = $0 { true } else { false }
      }
  }
}
