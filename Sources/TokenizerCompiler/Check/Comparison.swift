import Tokenization

/// Compares probe strings, one after the other, and counts.
struct Comparison {
  private(set) var agreement = SentencePieceAgreement()

  private let tokenizer: CompiledTokenizer
  private let oracle: SentencePieceOracle
  private let path: String
  private let pieces: ScoredPieces
  private let unknownText: [UInt8]
  private let cutsWordsAtSpaces: Bool
  private let plain: PlainNormalization?
  private var scratch = WorkingMemory()
  private var trace = EncodingTrace()
  private var encoding = SentencePieceOracle.Encoding()
  private var isSeen: [Bool]

  /// Held by a class because a structure with it could not be copied.
  private final class WorkingMemory {
    var encoding = EncodingScratch()
  }

  init(
    _ tokenizer: CompiledTokenizer, _ source: TokenizerSource, _ oracle: SentencePieceOracle, unknownID: Int,
    _ charsmap: TraversableCharsmap?
  ) {
    self.tokenizer = tokenizer
    self.oracle = oracle
    path = source.path
    pieces = ScoredPieces(source, unknownID: unknownID)
    unknownText = Array(source.pieces.bytes(unknownID))
    cutsWordsAtSpaces = source.cutsWordsAtSpaces
    plain = PlainNormalization(source, charsmap)
    isSeen = [Bool](repeating: false, count: source.pieces.count)
  }

  /// Whether both must normalize `text` to the same.
  func isPlain(_ text: String) -> Bool { plain?.expected(of: text) != nil }

  /// Compares one string. Strings with added tokens, and with the text of the unknown piece (which is a piece for `tokenizers` only), are left out.
  /// - Throws: ``TokenizerCompilerError/disagreement(path:_:)``.
  mutating func compare(_ probe: String) throws(TokenizerCompilerError) {
    guard try traceAndEncode(probe), Self.places(of: unknownText, in: trace.text).isEmpty else { return }
    agreement.probed += 1
    let found = withoutRepeatedUnknown(trace.ids)
    let expected = withoutRepeatedUnknown(encoding.ids.map(sourceID))
    guard trace.text == encoding.normalized else { return try countDifferent(probe, found == expected) }
    guard hasLibraryWords else { return countDifferent(found == expected) }
    if found == expected {
      agreement.equal += 1
    } else {
      guard isTie(found, expected) else {
        throw .disagreement(path: path, .ids(text: probe, expected: expected, found: found))
      }
      agreement.ties += 1
    }
    for id in found where id >= 0 && Int(id) < isSeen.count && !isSeen[Int(id)] {
      isSeen[Int(id)] = true
      agreement.seenPieces += 1
    }
  }

  /// - Returns: whether both had something to say.
  private mutating func traceAndEncode(_ probe: String) throws(TokenizerCompilerError) -> Bool {
    var probe = probe
    let result: Result<Bool, TokenizationError> = probe.withUTF8 { bytes in
      do throws(TokenizationError) {
        guard try tokenizer.trace(utf8: bytes, scratch: &scratch.encoding, into: &trace) else { return .success(false) }
        return .success(oracle.encode(bytes, into: &encoding))
      } catch TokenizationError.textTooLong {
        // Its steps make more of a probe than a reader takes: no answer, and no defect.
        return .success(false)
      } catch {
        return .failure(error)
      }
    }
    do throws(TokenizationError) { return try result.get() } catch { throw .unreadable(error) }
  }

  /// The normalized texts differ, which they may unless the string is plain.
  private mutating func countDifferent(_ probe: String, _ sameIDs: Bool) throws(TokenizerCompilerError) {
    if let expected = plain?.expected(of: probe), encoding.normalized == expected {
      throw .disagreement(
        path: path,
        .normalized(
          text: probe, expected: String(decoding: expected, as: UTF8.self),
          found: String(decoding: trace.text, as: UTF8.self)))
    }
    countDifferent(sameIDs)
  }

  private mutating func countDifferent(_ sameIDs: Bool) {
    agreement.normalizedDifferently += 1
    if !sameIDs { agreement.withOtherIDs += 1 }
  }

  /// Whether words begin where nothing that the library could find goes on: at every ▁, or only at the start.
  private var hasLibraryWords: Bool {
    guard cutsWordsAtSpaces else { return trace.wordStarts.count <= 1 }
    let marks = Self.places(of: [0xE2, 0x96, 0x81], in: trace.text)
    return marks.drop { $0 == 0 } == trace.wordStarts.drop { $0 == 0 }
  }

  /// Where `part`, if it is not empty, stands in `text`.
  private static func places(of part: [UInt8], in text: [UInt8]) -> [Int] {
    var places: [Int] = []
    guard let first = part.first else { return places }
    text.withUnsafeBufferPointer { text in
      var index = 0
      while index <= text.count - part.count {
        if text[index] == first, text[index..<index + part.count].elementsEqual(part) { places.append(index) }
        index += 1
      }
    }
    return places
  }

  /// The id in the source of an id of the library's model.
  private func sourceID(_ id: Int32) -> Int32 {
    let count = Int32(isSeen.count)
    if id < count { return id }
    return id == count ? pieces.unknownID : pieces.byteIDs[Int(id - count - 1) & 0xFF]
  }

  /// The library fuses unknown text across words too.
  private func withoutRepeatedUnknown(_ ids: [Int32]) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(ids.count)
    for id in ids where id != pieces.unknownID || result.last != id { result.append(id) }
    return result
  }

  private func isTie(_ found: [Int32], _ expected: [Int32]) -> Bool {
    guard let mine = PathScore(of: found, spelling: trace.text, pieces),
      let other = PathScore(of: expected, spelling: trace.text, pieces)
    else { return false }
    return (mine.sum - other.sum).magnitude <= mine.tolerance(with: other)
  }
}
