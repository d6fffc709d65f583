import ModelCore

/// From text to ids, in the order of formats/tokenizer.md ("From text to ids").
extension CompiledTokenizer {
  /// The longest text that is tokenized in one call, in bytes of UTF-8.
  public static let maximumTextSize = 64 << 20

  /// The ids of `text`, with the template's tokens around them unless `addTemplate` is false.
  ///
  /// Prefer ``encode(utf8:addTemplate:limit:scratch:into:)`` where many texts are encoded.
  /// - Throws: ``TokenizationError/textTooLong(bytes:limit:)``, ``TokenizationError/corrupt(path:part:index:limit:)``.
  public func encode(_ text: String, addTemplate: Bool = true) throws(TokenizationError) -> [Int32] {
    var text = text
    var scratch = EncodingScratch(cachesWords: text.utf8.count > 1 << 16)
    let result: Result<[Int32], TokenizationError> = text.withUTF8 { bytes in
      var ids: [Int32] = []
      do throws(TokenizationError) {
        try appendIDs(ofValidUTF8: bytes, addTemplate: addTemplate, limit: .max, &scratch, &ids)
        return .success(ids)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Appends the ids of a text in UTF-8 to `ids`.
  /// - Parameters:
  ///   - bytes: the text.
  ///   - addTemplate: whether the template's tokens are put around it.
  ///   - limit: the number of ids of the text, without the template, after which the rest is left out.
  ///   - scratch: working memory, which the calls of one thread share.
  ///   - ids: what is appended to.
  /// - Throws: ``TokenizationError/invalidUTF8(offset:)``, ``TokenizationError/textTooLong(bytes:limit:)``,
  ///   ``TokenizationError/corrupt(path:part:index:limit:)``.
  public func encode(
    utf8 bytes: UnsafeBufferPointer<UInt8>, addTemplate: Bool = true, limit: Int = .max,
    scratch: inout EncodingScratch, into ids: inout [Int32]
  ) throws(TokenizationError) {
    if let offset = UTF8Scalars.firstInvalidOffset(bytes) { throw .invalidUTF8(offset: offset) }
    try appendIDs(ofValidUTF8: bytes, addTemplate: addTemplate, limit: limit, &scratch, &ids)
  }

  /// As ``encode(utf8:addTemplate:limit:scratch:into:)`` without the template, for bytes known to be UTF-8.
  func appendIDs(
    ofValidUTF8 text: [UInt8], limit: Int, _ scratch: inout EncodingScratch, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    try text.withBytes { bytes throws(TokenizationError) in
      try appendIDs(ofValidUTF8: bytes, addTemplate: false, limit: limit, &scratch, &ids)
    }
  }

  /// The main path: cut at added tokens, normalize, cut again, split into words, run the model.
  func appendIDs(
    ofValidUTF8 text: UnsafeBufferPointer<UInt8>, addTemplate: Bool, limit: Int, _ scratch: inout EncodingScratch,
    _ ids: inout [Int32]
  ) throws(TokenizationError) {
    guard text.count <= Self.maximumTextSize else {
      throw .textTooLong(bytes: text.count, limit: Self.maximumTextSize)
    }
    // Also where it fails: what is too long has used most.
    defer { scratch.trim() }
    if scratch.cachesWords { scratch.model.cache.prepare(for: self) }
    if addTemplate { ids += templateBefore }
    let start = ids.count
    let end = start.addingReportingOverflow(max(limit, 0))
    let fullCount = end.overflow ? Int.max : end.partialValue
    let firstScalar = text.first.map { UTF8Scalars.length(lead: $0) } ?? 0
    var growth = GrowthAllowance(textSize: text.count)
    try appendSegments(of: text, with: addedTokens.rawMatcher, &ids, fullCount) {
      segment, offset, ids throws(TokenizationError) in
      let normalized = try normalizer.run(
        on: segment, origin: offset == 0 ? firstScalar : 0, &scratch.normalization, &growth)
      try appendSegments(of: normalized.text, with: addedTokens.normalizedMatcher, &ids, fullCount) {
        segment, offset, ids throws(TokenizationError) in
        let words = try preTokenizer.run(on: segment, origin: normalized.origin - offset, &scratch.words, &growth)
        try appendWords(scratch.words.spans, of: words, fullCount, &scratch.model, &ids)
      }
    }
    if ids.count > fullCount { ids.removeLast(ids.count - fullCount) }
    if addTemplate { ids += templateAfter }
  }

  /// What the normalizer makes of `text` as one segment.
  package func normalize(_ text: String) throws(TokenizationError) -> [UInt8] {
    var text = text
    var scratch = EncodingScratch()
    let result: Result<[UInt8], TokenizationError> = text.withUTF8 { bytes in
      var growth = GrowthAllowance(textSize: bytes.count)
      do throws(TokenizationError) {
        return .success(Array(try normalizer.run(on: bytes, origin: 0, &scratch.normalization, &growth).text))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private typealias SegmentBody = (
    _ segment: UnsafeBufferPointer<UInt8>, _ offset: Int, _ ids: inout [Int32]
  ) throws(TokenizationError) -> Void

  /// Appends the ids of added tokens in `text`, and lends `body` the non-empty segments between them.
  private func appendSegments(
    of text: UnsafeBufferPointer<UInt8>, with matcher: AddedTokenMatcher, _ ids: inout [Int32], _ fullCount: Int,
    _ body: SegmentBody
  ) throws(TokenizationError) {
    var done = 0
    var searchFrom = 0
    // Where white space that was looked at ends. Keys within it do not go over it again: a million would take hours.
    var whiteSpaceEnd = 0
    while ids.count < fullCount, let match = matcher.next(in: text, from: searchFrom) {
      searchFrom = match.end
      guard let record = addedTokens.record(Int(match.value)), Int(record.id) < summary.vocabularySize else {
        throw corrupt(.addedTokens, index: Int(match.value), limit: addedTokens.count)
      }
      if record.isSingleWord, isInsideWord(match, of: text) { continue }
      var (start, end) = (match.start, match.end)
      if record.stripsLeft {
        start = UTF8Scalars.whiteSpaceStart(in: text, before: max(start, done), from: done)
      }
      if record.stripsRight {
        end = UTF8Scalars.whiteSpaceEnd(in: text, from: max(end, whiteSpaceEnd))
        whiteSpaceEnd = end
      }
      // The match before may have taken all of this one with its white space.
      if start >= end { continue }
      if done < start { try body(UnsafeBufferPointer(rebasing: text[done..<start]), done, &ids) }
      ids.append(Int32(bitPattern: record.id))
      done = end
    }
    guard ids.count < fullCount, done < text.count else { return }
    try body(UnsafeBufferPointer(rebasing: text[done...]), done, &ids)
  }

  /// Whether a word character stands before or behind the match.
  private func isInsideWord(_ match: AddedTokenMatcher.Match, of text: UnsafeBufferPointer<UInt8>) -> Bool {
    func isWord(at index: Int) -> Bool {
      properties.properties(of: UTF8Scalars.decode(text, at: index).scalar) & SectionLayout.Property.word != 0
    }
    if match.start > 0, isWord(at: UTF8Scalars.start(ofScalarBefore: match.start, in: text, from: 0)) { return true }
    return match.end < text.count && isWord(at: match.end)
  }

  /// The model on every word.
  func appendWords(
    _ spans: borrowing ScratchBuffer<WordSpan>, of text: UnsafeBufferPointer<UInt8>, _ fullCount: Int,
    _ scratch: inout ModelScratch, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    for span in spans.elements {
      try appendWord(UnsafeBufferPointer(rebasing: text[span.range]), &scratch, &ids)
      guard ids.count < fullCount else { return }
    }
  }

  /// The ids of one word, from the cache where it knows them.
  @inline(__always) private func appendWord(
    _ word: UnsafeBufferPointer<UInt8>, _ scratch: inout ModelScratch, _ ids: inout [Int32]
  ) throws(TokenizationError) {
    guard let key = WordCache.key(word) else { return try model.appendIDs(of: word, &scratch, &ids) }
    if scratch.cache.append(key, to: &ids) { return }
    let first = ids.count
    try model.appendIDs(of: word, &scratch, &ids)
    scratch.cache.insert(key, ids, from: first)
  }
}

extension [UInt8] {
  /// `withUnsafeBufferPointer` with typed errors.
  @inline(__always) fileprivate func withBytes(
    _ body: (UnsafeBufferPointer<UInt8>) throws(TokenizationError) -> Void
  ) throws(TokenizationError) {
    let result: Result<Void, TokenizationError> = withUnsafeBufferPointer { bytes in
      do throws(TokenizationError) {
        return .success(try body(bytes))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
