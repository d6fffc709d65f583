/// Scores and texts of the pieces: views of the section.
struct PieceTable: @unchecked Sendable {
  let count: Int
  let unknownID: UInt32
  let unknownScore: Double
  /// Bytes of the longest piece: the bound of every walk through the piece trie.
  let longestPiece: Int
  // SAFETY: never written through; kept alive by the tokenizer that holds the view. Parts begin at multiples of 64.
  private let scores: UnsafeBufferPointer<UInt64>
  private let texts: TextTable

  init(_ header: SectionHeader) {
    count = header.summary.pieceCount
    unknownID = UInt32(header.summary.unknownID)
    unknownScore = header.unknownScore
    longestPiece = header.longestPiece
    scores = header.part(.pieceScores).bindMemory(to: UInt64.self)
    texts = TextTable(offsets: header.part(.pieceTextOffsets), text: header.part(.pieceText))
  }

  /// The score of piece `id`, or `nil` where there is no such piece.
  @inline(__always) func score(of id: UInt32) -> Double? {
    guard Int(id) < scores.count else { return nil }
    return Double(bitPattern: UInt64(littleEndian: scores[Int(id)]))
  }

  /// The text of piece `id`, or `nil` where there is none within the section.
  func text(of id: UInt32) -> UnsafeBufferPointer<UInt8>? { texts[Int(id)] }
}

/// Texts in one run of bytes, cut by ascending u32 offsets.
struct TextTable: @unchecked Sendable {
  // SAFETY: never written through; kept alive by the tokenizer that holds the view.
  private let offsets: UnsafeBufferPointer<UInt32>
  private let text: UnsafeBufferPointer<UInt8>

  init(offsets: UnsafeRawBufferPointer, text: UnsafeRawBufferPointer) {
    self.offsets = offsets.bindMemory(to: UInt32.self)
    self.text = text.bindMemory(to: UInt8.self)
  }

  /// Number of texts.
  var count: Int { max(offsets.count - 1, 0) }

  /// Text number `index`, or `nil` where its offsets do not lie in the text.
  @inline(__always) subscript(index: Int) -> UnsafeBufferPointer<UInt8>? {
    guard index >= 0, index < count else { return nil }
    let start = Int(UInt32(littleEndian: offsets[index]))
    let end = Int(UInt32(littleEndian: offsets[index + 1]))
    guard start <= end, end <= text.count else { return nil }
    return UnsafeBufferPointer(rebasing: text[start..<end])
  }
}
