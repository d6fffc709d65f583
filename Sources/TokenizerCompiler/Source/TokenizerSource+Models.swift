import ModelCore
import Tokenization

/// Reading `model` of `tokenizer.json`.
extension TokenizerSource {
  mutating func readModel(_ model: JSONValue) throws(TokenizerCompilerError) {
    guard let type = model.member("type") else {
      // Files before tokenizers 0.10 have no type: the library tells the models apart by their members.
      return model.member("merges") == nil ? try readUnigram(model) : try readBytePairs(model)
    }
    switch type.string {
    case "Unigram": try readUnigram(model)
    case "BPE": try readBytePairs(model)
    default: throw type.refused(path: path, "\"Unigram\", \"BPE\"")
    }
  }

  private mutating func readUnigram(_ value: JSONValue) throws(TokenizerCompilerError) {
    try value.allowOnly(["type", "unk_id", "vocab", "byte_fallback"], path: path)
    try readPieces(value)
    guard let unknown = value.member("unk_id"), !unknown.isNull else {
      throw .unsupported(path: path, field: "model.unk_id", found: "null", supported: "the id of a piece")
    }
    let last = pieces.count - 1
    model = .unigram(
      unknownID: try reading { () throws(ModelCoreError) in try unknown.requireInt(in: 0...last) },
      hasByteFallback: try value.neededBool("byte_fallback", else: false))
  }

  /// The pieces of a Unigram model, with their scores: numbers as the library reads them, unless `score` does it otherwise.
  mutating func readPieces(
    _ model: JSONValue, score: (JSONValue) -> Double? = { $0.numberText.flatMap(TokenizersNumber.value) }
  ) throws(TokenizerCompilerError) {
    let vocabulary = try model.needed("vocab")
    guard let count = vocabulary.count else { throw .input(vocabulary.unexpected("an array")) }
    guard count > 0, count <= SectionLayout.maximumPieceCount else {
      throw .tooLarge(path: path, what: vocabulary.field, found: count, limit: SectionLayout.maximumPieceCount)
    }
    pieces.reserve(count)
    for index in 0..<count {
      let pair = vocabulary.element(index)
      guard pair.count == 2, let score = score(pair.element(1)), score.isFinite, let text = pair.element(0).string
      else { throw .input(pair.unexpected("a piece and its score")) }
      pieces.append(text.utf8, score: score)
    }
    try buildPieceTrie()
  }

  // MARK: BPE

  private mutating func readBytePairs(_ value: JSONValue) throws(TokenizerCompilerError) {
    try value.allowOnly(
      [
        "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
        "ignore_merges", "vocab", "merges",
      ], path: path)
    if let dropout = value.member("dropout"), !dropout.isNull, dropout.double != 0 {
      throw dropout.refused(path: path, "null")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = value.member(key), !affix.isNull, affix.string != "" { throw affix.refused(path: path, "null") }
    }
    var result = BytePairs()
    result.tokenCount = try readVocabulary(value.needed("vocab"))
    result.fusesUnknown = try value.optionalBool("fuse_unk")
    result.ignoresMerges = try value.optionalBool("ignore_merges")
    if let unknown = value.member("unk_token"), !unknown.isNull {
      result.unknownID = try unknownID(unknown)
    }
    model = .bytePairs(result)
    // A byte without a piece, and a way to spell it: the one case in which byte fallback would matter here.
    if let fallback = value.member("byte_fallback"), fallback.bool != false, !fallback.isNull,
      byteIDs().contains(SectionLayout.noID)
    {
      throw fallback.refused(path: path, "false, where bytes have no token")
    }
    result.merges = try readMerges(value.needed("merges"))
    model = .bytePairs(result)
  }

  private func unknownID(_ value: JSONValue) throws(TokenizerCompilerError) -> Int? {
    let token = try reading { () throws(ModelCoreError) in try value.requireString() }
    guard let id = pieceID(of: token) else {
      // The library fails only when it needs the token.
      if !byteIDs().contains(SectionLayout.noID) { return nil }
      throw .missingToken(path: path, token: token, purpose: value.field)
    }
    return id
  }

  /// Reads an object of ids by token, and returns how many there are.
  private mutating func readVocabulary(_ vocabulary: JSONValue) throws(TokenizerCompilerError) -> Int {
    guard vocabulary.isObject else { throw .input(vocabulary.unexpected("an object of ids by token")) }
    var tokens: [(id: Int, text: String)] = []
    for key in vocabulary.keys {
      let id = try reading { () throws(ModelCoreError) in
        try vocabulary.required(key).requireInt(in: 0...SectionLayout.maximumPieceCount - 1)
      }
      tokens.append((id, key))
    }
    guard let last = tokens.map(\.id).max() else { throw .input(vocabulary.unexpected("at least one token")) }
    // Ids may have gaps, but a file does not make a table grow beyond what it holds.
    guard last < 2 * tokens.count + 1_024 else {
      throw .tooLarge(
        path: path, what: "\(vocabulary.field): the largest id", found: last, limit: 2 * tokens.count + 1_023)
    }
    tokens.sort { $0.id < $1.id }
    pieces.reserve(last + 1)
    for token in tokens {
      guard token.id >= pieces.count, !token.text.isEmpty else {
        throw .invalidVocabulary(
          path: path, field: vocabulary.field, expected: "texts that are not empty, each with an id of its own",
          found: "\"\(token.text)\" with \(token.id)")
      }
      while pieces.count < token.id { pieces.append(EmptyCollection(), score: 0) }
      pieces.append(token.text.utf8, score: 0)
    }
    try buildPieceTrie()
    return tokens.count
  }

  /// Reads merges in either form: pairs of tokens, or both in a string with a space between them.
  private func readMerges(_ value: JSONValue) throws(TokenizerCompilerError) -> [MergeTableBuilder.Merge] {
    guard let count = value.count else { throw .input(value.unexpected("an array")) }
    guard count <= SectionLayout.maximumMergeSlots / 2 else {
      throw .tooLarge(path: path, what: value.field, found: count, limit: SectionLayout.maximumMergeSlots / 2)
    }
    let isLegacy = count > 0 && value.element(0).string != nil
    var merges: [MergeTableBuilder.Merge] = []
    merges.reserveCapacity(count)
    for index in 0..<count {
      let entry = value.element(index)
      // As in merges.txt, whose first line this is.
      if isLegacy, entry.string?.hasPrefix("#version") == true { continue }
      guard let (left, right) = Self.pair(entry, isLegacy: isLegacy) else {
        throw .input(entry.unexpected(isLegacy ? "two tokens with a space between them" : "a pair of tokens"))
      }
      merges.append(
        MergeTableBuilder.Merge(
          left: try mergeID(left, entry), right: try mergeID(right, entry), result: try mergeID(left + right, entry)))
    }
    return Self.withoutRepetitions(merges)
  }

  private static func pair(_ entry: JSONValue, isLegacy: Bool) -> (String, String)? {
    if isLegacy {
      let parts = entry.string?.split(separator: " ", omittingEmptySubsequences: false) ?? []
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
    guard entry.count == 2, let left = entry.element(0).string, let right = entry.element(1).string else { return nil }
    return (left, right)
  }

  private func mergeID(_ token: String, _ entry: JSONValue) throws(TokenizerCompilerError) -> UInt32 {
    guard let id = pieceID(of: token) else {
      throw .invalidVocabulary(
        path: path, field: entry.field, expected: "tokens that the vocabulary has, and so for both together",
        found: "\"\(token)\"")
    }
    return UInt32(id)
  }

  /// Of equal pairs the library keeps the last, with its rank.
  private static func withoutRepetitions(_ merges: [MergeTableBuilder.Merge]) -> [MergeTableBuilder.Merge] {
    var last: [UInt64: Int] = [:]
    last.reserveCapacity(merges.count)
    for (rank, merge) in merges.enumerated() { last[UInt64(merge.left) << 32 | UInt64(merge.right)] = rank }
    if last.count == merges.count { return merges }
    return merges.enumerated().filter { rank, merge in
      last[UInt64(merge.left) << 32 | UInt64(merge.right)] == rank
    }.map(\.element)
  }
}
