import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// Smaller vocabularies beside those that Scripts/pruning_vectors.py made by itself, as the Python library runs them.
@Suite struct PruningTests {
  @Test(arguments: PruningVectors.sets) func keepsAndDoesWhatTheLibraryDoes(_ set: PruningVectors.TokenizerSet) throws {
    let vectors = try ParityVectors.shared.get()
    let source = try set.source()
    let full = try TokenizerCompiler.tokenizer(source, markers: .init())
    var selection = TokenSelection(alwaysKeptOf: source)
    if set.isCorpus {
      for index in stride(from: 0, to: vectors.strings.count, by: 40) {
        for id in try Self.ids(vectors.strings[index], full) { selection.insert(Int(id)) }
      }
    } else {
      let pieces = (0..<source.pieces.count).filter { !source.pieces.bytes($0).isEmpty }
      for position in stride(from: 0, to: pieces.count, by: 3) { selection.insert(pieces[position]) }
    }
    selection.complete(for: source)
    #expect(selection.ids == set.kept)
    let pruned = try TokenizerCompiler.tokenizer(source.selecting(selection.ids), markers: .init())
    let unchanged = try compareBlocks(set, vectors, full, pruned)
    #expect(unchanged == set.unchanged)
  }

  private static func ids(_ text: [UInt8], _ tokenizer: CompiledTokenizer) throws -> [Int32] {
    var scratch = EncodingScratch()
    var ids: [Int32] = []
    try text.withUnsafeBufferPointer { try tokenizer.encode(utf8: $0, scratch: &scratch, into: &ids) }
    return ids
  }

  /// - Returns: how many strings have only tokens that were kept.
  private func compareBlocks(
    _ set: PruningVectors.TokenizerSet, _ vectors: ParityVectors, _ full: CompiledTokenizer,
    _ pruned: CompiledTokenizer
  ) throws -> Int {
    let checksums = try PruningVectors.archive.entry("\(set.name).crc")
    let numbers = Dictionary(uniqueKeysWithValues: set.kept.enumerated().map { (Int32($1), Int32($0)) })
    var fullScratch = EncodingScratch()
    var scratch = EncodingScratch()
    var (unchanged, different): (Int, [Int]) = (0, [])
    #expect(checksums.count == vectors.strings.count / 8 * 4)
    for block in 0..<checksums.count / 4 {
      var words: [UInt32] = []
      for text in vectors.strings[8 * block..<8 * block + 8] {
        var (before, ids): ([Int32], [Int32]) = ([], [])
        try text.withUnsafeBufferPointer { text in
          try full.encode(utf8: text, scratch: &fullScratch, into: &before)
          try pruned.encode(utf8: text, scratch: &scratch, into: &ids)
        }
        let renumbered = before.compactMap { numbers[$0] }
        if renumbered.count == before.count {
          unchanged += 1
          #expect(renumbered == ids)
        }
        words.append(UInt32(ids.count))
        words += ids.map { UInt32(bitPattern: $0) }
      }
      let expected = (0..<4).reduce(0) { $0 | UInt32(checksums[4 * block + $1]) << UInt32(8 * $1) }
      if ParityVectors.checksum(words) != expected { different.append(block) }
    }
    #expect(
      different.isEmpty, "\(different.count) blocks have other ids, the first at string \(8 * (different.first ?? 0))")
    return unchanged
  }

  @Test func whatIsLeftIsCheckedAgainstSentencePiece() throws {
    let set = try #require(PruningVectors.sets.first { $0.name == "deberta-list" })
    let section = try TokenizerCompiler.compile(set.source().selecting(set.kept), markers: .init())
    guard case .checked(let agreement) = section.check else {
      Issue.record("\(section.check.text)")
      return
    }
    #expect(agreement.equal > 0)
  }

  @Test func whatIsAlwaysKeptMayNotBeMissing() throws {
    for name in ["deberta-list", "modernbert-list"] {
      let set = try #require(PruningVectors.sets.first { $0.name == name })
      let source = try set.source()
      // A special token, a piece of one character, and under BPE a part of another piece.
      for id in set.kept where id % 61 == 0 && TokenSelection(alwaysKeptOf: source).contains(id) {
        guard
          case .invalidVocabulary(_, "kept tokens", let expected, "none") =
            thrownError({ try source.selecting(set.kept.filter { $0 != id }) })
        else {
          Issue.record("\(name) without \(id)")
          continue
        }
        #expect(expected.hasPrefix("token \(id),"))
      }
      // The same as it was, where all are kept.
      let all = try source.selecting(Array(0..<source.idCount))
      #expect(
        try TokenizerCompiler.compile(all, markers: .init()).bytes
          == TokenizerCompiler.compile(source, markers: .init()).bytes)
    }
  }

  private func thrownError(_ body: () throws -> TokenizerSource) -> TokenizerCompilerError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? TokenizerCompilerError
    }
  }

  /// The score of unknown text is that of the worst piece, less ten: without that piece `x☃` would be another two.
  @Test func thePieceOfTheLowestScoreStays() throws {
    let others = #"["[UNK]",0],["▁",-30],["x",-1],["x☃",-20],["▁x",-1]"#
    func source(_ pieces: String) throws -> TokenizerSource {
      let small = SmallTokenizer(pieces: pieces)
      return try TokenizerSource(JSONDocument(small.json, path: "small.json").root, path: "small.json")
    }
    let all = try source(others + #",["yy",-1],["worst",-60],["worse",-60]"#)
    #expect(try TokenizerCompiler.tokenizer(all, markers: .init()).encode("x☃") == [1, 3])
    #expect(try TokenizerCompiler.tokenizer(source(others), markers: .init()).encode("x☃") == [4, 0])
    var selection = TokenSelection(alwaysKeptOf: all)
    #expect(selection.ids == [0, 1, 2])
    for id in [3, 4, 99] { selection.insert(id) }
    #expect(selection.count == 5)
    selection.complete(for: all)
    #expect(selection.ids == [0, 1, 2, 3, 4, 6])
    let kept = try TokenizerCompiler.tokenizer(all.selecting(selection.ids), markers: .init())
    #expect(try kept.encode("x☃") == [1, 3])
    #expect(kept.token(for: 5) == "worst")
  }
}

/// `pruning.zip`.
enum PruningVectors {
  struct TokenizerSet: Sendable, CustomTestStringConvertible {
    let name: String
    let folder: String
    /// Whether the tokens of some strings are kept; otherwise every third piece.
    let isCorpus: Bool
    let kept: [Int]
    /// Strings that keep their tokens.
    let unchanged: Int

    var testDescription: String { name }

    func source() throws -> TokenizerSource {
      let path = "\(Fixtures.root)/\(folder)/tokenizer.json"
      return try TokenizerSource(JSONDocument(contentsOf: path).root, path: path)
    }
  }

  static let archive = ZipFile(path: "\(Fixtures.vectors)/pruning.zip")
  static let sets: [TokenizerSet] = (try? readSets()) ?? []

  private static func readSets() throws -> [TokenizerSet] {
    let root = try JSONDocument(copying: archive.entry("reference.json"), path: "reference.json").root
    return try root.required("sets").elements().map { set in
      TokenizerSet(
        name: try set.required("name").requireString(), folder: try set.required("folder").requireString(),
        isCorpus: try set.required("mode").requireString() == "corpus",
        kept: try set.required("kept").elements().map { try $0.requireInt(in: 0...1 << 22) },
        unchanged: try set.required("unchanged").requireInt(in: 0...1 << 22))
    }
  }
}
