import Tokenization

/// The parts of a section, from a source.
extension SectionWriter {
  init(_ source: TokenizerSource, _ markers: TokenizerCompiler.MarkerIDs) throws(TokenizerCompilerError) {
    self.init()
    typealias Field = SectionLayout.Field
    set(Field.libraryVersion, bytes: TokenizerCompiler.libraryVersion.utf8)
    set(Field.profile, source.profile.rawValue)
    set(Field.minor, source.fitsVersion1_0 ? 0 : SectionLayout.minorVersion)
    // So far the section has a vocabulary of one piece: enough to run the normalizer on added tokens.
    addPieces(PieceList(placeholder: "?"), trie: [], storesScores: true)
    setVocabulary(pieceCount: 1, size: 1, unknownID: 0, unknownScore: 0)
    var steps = StepRecords(source)
    try addUnicode(source, steps.patterns)
    try addCharsmap(source)
    add(.normalizer, steps.normalizer)
    set(Field.normalizerSteps, UInt32(source.normalizer.count))
    add(.addedTokenText, steps.texts)
    try addAddedTokens(source, &steps.texts)
    add(.preTokenizer, steps.preTokenizer)
    set(Field.preTokenizerSteps, UInt32(source.preTokenizer.count))
    try addModel(source)
    set(Field.addedTokenCount, UInt32(source.addedTokens.count))
    set(Field.templateBefore, UInt32(source.templateBefore.count))
    set(Field.templateAfter, UInt32(source.templateAfter.count))
    add(.template, words: (source.templateBefore + source.templateAfter).map(UInt32.init))
    set(Field.maximumLength, UInt32(source.maximumLength ?? 0))
    if let id = source.id(of: source.paddingToken) { set(Field.paddingID, UInt32(id)) }
    try setMarkers(source, markers)
  }

  private mutating func addModel(_ source: TokenizerSource) throws(TokenizerCompilerError) {
    let size = max(source.pieces.count, (source.addedTokens.map(\.id).max() ?? 0) + 1)
    switch source.model {
    case .unigram(let unknownID, let hasByteFallback):
      addPieces(source.pieces, trie: source.pieceTrie, storesScores: true)
      setVocabulary(
        pieceCount: source.pieces.count, size: size, unknownID: UInt32(unknownID),
        unknownScore: source.pieces.smallestScore - 10)
      guard hasByteFallback else { return }
      set(SectionLayout.Field.flags, SectionLayout.Flag.fuseUnknown | SectionLayout.Flag.byteFallback)
      add(.byteIDs, words: source.byteIDs())
    case .bytePairs(let model):
      set(SectionLayout.Field.kind, TokenizerModelKind.bytePairEncoding.rawValue)
      set(
        SectionLayout.Field.flags,
        (model.fusesUnknown ? SectionLayout.Flag.fuseUnknown : 0)
          | (model.ignoresMerges ? SectionLayout.Flag.ignoreMerges : 0))
      addPieces(source.pieces, trie: source.pieceTrie, storesScores: false)
      setVocabulary(
        pieceCount: source.pieces.count, size: size, unknownID: model.unknownID.map(UInt32.init) ?? SectionLayout.noID,
        unknownScore: 0)
      add(.byteIDs, words: source.byteIDs())
      add(.merges, words: model.merges.flatMap { [$0.left, $0.right, $0.result] })
      guard let table = MergeTableBuilder.build(model.merges) else {
        throw .tooLarge(
          path: source.path, what: "slots of the merge table", found: 2 * SectionLayout.maximumMergeSlots,
          limit: SectionLayout.maximumMergeSlots)
      }
      add(.mergeTable, words: model.merges.isEmpty ? [] : table)
    }
  }

  private mutating func setVocabulary(pieceCount: Int, size: Int, unknownID: UInt32, unknownScore: Double) {
    set(SectionLayout.Field.pieceCount, UInt32(pieceCount))
    set(SectionLayout.Field.vocabularySize, UInt32(size))
    set(SectionLayout.Field.unknownID, unknownID)
    set(SectionLayout.Field.unknownScore, unknownScore.bitPattern)
  }

  private mutating func addPieces(_ pieces: PieceList, trie: [UInt32], storesScores: Bool) {
    replace(.pieceTrie, trie.flatMapBytes { $0 })
    replace(.pieceScores, storesScores ? pieces.scores.flatMapBytes(\.bitPattern) : [])
    replace(.pieceTextOffsets, pieces.offsets.flatMapBytes { $0 })
    replace(.pieceText, pieces.text)
    let longest = (0..<pieces.count).map { pieces.bytes($0).count }.max() ?? 0
    set(SectionLayout.Field.longestPiece, UInt32(longest))
  }

  private mutating func addCharsmap(_ source: TokenizerSource) throws(TokenizerCompilerError) {
    guard source.normalizer.contains(.precompiled) else { return }
    let charsmap: Charsmap
    do throws(Charsmap.Invalid) {
      charsmap = try Charsmap(source.charsmap)
    } catch {
      throw .invalidCharsmap(path: source.path, field: source.charsmapField, reason: error.reason)
    }
    add(.charsmapTrie, words: try Self.trie(charsmap.keys, source, "units of the charsmap trie"))
    add(charsmap.replacements.map { Array($0) }, offsets: .replacementOffsets, text: .replacementText)
    let classes = ScalarClassTable.parts
    add(.scalarClassIndex, classes.index)
    add(.scalarClasses, classes.blocks)
    let unicode = ScalarClassData.unicodeVersion
    set(SectionLayout.Field.unicodeVersion, bytes: [unicode.0, unicode.1, unicode.2])
  }

  /// Adds texts one behind the other, with their offsets.
  mutating func add(_ texts: [[UInt8]], offsets: SectionLayout.Part, text: SectionLayout.Part) {
    var ends: [UInt32] = [0]
    var bytes: [UInt8] = []
    for item in texts {
      bytes += item
      ends.append(UInt32(bytes.count))
    }
    add(offsets, words: ends)
    add(text, bytes)
  }

  static func trie(
    _ keys: [([UInt8], UInt32)], _ source: TokenizerSource, _ what: String
  ) throws(TokenizerCompilerError) -> [UInt32] {
    guard let units = DoubleArrayBuilder.build(keys) else {
      throw .tooLarge(
        path: source.path, what: what, found: SectionLayout.maximumTrieUnits + 1, limit: SectionLayout.maximumTrieUnits)
    }
    return units
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
