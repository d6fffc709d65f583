import Tokenization

/// Chunking by tokens: no word is cut that fits into a part.
extension PassComposer {
  /// A word with the white space before it, or a piece of a word that is longer than a part.
  private struct Piece {
    var range: Range<String.Index>
    var tokens: Int
  }

  /// The passes of all parts. Where the tokens of words do not add up to those of the part, it loses words until it fits.
  func tokenPasses(
    size: Int?, overlap: Int?, _ scratch: inout EncodingScratch
  ) throws(GLiClassError) -> [Prompt] {
    let room = try roomForText(&scratch)
    let size = min(size ?? room, room)
    let overlap = overlap ?? min(32, size / 4)
    guard overlap < size else { throw .invalidChunking(size: size, overlap: overlap) }
    let pieces = try pieces(of: request.text, size: size, &scratch)
    var passes: [Prompt] = []
    var start = 0
    var partCount = 0
    repeat {
      if partCount == Self.maximumParts { throw .tooManyParts(limit: Self.maximumParts) }
      var end = Self.end(of: pieces, from: start, size: size)
      var own = try self.passes(of: augmented(text(of: pieces[start..<end], isFirst: start == 0)), &scratch)
      while end - start > 1, own.contains(where: \.isTruncated) {
        end -= max(1, (end - start) / 8)
        own = try self.passes(of: augmented(text(of: pieces[start..<end], isFirst: start == 0)), &scratch)
      }
      passes += own
      partCount += 1
      if end >= pieces.count { return passes }
      start = Self.start(after: start..<end, of: pieces, overlap: overlap)
    } while true
  }

  /// Tokens left for the text in the fullest pass.
  private func roomForText(_ scratch: inout EncodingScratch) throws(GLiClassError) -> Int {
    let maximum = builder.rules.maximumLength
    let empty = try passes(of: augmented(""), &scratch)
    let room = maximum - (empty.map(\.ids.count).max() ?? 0)
    guard room > 0, !empty.contains(where: \.isTruncated) else { throw .noRoomForText(maximumLength: maximum) }
    return room
  }

  private func text(of pieces: ArraySlice<Piece>, isFirst: Bool) -> String {
    guard let first = pieces.first, let last = pieces.last else { return request.text }
    let text = request.text.unicodeScalars[first.range.lowerBound..<last.range.upperBound]
    return String(isFirst ? text : text.drop(while: \.properties.isWhitespace))
  }

  /// As many pieces as make up to `size` tokens, at least one where there is one.
  private static func end(of pieces: [Piece], from start: Int, size: Int) -> Int {
    var (end, tokens) = (start, 0)
    while end < pieces.count, end == start || tokens + pieces[end].tokens <= size {
      tokens += pieces[end].tokens
      end += 1
    }
    return end
  }

  /// Where the part behind `part` begins: as far back as `overlap` tokens reach, and always further on than `part`.
  private static func start(after part: Range<Int>, of pieces: [Piece], overlap: Int) -> Int {
    var (start, tokens) = (part.upperBound, 0)
    while start - 1 > part.lowerBound, tokens + pieces[start - 1].tokens <= overlap {
      start -= 1
      tokens += pieces[start].tokens
    }
    return start
  }

  /// The words of `text`; those of more than `size` tokens in pieces.
  private func pieces(
    of text: String, size: Int, _ scratch: inout EncodingScratch
  ) throws(GLiClassError) -> [Piece] {
    var pieces: [Piece] = []
    let scalars = text.unicodeScalars
    var start = scalars.startIndex
    while start < scalars.endIndex {
      let word = scalars[start...].firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
      let end = scalars[word...].firstIndex(where: \.properties.isWhitespace) ?? scalars.endIndex
      try append(start..<end, of: text, size, &scratch, to: &pieces)
      start = end
    }
    return pieces
  }

  /// Appends one word, halved until its pieces have at most `size` tokens or one character.
  private func append(
    _ range: Range<String.Index>, of text: String, _ size: Int, _ scratch: inout EncodingScratch,
    to pieces: inout [Piece]
  ) throws(GLiClassError) {
    let scalars = text.unicodeScalars[range]
    let tokens = try tokenCount(String(scalars), &scratch)
    let middle = scalars.index(scalars.startIndex, offsetBy: scalars.count / 2)
    guard tokens > size, middle > range.lowerBound else {
      pieces.append(Piece(range: range, tokens: tokens))
      return
    }
    try append(range.lowerBound..<middle, of: text, size, &scratch, to: &pieces)
    try append(middle..<range.upperBound, of: text, size, &scratch, to: &pieces)
  }

  private func tokenCount(_ text: String, _ scratch: inout EncodingScratch) throws(GLiClassError) -> Int {
    var text = text
    var ids: [Int32] = []
    let result: Result<Void, TokenizationError> = text.withUTF8 { bytes in
      do throws(TokenizationError) {
        return .success(
          try builder.tokenizer.encode(utf8: bytes, addTemplate: false, scratch: &scratch, into: &ids))
      } catch {
        return .failure(error)
      }
    }
    do throws(TokenizationError) { try result.get() } catch { throw .tokenization(error) }
    return ids.count
  }
}
