/// The Metaspace pre-tokenizer: spaces become a visible character, and every word begins with it.
struct Metaspace: Sendable {
  let scheme: PrependScheme
  let splits: Bool
  /// UTF-8 of the replacement character: 1 to 4 bytes.
  let replacement: [UInt8]

  /// Reads a step of kind 1.
  init(_ record: StepRecord, _ header: SectionHeader, field: String) throws(TokenizationError) {
    guard record.flags & ~SectionLayout.PreTokenizerStep.splits == 0, let scheme = PrependScheme(rawValue: record.a)
    else {
      throw .unsupported(
        path: header.path, field: field, found: "flags \(record.flags), scheme \(record.a)",
        supported: "flag 1 (split), schemes 0 to 2")
    }
    guard let scalar = Unicode.Scalar(record.b), scalar.value != 0, scalar.value != 0x20 else {
      throw .malformed(path: header.path, field: field, expected: "a replacement character", found: "\(record.b)")
    }
    self.scheme = scheme
    splits = record.flags & SectionLayout.PreTokenizerStep.splits != 0
    replacement = Array(String(scalar).utf8)
  }

  /// Rewrites the words of `text`.
  /// - Parameters:
  ///   - spans: the words.
  ///   - origin: bytes at the front of `text` that are aligned to the first character of the input.
  ///   - limit: the size of the new text beyond which no further word is rewritten.
  ///   - output: the new text, in place of what is there.
  ///   - words: the new words.
  /// - Returns: the new `origin`.
  func apply(
    to text: UnsafeBufferPointer<UInt8>, _ spans: borrowing ScratchBuffer<WordSpan>, origin: Int, limit: Int,
    into output: inout ScratchBuffer<UInt8>, _ words: inout ScratchBuffer<WordSpan>
  ) -> Int {
    output.removeAll()
    words.removeAll()
    output.reserve(text.count + 8)
    return replacement.withUnsafeBufferPointer { mark in
      var newOrigin = 0
      for span in spans.elements where output.count <= limit {
        let word = UnsafeBufferPointer(rebasing: text[span.range])
        rewrite(word, mark, origin: origin - Int(span.start), into: &output, &words, &newOrigin)
      }
      return newOrigin
    }
  }

  /// Appends what becomes of one word; `origin` counts from its beginning.
  @inline(__always) private func rewrite(
    _ text: UnsafeBufferPointer<UInt8>, _ mark: UnsafeBufferPointer<UInt8>, origin: Int,
    into output: inout ScratchBuffer<UInt8>, _ words: inout ScratchBuffer<WordSpan>, _ newOrigin: inout Int
  ) {
    var start = output.count
    let markLead = mark[0]
    if scheme == .always || scheme == .first && origin > 0, text[0] != 0x20, !text.begins(with: mark, at: 0) {
      output.append(contentsOf: mark)
    }
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == 0x20 || byte == markLead && text.begins(with: mark, at: index) {
        if splits, output.count > start {
          words.append(WordSpan(start, output.count))
          start = output.count
        }
        output.append(contentsOf: mark)
        index += byte == 0x20 ? 1 : mark.count
        if index <= origin { newOrigin = output.count }
      } else {
        let run = index
        repeat { index += 1 } while index < text.count && text[index] != 0x20 && text[index] != markLead
        output.append(contentsOf: UnsafeBufferPointer(rebasing: text[run..<index]))
        if run < origin { newOrigin = output.count - max(index - origin, 0) }
      }
    }
    words.append(WordSpan(start, output.count))
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether the bytes of `other` stand at `index`.
  @inline(__always) fileprivate func begins(with other: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    guard count - index >= other.count else { return false }
    for offset in 0..<other.count where self[index + offset] != other[offset] { return false }
    return true
  }
}
