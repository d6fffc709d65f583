import Tokenization

/// Which tokens of a tokenizer are kept when its vocabulary is made smaller.
package struct TokenSelection: Sendable {
  /// One for every id.
  private var isKept: [Bool]
  /// Tokens that are kept.
  package private(set) var count = 0

  /// The tokens that are always kept: pieces of one character, those that stand for bytes, added tokens (special or not), those of the
  /// template, the padding token and the unknown one. So every text that had ids still has some.
  package init(alwaysKeptOf source: TokenizerSource) {
    isKept = Array(repeating: false, count: source.idCount)
    for id in 0..<source.pieces.count where Self.isOneScalar(source.pieces.bytes(id)) { insert(id) }
    for id in source.byteIDs() where id != SectionLayout.noID { insert(Int(id)) }
    for token in source.addedTokens { insert(token.id) }
    for id in source.templateBefore + source.templateAfter { insert(id) }
    if let id = source.id(of: source.paddingToken) { insert(id) }
    switch source.model {
    case .unigram(let unknownID, _): insert(unknownID)
    case .bytePairs(let model): if let id = model.unknownID { insert(id) }
    }
  }

  /// Ids that there can be: 0 up to here.
  package var idCount: Int { isKept.count }

  /// Keeps the token `id`; ids that there are none of are left alone.
  package mutating func insert(_ id: Int) {
    guard isKept.indices.contains(id), !isKept[id] else { return }
    isKept[id] = true
    count += 1
  }

  /// Whether the token `id` is kept.
  package func contains(_ id: Int) -> Bool { isKept.indices.contains(id) && isKept[id] }

  /// The tokens that are kept, ascending.
  package var ids: [Int] { isKept.indices.filter { isKept[$0] } }

  /// Adds what the tokens that are kept cannot do without: to be called once all others are there.
  ///
  /// Of a Unigram model a piece of the lowest score, which the score of unknown text depends on; under BPE all pieces that those
  /// kept are merged from, by whichever merges.
  package mutating func complete(for source: TokenizerSource) {
    switch source.model {
    case .unigram: insertLowest(of: source.pieces)
    case .bytePairs(let model): insertParts(by: model.merges)
    }
  }

  private mutating func insertLowest(of pieces: PieceList) {
    let lowest = pieces.smallestScore
    let all = pieces.scores.indices.filter { pieces.scores[$0] == lowest }
    guard !all.contains(where: contains), let first = all.first else { return }
    insert(first)
  }

  private mutating func insertParts(by merges: [MergeTableBuilder.Merge]) {
    // The merges by what they make: those that make `id` are order[starts[id]..<starts[id + 1]].
    var starts = [Int](repeating: 0, count: idCount + 1)
    for merge in merges { starts[Int(merge.result) + 1] += 1 }
    for id in 0..<idCount { starts[id + 1] += starts[id] }
    var next = starts
    var order = [Int](repeating: 0, count: merges.count)
    for (index, merge) in merges.enumerated() {
      order[next[Int(merge.result)]] = index
      next[Int(merge.result)] += 1
    }
    var open = ids
    while let id = open.popLast() {
      for index in order[starts[id]..<starts[id + 1]] {
        for part in [Int(merges[index].left), Int(merges[index].right)] where !contains(part) {
          insert(part)
          open.append(part)
        }
      }
    }
  }

  private static func isOneScalar(_ text: ArraySlice<UInt8>) -> Bool {
    guard let lead = text.first else { return false }
    return UTF8Scalars.length(lead: lead) == text.count
  }
}

extension TokenizerSource {
  /// The largest id of a piece or added token, plus one.
  package var idCount: Int { max(pieces.count, (addedTokens.map(\.id).max() ?? -1) + 1) }

  /// Number of tokens: pieces, and added ones that are none.
  package var tokenCount: Int {
    let pieces = self.pieces
    func isPiece(_ id: Int) -> Bool { id < pieces.count && !pieces.bytes(id).isEmpty }
    return modelTokenCount + addedTokens.count { !isPiece($0.id) }
  }

  /// The id of the token with exactly this text, an added one or a piece; `nil` where there is none.
  package func tokenID(of text: String) -> Int? { id(of: text) }
}
