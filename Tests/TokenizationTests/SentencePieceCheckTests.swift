import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// The check of a compiled tokenizer against libsentencepiece: what it finds, and what it lets pass.
@Suite struct SentencePieceCheckTests {
  private func check(_ section: [UInt8]) -> Result<SentencePieceCheck.Outcome, TokenizerCompilerError> {
    Result { () throws(TokenizerCompilerError) in
      guard let document = try? Fixtures.jsonDocument() else { throw .noTokenizer(folder: "") }
      return try SentencePieceCheck.run(section: section, tokenizer: document.root, path: "tokenizer.json")
    }
  }

  /// What disagrees in `section`, or `nil` with an issue.
  private func disagreement(_ section: [UInt8]) -> SentencePieceDisagreement? {
    let result = check(section)
    guard case .failure(.disagreement("tokenizer.json", let difference)) = result else {
      Issue.record("\(result)")
      return nil
    }
    return difference
  }

  /// Where a part lies in a section.
  private static func range(_ section: [UInt8], _ part: SectionLayout.Part) -> Range<Int> {
    let entry = SectionLayout.partTableOffset + 16 * part.rawValue
    func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(section[offset + $1]) << (8 * $1) } }
    return word(entry)..<word(entry) + word(entry + 8)
  }

  private static func word(_ section: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(section[offset + $1]) << UInt32(8 * $1) }
  }

  private static func set(_ section: inout [UInt8], _ offset: Int, _ word: UInt32) {
    withUnsafeBytes(of: word.littleEndian) { section.replaceSubrange(offset..<offset + 4, with: $0) }
  }

  @Test func theDemoAgrees() throws {
    for section in try [Fixtures.jsonSection.get(), Fixtures.modelSection.get()] {
      guard case .checked(let found) = section.check else {
        Issue.record("\(section.check)")
        return
      }
      #expect(found.probed == found.equal + found.ties + found.normalizedDifferently)
      #expect(found.probed > 1_000)
      // Marks and control characters are where the two differ.
      #expect(found.normalizedDifferently * 20 < found.probed)
      #expect(found.withOtherIDs > 0 && found.withOtherIDs <= found.normalizedDifferently)
      #expect(found.ties * 100 < found.probed)
      #expect(found.seenPieces * 100 > 95 * section.summary.pieceCount)
    }
  }

  @Test func theDemoIsWhatWasCompiled() throws {
    let result = check(try Fixtures.jsonSection.get().bytes)
    #expect(try result.get() == Fixtures.jsonSection.get().check)
    // The scores of the other file differ by last bits of binary64, of which the library knows nothing.
    guard case .success(.checked(let found)) = check(try Fixtures.modelSection.get().bytes) else {
      Issue.record("not checked")
      return
    }
    #expect(found.probed > 1_000)
  }

  // MARK: What is wrong

  @Test func swappedScoresAreFound() throws {
    let section = try Fixtures.jsonSection.get().bytes
    let scores = Self.range(section, .pieceScores)
    for (first, second) in [(10, 11), (6, 7_000), (4_000, 7_999)] {
      var crafted = section
      for byte in 0..<8 { crafted.swapAt(scores.lowerBound + 8 * first + byte, scores.lowerBound + 8 * second + byte) }
      guard case .score(first, _, _)? = disagreement(crafted) else {
        Issue.record("\(first) and \(second)")
        continue
      }
    }
  }

  @Test func wrongIDsInTheTrieAreFound() throws {
    let section = try Fixtures.jsonSection.get().bytes
    let trie = Self.range(section, .pieceTrie)
    var generator = SeededGenerator(state: 5)
    var count = 0
    while count < 6 {
      let offset = trie.lowerBound + 4 * Int.random(in: 0..<trie.count / 4, using: &generator)
      let unit = Self.word(section, offset)
      // A leaf: another value, or no node any more.
      guard unit & 0x300 == 0x200 else { continue }
      count += 1
      var crafted = section
      Self.set(&crafted, offset, count % 2 == 0 ? unit ^ 0x400 : unit | 0x300)
      guard case .pieceID? = disagreement(crafted) else {
        Issue.record("unit at \(offset)")
        continue
      }
    }
  }

  @Test func droppedKeysOfTheCharsmapAreFound() throws {
    let section = try Fixtures.jsonSection.get().bytes
    let trie = Self.range(section, .charsmapTrie)
    for (key, isDropped) in [("\u{FF21}", true), ("①", false), ("ﬁ", true), ("\u{3000}", false), ("\u{2F00}", true)] {
      // The way to the key's unit, as a reader walks it.
      var offset = trie.lowerBound
      for byte in key.utf8 {
        offset = trie.lowerBound + 4 * (Int(Self.word(section, offset) >> 10) ^ Int(byte))
      }
      let unit = Self.word(section, offset)
      #expect(unit & 0x300 == 0x200)
      // No node any more, or another replacement.
      var crafted = section
      Self.set(&crafted, offset, isDropped ? unit | 0x300 : unit ^ 0x400)
      guard case .normalized? = disagreement(crafted) else {
        Issue.record("\(key)")
        continue
      }
    }
  }

  @Test func aDroppedStepIsFound() throws {
    var section = try Fixtures.jsonSection.get().bytes
    let steps = Self.range(section, .normalizer)
    // Strip, Precompiled, CollapseSpaces: without the second, no character is replaced any more.
    Self.set(&section, steps.lowerBound + 16, UInt32(SectionLayout.NormalizerStep.collapseSpaces))
    guard case .normalized? = disagreement(section) else {
      Issue.record("no disagreement")
      return
    }
  }

  @Test func otherSegmentationsAreFound() throws {
    // Pieces and scores as they should be, and a header that keeps long pieces from being found.
    var section = try Fixtures.jsonSection.get().bytes
    Self.set(&section, SectionLayout.Field.longestPiece, 5)
    guard case .ids(let text, let expected, let found)? = disagreement(section) else {
      Issue.record("no disagreement")
      return
    }
    #expect(expected != found)
    let error = TokenizerCompilerError.disagreement(path: "x", .ids(text: "a\nb", expected: [1, 2], found: [3]))
    #expect(error.exitStatus == .internalError)
    #expect(error.message.hasSuffix(#""a\nb": expected the ids [1, 2], found [3]"#))
    #expect(!text.isEmpty)
  }

  // MARK: What must not matter

  private func outcome(_ tokenizer: SmallTokenizer) throws -> SentencePieceCheck.Outcome {
    let document = try JSONDocument(tokenizer.json, path: "small.json")
    return try TokenizerCompiler.compile(tokenizer: document.root, path: "small.json").check
  }

  /// The agreement, with an issue where there is none or ids differ only by rounding.
  private func agreement(_ tokenizer: SmallTokenizer) throws -> SentencePieceAgreement? {
    guard case .checked(let found) = try outcome(tokenizer), found.equal > 0 else {
      Issue.record("\(try outcome(tokenizer)): \(tokenizer.json)")
      return nil
    }
    return found
  }

  private static let bytePieces = (0..<256).map { byte in
    "[\"<0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))>\",-9]"
  }

  @Test func piecesThatTheLibraryWouldNotTake() throws {
    let usual = SmallTokenizer().pieces
    for further in [
      #"["a",-7],["a",-1]"#, #"["",-3]"#, #"["",-3],["",-4]"#, #"["b▁a",-0.1],["▁▁",-0.1]"#, #"["[UNK]",-1]"#,
      #"["<unk>",-2],["<s>",0]"#,
      #"["\uFFFF",-3],["\u0001",-2]"#, Self.bytePieces[65],
    ] { #expect(try agreement(SmallTokenizer(pieces: "\(usual),\(further)"))?.ties == 0, "\(further)") }
    // No piece for spaces: unknown text of several words is one for the library.
    #expect(try agreement(SmallTokenizer(pieces: #"["[UNK]",0],["a",-2]"#))?.ties == 0)
    #expect(try agreement(SmallTokenizer(pieces: #"["[UNK]",-3]"#))?.ties == 0)
  }

  @Test func byteFallback() throws {
    let model = #""type":"Unigram","unk_id":0,"byte_fallback":true"#
    let all = SmallTokenizer(
      pieces: "\(SmallTokenizer().pieces),\(Self.bytePieces.joined(separator: ","))", model: model)
    let found = try #require(try agreement(all))
    // Bytes of text that no piece has.
    #expect(found.ties == 0 && found.seenPieces > 128)
    let some = SmallTokenizer(
      pieces: "\(SmallTokenizer().pieces),\(Self.bytePieces[..<200].joined(separator: ","))", model: model)
    #expect(try outcome(some) == .notChecked(reason: "some bytes have no piece"))
  }

  @Test func pipelines() throws {
    func metaspace(_ rest: String) -> String { #"{"type":"Metaspace","replacement":"▁",\#(rest)}"# }
    for rest in [
      #""prepend_scheme":"never""#, #""prepend_scheme":"first""#, #""prepend_scheme":"always","split":false"#,
    ] {
      let pieces = SmallTokenizer().pieces + #",["b▁a",-0.1],["▁▁",-0.1]"#
      #expect(try agreement(SmallTokenizer(preTokenizer: metaspace(rest), pieces: pieces))?.ties == 0, "\(rest)")
    }
    let other = #"{"type":"Metaspace","replacement":"_","prepend_scheme":"always"}"#
    #expect(
      try outcome(SmallTokenizer(preTokenizer: other)) == .notChecked(reason: "there is no Metaspace with U+2581"))
    #expect(try outcome(SmallTokenizer(pieces: #"["u",1]"#)) == .notChecked(reason: "all scores are positive"))
    #expect(try outcome(SmallTokenizer(pieces: #"["u",-1e40]"#)) == .notChecked(reason: "scores are beyond 1e30"))
    let text = try outcome(SmallTokenizer(pieces: #"["u",1]"#)).text
    #expect(text == "not checked against libsentencepiece: all scores are positive")
  }

  @Test func addedTokensAreLeftOut() throws {
    let all = try #require(try agreement(SmallTokenizer()))
    let tokens = "[\(SmallTokenizer.addedToken(2, "a")),\(SmallTokenizer.addedToken(6, "q", "normalized"))]"
    let found = try #require(try agreement(SmallTokenizer(addedTokens: tokens)))
    #expect(found.probed < all.probed)
    #expect(found.probed == found.equal + found.normalizedDifferently)
  }

  @Test func roundingToBinary32IsNoDisagreement() throws {
    // "▁ab" is worse than "▁a" "b" by less than binary32 can tell from nothing: the library takes the first it comes to.
    let pieces = #"["[UNK]",0],["▁a",-2],["b",-3],["▁ab",-5.00000001],["▁",-9],["a",-9]"#
    let found = try #require(try agreement(SmallTokenizer(pieces: pieces)))
    #expect(found.ties > 0)
    // Here binary32 can.
    let clear = pieces.replacing("-5.00000001", with: "-5.00001")
    #expect(try agreement(SmallTokenizer(pieces: clear))?.ties == 0)
  }
}
