import Tokenization

/// Added tokens, and the tries that find them in text.
extension SectionWriter {
  mutating func addAddedTokens(
    _ source: TokenizerSource, _ text: inout [UInt8]
  ) throws(TokenizerCompilerError) {
    typealias Flag = SectionLayout.AddedToken
    let tokens = source.addedTokens.sorted { $0.id < $1.id }
    var records: [UInt8] = []
    let reader = try tokens.contains(where: \.normalized) ? partialReader(source) : nil
    var (rawKeys, normalizedKeys): ([([UInt8], UInt32)], [([UInt8], UInt32)]) = ([], [])
    for (index, token) in tokens.enumerated() {
      let content = Array(token.content.utf8)
      let key = token.normalized ? try normalized(token, reader) : content
      guard !content.contains(0), !key.contains(0), key.count <= SectionLayout.maximumKeySize,
        content.count <= SectionLayout.maximumKeySize
      else {
        throw .unsupported(
          path: source.path, field: "added token \(token.id)", found: "\(max(content.count, key.count)) bytes",
          supported: "at most \(SectionLayout.maximumKeySize) bytes without NUL")
      }
      let contentOffset = text.count
      text += content
      let keyOffset = key == content ? contentOffset : text.count
      if key != content { text += key }
      let flags =
        (token.singleWord ? Flag.singleWord : 0) | (token.leftStrip ? Flag.leftStrip : 0)
        | (token.rightStrip ? Flag.rightStrip : 0)
        | (token.normalized ? Flag.normalized : 0) | (token.special ? Flag.special : 0)
      let fields =
        [UInt32(token.id), flags] + [contentOffset, content.count, keyOffset, key.count, 0, 0].map(UInt32.init)
      records += fields.flatMapBytes { $0 }
      if token.normalized {
        normalizedKeys.append((key, UInt32(index)))
      } else {
        rawKeys.append((key, UInt32(index)))
      }
    }
    try checkKeys(rawKeys, tokens, source)
    try checkKeys(normalizedKeys, tokens, source)
    add(.addedTokens, records)
    replace(.addedTokenText, text)
    add(.addedTokenTrie, words: try Self.trie(rawKeys, source, "units of an added-token trie"))
    add(.normalizedAddedTokenTrie, words: try Self.trie(normalizedKeys, source, "units of an added-token trie"))
    let longest = (rawKeys + normalizedKeys).map(\.0.count).max() ?? 0
    set(SectionLayout.Field.longestAddedKey, UInt32(longest))
  }

  /// The library does not load a tokenizer in which nothing is left of a token, or two become the same.
  private func checkKeys(
    _ keys: [([UInt8], UInt32)], _ tokens: [TokenizerSource.AddedToken], _ source: TokenizerSource
  ) throws(TokenizerCompilerError) {
    var seen: Set<[UInt8]> = []
    for (key, index) in keys where key.isEmpty || !seen.insert(key).inserted {
      throw .invalidVocabulary(
        path: source.path, field: "added token \(tokens[Int(index)].id)",
        expected: "a normalized text that is not empty, and that no other added token has",
        found: "\"\(String(decoding: key, as: UTF8.self))\"")
    }
  }

  /// The reader itself on the section so far, to run its normalizer.
  private func partialReader(_ source: TokenizerSource) throws(TokenizerCompilerError) -> CompiledTokenizer {
    let partial = self
    return try CompiledTokenizer(written: partial.section(), path: source.path)
  }

  /// What the normalizer makes of an added token's content.
  private func normalized(
    _ token: TokenizerSource.AddedToken, _ reader: CompiledTokenizer?
  ) throws(TokenizerCompilerError) -> [UInt8] {
    guard let reader else { return Array(token.content.utf8) }
    do throws(TokenizationError) {
      return try reader.normalize(token.content)
    } catch TokenizationError.textTooLong(let bytes, let limit) {
      throw .tooLarge(
        path: reader.path, what: "added token \(token.id): bytes of its normalized text", found: bytes, limit: limit)
    } catch {
      throw .unreadable(error)
    }
  }
}
