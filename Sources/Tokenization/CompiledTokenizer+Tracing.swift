/// One text on its way to ids, for the check at conversion: what the normalizer and the pre-tokenizer made of it.
package struct EncodingTrace {
  /// The words, one behind the other.
  package fileprivate(set) var text: [UInt8] = []
  /// Where in ``text`` each word begins.
  package fileprivate(set) var wordStarts: [Int] = []
  /// The ids, without the template.
  package fileprivate(set) var ids: [Int32] = []

  package init() {}

  fileprivate mutating func setWords(
    _ spans: borrowing ScratchBuffer<WordSpan>, of text: UnsafeBufferPointer<UInt8>
  ) {
    for span in spans.elements {
      wordStarts.append(self.text.count)
      self.text.append(contentsOf: text[span.range])
    }
  }

  fileprivate mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    wordStarts.removeAll(keepingCapacity: true)
    ids.removeAll(keepingCapacity: true)
  }
}

extension CompiledTokenizer {
  /// Encodes a text that has no added tokens, and keeps the words that went into the model.
  /// - Returns: whether the text has none; otherwise `trace` is empty.
  /// - Throws: as ``encode(utf8:addTemplate:limit:scratch:into:)``.
  package func trace(
    utf8 bytes: UnsafeBufferPointer<UInt8>, scratch: inout EncodingScratch, into trace: inout EncodingTrace
  ) throws(TokenizationError) -> Bool {
    trace.removeAll()
    if addedTokens.rawMatcher.next(in: bytes, from: 0) != nil { return false }
    let origin = bytes.first.map { UTF8Scalars.length(lead: $0) } ?? 0
    var growth = GrowthAllowance(textSize: bytes.count)
    let normalized = try normalizer.run(on: bytes, origin: origin, &scratch.normalization, &growth)
    if addedTokens.normalizedMatcher.next(in: normalized.text, from: 0) != nil { return false }
    if !normalized.text.isEmpty {
      let words = try preTokenizer.run(on: normalized.text, origin: normalized.origin, &scratch.words, &growth)
      trace.setWords(scratch.words.spans, of: words)
      if scratch.cachesWords { scratch.model.cache.prepare(for: self) }
      try appendWords(scratch.words.spans, of: words, .max, &scratch.model, &trace.ids)
    }
    return true
  }

  /// Whether an added token's text is found in `bytes`, whether those are raw or normalized text.
  package func hasAddedToken(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    addedTokens.rawMatcher.next(in: bytes, from: 0) != nil
      || addedTokens.normalizedMatcher.next(in: bytes, from: 0) != nil
  }

  /// The id that the trie of pieces gives for exactly this text, or `nil`.
  package func pieceID(ofUTF8 bytes: UnsafeBufferPointer<UInt8>) -> UInt32? { pieceTrie.value(forKey: bytes) }

  /// The score of piece `id`, or `nil` where there is no such piece or the model has no scores.
  package func pieceScore(of id: Int) -> Double? {
    guard case .unigram(let model) = model, let id = UInt32(exactly: id) else { return nil }
    return model.score(of: id)
  }
}
