import Testing
import Tokenization
import TokenizerCompiler

/// Rules of formats/tokenizer.md on tokenizers small enough to compute by hand.
@Suite struct TokenizerRuleTests {
  @Test func theBestPathWinsAndTheFirstOfEqualOnesStays() throws {
    // ▁ + ab = -1 - 3 = -4; ▁a + b = -2.5 - 2.5 = -5; ▁ + a + b = -5.5.
    let tokenizer = try SmallTokenizer().tokenizer()
    #expect(try tokenizer.encode("ab") == [1, 4])
    // "xy" as x, y: 0 + 0; as xy: 0. The candidate that comes first is not replaced by an equal one.
    let equal = try SmallTokenizer(
      preTokenizer: "null", pieces: #"["u",-9],["x",-1],["y",-1],["xy",-2]"#
    ).tokenizer()
    #expect(try equal.encode("xy") == [3])
  }

  @Test func neighbouringUnknownsAreOneToken() throws {
    let tokenizer = try SmallTokenizer().tokenizer()
    #expect(try tokenizer.encode("a漢字b 漢") == [5, 0, 3, 1, 0])
    #expect(try tokenizer.encode("[UNK]") == [1, 0])
  }

  @Test func fusedUnknownTextIsLookedUp() throws {
    // An unknown character scores 31 − 10 = 21, so two of them win over "xy" with 40, and are fused to its text.
    let tokenizer = try SmallTokenizer(preTokenizer: "null", pieces: #"["u",31],["xy",40],["z",35]"#).tokenizer()
    #expect(try tokenizer.encode("xy") == [1])
    #expect(try tokenizer.encode("xyxy") == [0])
  }

  @Test func theLaterOfTwoEqualPiecesCounts() throws {
    let tokenizer = try SmallTokenizer(preTokenizer: "null", pieces: #"["u",0],["x",-1],["x",-2]"#).tokenizer()
    #expect(try tokenizer.encode("x") == [2])
  }

  @Test func textBehindAMarkerGetsItsOwnPrefix() throws {
    let tokens =
      "[\(SmallTokenizer.addedToken(6, "<m>", "special")),\(SmallTokenizer.addedToken(7, "<m>>", "special"))]"
    let tokenizer = try SmallTokenizer(addedTokens: tokens).tokenizer()
    #expect(try tokenizer.encode("a<m>a <m>> a") == [5, 6, 5, 1, 7, 5])
    #expect(try tokenizer.encode("<m<m>") == [1, 0, 6])
  }

  @Test func strippingTokensTakeTheWhiteSpaceAround() throws {
    let tokens =
      "[\(SmallTokenizer.addedToken(6, "<l>", "lstrip")),\(SmallTokenizer.addedToken(7, "<r>", "rstrip")),"
      + "\(SmallTokenizer.addedToken(8, "<b>", "lstrip rstrip"))]"
    let tokenizer = try SmallTokenizer(addedTokens: tokens).tokenizer()
    #expect(try tokenizer.encode("a \u{3000}<l>") == [5, 6])
    #expect(try tokenizer.encode("<r> \n a") == [7, 5])
    #expect(try tokenizer.encode("<r>  <l> a") == [7, 6, 5])
    #expect(try tokenizer.encode("  <b>  <b>") == [8, 8])
  }

  @Test func normalizedTokensAreFoundInNormalizedText() throws {
    let collapse = #"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}"#
    let tokens =
      "[\(SmallTokenizer.addedToken(6, "a  b", "normalized")),\(SmallTokenizer.addedToken(7, "b  a"))]"
    let tokenizer = try SmallTokenizer(normalizer: collapse, addedTokens: tokens).tokenizer()
    #expect(try tokenizer.encode("a    b") == [6])
    #expect(try tokenizer.encode("b  a") == [7])
    #expect(try tokenizer.encode("b   a") == [1, 3, 5])
    #expect(tokenizer.token(for: 6) == "a  b")
  }

  @Test(arguments: [("never", [2, 1, 2]), ("first", [5, 5]), ("always", [5, 5])])
  func prependSchemesPutTheMarkWhereTheySay(_ scheme: String, _ expected: [Int32]) throws {
    let metaspace = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"\#(scheme)"}"#
    let pieces = #"["[UNK]",0],["▁",-1],["a",-2],["b",-2.5],["ab",-3],["▁a",\#(scheme == "never" ? -9 : -2.5)]"#
    let tokens = "[\(SmallTokenizer.addedToken(6, "<m>"))]"
    let tokenizer = try SmallTokenizer(preTokenizer: metaspace, addedTokens: tokens, pieces: pieces).tokenizer()
    #expect(try tokenizer.encode("a a") == expected)
    let afterMarker: [Int32] = scheme == "always" ? [6, 5] : [6, 2]
    #expect(try tokenizer.encode("<m>a") == afterMarker)
  }

  @Test func theTemplateStandsAround() throws {
    let template = """
      {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
      "pair":[],"special_tokens":{"x":{"id":"x","ids":[3,4],"tokens":["b","ab"]}}}
      """
    let tokenizer = try SmallTokenizer(postProcessor: template).tokenizer()
    #expect(try tokenizer.encode("a") == [3, 4, 5])
    #expect(try tokenizer.encode("") == [3, 4])
    #expect(try tokenizer.encode("a", addTemplate: false) == [5])
  }

  /// tokenizers 0.23.3: `[6, 7]` for tokens of spaces that both grow to the right; with lstrip the second is left out.
  @Test func tokensWithinTakenWhiteSpace() throws {
    func ids(_ second: String) throws -> [Int32] {
      let tokens = [
        SmallTokenizer.addedToken(6, "x", "rstrip"), SmallTokenizer.addedToken(7, "  ", second),
      ]
      return try SmallTokenizer(addedTokens: "[\(tokens.joined(separator: ","))]").tokenizer().encode("x  ")
    }
    #expect(try ids("") == [6, 7])
    #expect(try ids("rstrip") == [6, 7])
    #expect(try ids("lstrip") == [6])
    #expect(try ids("lstrip rstrip") == [6])
  }

  @Test func normalizationIsThatOfTheLibrary() throws {
    let tokenizer = try Fixtures.tokenizer(.tokenizerJSON)
    func normalized(_ text: String) throws -> String {
      String(decoding: try tokenizer.normalize(text), as: UTF8.self)
    }
    #expect(try normalized("\u{3000} ﬁ  ½\u{200B}\t①\u{00A0}") == "fi 1⁄2 1")
    #expect(try normalized("e\u{301}\r\nx") == "\u{E9} x")
    // The shortest match of the cluster ① + U+0308 stands for the whole of it.
    #expect(try normalized("\u{2460}\u{308}x") == "1x")
  }

  @Test func headersSayWhatTheyWereMadeFrom() throws {
    let section = try Fixtures.jsonSection.get()
    let summary = section.summary
    #expect(summary.version == "1.0")
    #expect(summary.profile == .tokenizers)
    #expect(summary.profile.name == "tokenizers")
    #expect(summary.libraryVersion == "0.23.3")
    #expect(summary.unicodeVersion == "17.0.0")
    #expect(summary.pieceCount == 8000)
    #expect(summary.vocabularySize == 8004)
    #expect(summary.labelTokenID == Fixtures.labelID)
    #expect(summary.separatorTokenID == Fixtures.separatorID)
    #expect(summary.exampleTokenID == Fixtures.exampleID)
    #expect(summary.paddingID == 0)
    #expect(summary.byteCount == section.bytes.count)
    #expect(section.bytes.count < 400_000)
    #expect(try Fixtures.tokenizer(.tokenizerJSON).template.before == [1])
    let again = try TokenizerCompiler.compile(tokenizer: Fixtures.jsonDocument().root, path: "again")
    #expect(again.bytes == section.bytes)
  }

  @Test func longTextsTakeTimeInProportion() throws {
    let tokenizer = try Fixtures.tokenizer(.tokenizerJSON)
    let clock = ContinuousClock()
    for unit in ["a", "▁", "\u{301}", "漢", " ", "[", "👩‍"] {
      let text = String(repeating: unit, count: 1_000_000 / unit.utf8.count)
      let time = try clock.measure { _ = try tokenizer.encode(text) }
      #expect(time < .seconds(30), "\(unit)")
    }
    let word = String(repeating: "library", count: 20_000)
    #expect(try tokenizer.encode(word).count > 20_000)
  }

  @Test func threadsShareATokenizer() async throws {
    let tokenizer = try Fixtures.tokenizer(.tokenizerJSON)
    let text = String(repeating: "a library for C++ ﬁles ", count: 50)
    let expected = try tokenizer.encode(text)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try tokenizer.encode(text) == expected } }
      for try await isEqual in group { #expect(isEqual) }
    }
  }
}
