import Tokenization

/// What ids are worth as a way through a text, by the scores of the source, added in binary64.
struct PathScore {
  private(set) var sum = 0.0
  /// The sum of the scores' magnitudes.
  private var magnitude = 0.0
  /// Pieces and unknown scalars on the way.
  private var steps = 0.0

  /// The best way through `text` that gives exactly `ids`, or `nil` where they do not spell it.
  ///
  /// Neighbouring unknown ids count as one, for any number of scalars.
  init?(of ids: [Int32], spelling text: [UInt8], _ pieces: ScoredPieces) {
    var reached = [0: PathScore()]
    for id in ids {
      var next: [Int: PathScore] = [:]
      for (position, score) in reached {
        if id == pieces.unknownID {
          score.addUnknownScalars(of: text, from: position, pieces, to: &next)
        } else {
          score.add(id, of: text, from: position, pieces, to: &next)
        }
      }
      reached = next
    }
    guard let whole = reached[text.count] else { return nil }
    self = whole
  }

  private init() {}

  /// How far the sums of two ways may lie apart where one is the best in binary32, as the library adds, and the other in binary64.
  ///
  /// A score, rounded to binary32, is wrong by at most 2^-24 of its magnitude, and that of unknown text, which the library computes in
  /// binary32 from such a one, by twice that. Each of the n additions is wrong by at most 2^-24 of a partial sum, which is at most the sum M of the
  /// magnitudes. So the library's sum for a way is off by at most (n + 2) 2^-24 M; the third takes what is of second order. Rounding
  /// is monotonic: the way it takes has the largest of its sums.
  func tolerance(with other: PathScore) -> Double {
    0x1p-24 * ((steps + 3) * magnitude + (other.steps + 3) * other.magnitude)
  }

  private mutating func add(_ score: Double) {
    sum += score
    magnitude += score.magnitude
    steps += 1
  }

  private func put(_ position: Int, _ next: inout [Int: PathScore]) {
    if let other = next[position], other.sum >= sum { return }
    next[position] = self
  }

  private func addUnknownScalars(
    of text: [UInt8], from start: Int, _ pieces: ScoredPieces, to next: inout [Int: PathScore]
  ) {
    var score = self
    var position = start
    while position < text.count {
      position = min(position + UTF8Scalars.length(lead: text[position]), text.count)
      score.add(pieces.unknownScore)
      score.put(position, &next)
    }
  }

  private func add(
    _ id: Int32, of text: [UInt8], from start: Int, _ pieces: ScoredPieces, to next: inout [Int: PathScore]
  ) {
    if let (piece, value) = pieces[id], !piece.isEmpty, text[start...].starts(with: piece) {
      var score = self
      score.add(value)
      score.put(start + piece.count, &next)
    }
    // A byte of an unknown scalar, which counts once.
    guard start < text.count, pieces.byteIDs[Int(text[start])] == id else { return }
    var score = self
    if text[start] & 0xC0 != 0x80 { score.add(pieces.unknownScore) }
    score.put(start + 1, &next)
  }
}

/// The pieces and scores of a source.
struct ScoredPieces {
  let unknownID: Int32
  let unknownScore: Double
  /// The id of each byte under byte fallback; elsewhere no piece's.
  let byteIDs: [Int32]
  private let pieces: PieceList

  init(_ source: TokenizerSource, unknownID: Int) {
    pieces = source.pieces
    self.unknownID = Int32(unknownID)
    unknownScore = source.pieces.smallestScore - 10
    byteIDs =
      source.givesUnknownBytes ? source.byteIDs().map { Int32(bitPattern: $0) } : [Int32](repeating: -1, count: 256)
  }

  /// Text and score of piece `id`, or `nil`.
  subscript(id: Int32) -> (text: ArraySlice<UInt8>, score: Double)? {
    guard id >= 0, Int(id) < pieces.count else { return nil }
    return (pieces.bytes(Int(id)), pieces.scores[Int(id)])
  }
}
