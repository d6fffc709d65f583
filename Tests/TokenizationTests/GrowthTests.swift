import Testing
import Tokenization

/// What steps may make of a text, and how often they may look at it.
@Suite struct GrowthTests {
  private static func replacing(_ count: Int) throws -> CompiledTokenizer {
    let content = String(repeating: "b", count: count)
    return try SmallTokenizer(
      normalizer: #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(content)"}"#
    ).tokenizer()
  }

  @Test func aTextMayBecomeSixtyFourTimesAsLong() throws {
    let text = String(repeating: "a", count: 10_000)
    #expect(try Self.replacing(60).normalize(text).count == 600_000)
    #expect {
      _ = try Self.replacing(65).normalize(text)
    } throws: {
      // Given up with the first replacement beyond.
      if case .textTooLong(640_001...640_065, limit: 640_000)? = $0 as? TokenizationError { true } else { false }
    }
  }

  @Test func aShortTextMayGrowMore() throws {
    #expect(try Self.replacing(1000).normalize("aa").count == 2000)
  }

  @Test func wordsDoNotDoubleForever() throws {
    let steps = (0..<8).map { number in
      """
      {"type":"Metaspace","replacement":"\\u258\(number + 1)","prepend_scheme":"always","split":true},
      {"type":"Split","pattern":{"Regex":"[\\\\s\\\\S]"},"behavior":"Isolated","invert":false}
      """
    }
    let tokenizer = try SmallTokenizer(
      preTokenizer: "{\"type\":\"Sequence\",\"pretokenizers\":[\(steps.joined(separator: ","))]}"
    ).tokenizer()
    #expect(try tokenizer.encode("b").count > 100)
    #expect {
      _ = try tokenizer.encode(String(repeating: "b", count: 4096))
    } throws: {
      if case .textTooLong? = $0 as? TokenizationError { true } else { false }
    }
  }

  @Test func whiteSpaceBehindAddedTokensIsLookedAtOnce() throws {
    let tokenizer = try SmallTokenizer(addedTokens: "[\(SmallTokenizer.addedToken(6, " ", "rstrip"))]").tokenizer()
    // The library's own way: every space is a match, although the one before has taken it along.
    #expect(try tokenizer.encode("a  \n b") == tokenizer.encode("a") + [6, 6, 6] + tokenizer.encode("b"))
    // Would take a minute and more, were the rest of the run looked at for every one.
    #expect(try tokenizer.encode(String(repeating: " ", count: 200_000)).count == 200_000)
  }

  @Test func patternsDoNotReadInVainForever() throws {
    // Two states and one class: state 1 goes on for ever and never matches.
    var pattern: [UInt8] = [2, 0, 1, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 128 + 256)
    for transition: UInt16 in [0, 0, 1, 0] { withUnsafeBytes(of: transition.littleEndian) { pattern += $0 } }
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    let text = [UInt8](repeating: 0x61, count: 1 << 16)
    try pattern.withUnsafeBytes { pattern in
      let matcher = try #require(PatternMatcher(pattern, ScalarProperties(index: none, blocks: none, sets: none)))
      text.withUnsafeBufferPointer { text in
        var reads = matcher.reads(in: text.count)
        #expect(matcher.next(in: text, from: 0, &reads) == nil)
        #expect(reads.areUsedUp)
        #expect(reads.inVain < 2 * reads.limit)
      }
    }
  }
}
