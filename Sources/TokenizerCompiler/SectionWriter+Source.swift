import Tokenization

/// The parts of a section, from a source.
extension SectionWriter {
  init(_ source: TokenizerSource, _ markers: TokenizerCompiler.MarkerIDs) throws(TokenizerCompilerError) {
    self.init()
    typealias Field = SectionLayout.Field
    set(Field.libraryVersion, bytes: TokenizerCompiler.libraryVersion.utf8)
    let unicode = ScalarClassData.unicodeVersion
    set(Field.unicodeVersion, bytes: [unicode.0, unicode.1, unicode.2])
    try addNormalizer(source)
    addPreTokenizer(source)
    // So far the section has a vocabulary of one piece: enough to run the normalizer on added tokens.
    addPieces(PieceList(placeholder: "?"), trie: [])
    setVocabulary(pieceCount: 1, size: 1, unknownID: 0, unknownScore: 0)
    try addAddedTokens(source)
    addPieces(source.pieces, trie: source.pieceTrie)
    let size = max(source.pieces.count, (source.addedTokens.map(\.id).max() ?? 0) + 1)
    setVocabulary(
      pieceCount: source.pieces.count, size: size, unknownID: source.unknownID,
      unknownScore: source.pieces.smallestScore - 10)
    set(Field.addedTokenCount, UInt32(source.addedTokens.count))
    set(Field.templateBefore, UInt32(source.templateBefore.count))
    set(Field.templateAfter, UInt32(source.templateAfter.count))
    add(.template, words: (source.templateBefore + source.templateAfter).map(UInt32.init))
    set(Field.maximumLength, UInt32(source.maximumLength ?? 0))
    if let id = source.id(of: "[PAD]") { set(Field.paddingID, UInt32(id)) }
    try setMarkers(source, markers)
  }

  private mutating func setVocabulary(pieceCount: Int, size: Int, unknownID: Int, unknownScore: Double) {
    set(SectionLayout.Field.pieceCount, UInt32(pieceCount))
    set(SectionLayout.Field.vocabularySize, UInt32(size))
    set(SectionLayout.Field.unknownID, UInt32(unknownID))
    set(SectionLayout.Field.unknownScore, unknownScore.bitPattern)
  }

  private mutating func addPieces(_ pieces: PieceList, trie: [UInt32]) {
    replace(.pieceTrie, trie.flatMapBytes { $0 })
    replace(.pieceScores, pieces.scores.flatMapBytes(\.bitPattern))
    replace(.pieceTextOffsets, pieces.offsets.flatMapBytes { $0 })
    replace(.pieceText, pieces.text)
    let longest = (0..<pieces.count).map { pieces.bytes($0).count }.max() ?? 0
    set(SectionLayout.Field.longestPiece, UInt32(longest))
  }

  private mutating func addNormalizer(_ source: TokenizerSource) throws(TokenizerCompilerError) {
    typealias Kind = SectionLayout.NormalizerStep
    var records: [UInt8] = []
    for step in source.normalizer {
      let (kind, flags): (UInt16, UInt16) =
        switch step {
        case .strip(let left, let right):
          (Kind.strip, (left ? Kind.stripLeft : 0) | (right ? Kind.stripRight : 0))
        case .precompiled: (Kind.precompiled, 0)
        case .collapseSpaces: (Kind.collapseSpaces, 0)
        }
      records += Self.step(kind, flags, 0, 0)
    }
    add(.normalizer, records)
    set(SectionLayout.Field.normalizerSteps, UInt32(source.normalizer.count))
    guard source.normalizer.contains(.precompiled) else { return }
    let charsmap: Charsmap
    do throws(Charsmap.Invalid) {
      charsmap = try Charsmap(source.charsmap)
    } catch {
      throw .invalidCharsmap(path: source.path, field: source.charsmapField, reason: error.reason)
    }
    add(.charsmapTrie, words: try Self.trie(charsmap.keys, source, "units of the charsmap trie"))
    var offsets: [UInt32] = [0]
    var text: [UInt8] = []
    for replacement in charsmap.replacements {
      text += replacement
      offsets.append(UInt32(text.count))
    }
    add(.replacementOffsets, words: offsets)
    add(.replacementText, text)
    let classes = ScalarClassTable.make()
    add(.scalarClassIndex, classes.index)
    add(.scalarClasses, classes.blocks)
  }

  private static func step(_ kind: UInt16, _ flags: UInt16, _ a: UInt32, _ b: UInt32) -> [UInt8] {
    [kind, flags].flatMapBytes { $0 } + [a, b, 0].flatMapBytes { $0 }
  }

  private static func trie(
    _ keys: [([UInt8], UInt32)], _ source: TokenizerSource, _ what: String
  ) throws(TokenizerCompilerError) -> [UInt32] {
    guard let units = DoubleArrayBuilder.build(keys) else {
      throw .tooLarge(
        path: source.path, what: what, found: SectionLayout.maximumTrieUnits + 1, limit: SectionLayout.maximumTrieUnits)
    }
    return units
  }

  private mutating func addPreTokenizer(_ source: TokenizerSource) {
    guard let metaspace = source.metaspace else { return }
    let flags = metaspace.splits ? SectionLayout.PreTokenizerStep.splits : 0
    add(
      .preTokenizer,
      Self.step(
        SectionLayout.PreTokenizerStep.metaspace, flags, metaspace.scheme.rawValue, metaspace.replacement.value))
    set(SectionLayout.Field.preTokenizerSteps, UInt32(1))
  }

  private mutating func addAddedTokens(_ source: TokenizerSource) throws(TokenizerCompilerError) {
    typealias Flag = SectionLayout.AddedToken
    let tokens = source.addedTokens.sorted { $0.id < $1.id }
    var (records, text): ([UInt8], [UInt8]) = ([], [])
    var (rawKeys, normalizedKeys): ([([UInt8], UInt32)], [([UInt8], UInt32)]) = ([], [])
    for (index, token) in tokens.enumerated() {
      let content = Array(token.content.utf8)
      let key = token.normalized ? try normalized(token, source) : content
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
        (token.leftStrip ? Flag.leftStrip : 0) | (token.rightStrip ? Flag.rightStrip : 0)
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
    add(.addedTokens, records)
    add(.addedTokenText, text)
    add(.addedTokenTrie, words: try Self.trie(rawKeys, source, "units of an added-token trie"))
    add(.normalizedAddedTokenTrie, words: try Self.trie(normalizedKeys, source, "units of an added-token trie"))
    let longest = (rawKeys + normalizedKeys).map(\.0.count).max() ?? 0
    set(SectionLayout.Field.longestAddedKey, UInt32(longest))
  }

  /// What the normalizer makes of an added token's content: run by the reader itself on the section so far.
  private func normalized(
    _ token: TokenizerSource.AddedToken, _ source: TokenizerSource
  ) throws(TokenizerCompilerError) -> [UInt8] {
    do throws(TokenizationError) {
      let partial = self
      return try CompiledTokenizer(copying: partial.section(), path: source.path).normalize(token.content)
    } catch {
      throw .unreadable(error)
    }
  }

  private mutating func setMarkers(
    _ source: TokenizerSource, _ markers: TokenizerCompiler.MarkerIDs
  ) throws(TokenizerCompilerError) {
    let fields: [(Int, String, String, Int?, Bool)] = [
      (SectionLayout.Field.labelID, "<<LABEL>>", "class_token_index", markers.label, true),
      (SectionLayout.Field.separatorID, "<<SEP>>", "text_token_index", markers.separator, true),
      (SectionLayout.Field.exampleID, "<<EXAMPLE>>", "example_token_index", markers.example, false),
    ]
    for (field, content, name, given, isRequired) in fields {
      let known = source.addedTokens.first { $0.id == given || given == nil && $0.content == content }
      if let known {
        set(field, UInt32(known.id))
      } else if let given, isRequired {
        throw .missingToken(path: source.path, token: "with id \(given)", purpose: name)
      }
    }
  }
}

extension PieceList {
  /// A list of one piece.
  init(placeholder: String) {
    append(placeholder.utf8, score: 0)
  }
}
