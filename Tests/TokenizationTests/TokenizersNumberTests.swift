import Testing
import TokenizerCompiler

/// Decimals as `tokenizers` reads them: values that `Tokenizer.to_str()` of tokenizers 0.23.3 printed for these texts.
@Suite struct TokenizersNumberTests {
  @Test func readsWhatTheLibraryReads() {
    // The nearest binary64 of the first ends in …652.
    #expect(TokenizersNumber.value("-3.8796744346618652") == -3.8796744346618657)
    #expect(TokenizersNumber.value("-3.1958603858947754") == -3.1958603858947754)
    for (text, value) in [("0", 0.0), ("-0.0", -0.0), ("-12", -12), ("1e3", 1000), ("2.5E-1", 0.25), ("1e+2", 100)] {
      #expect(TokenizersNumber.value(text) == value, "\(text)")
    }
    // More digits than 64 bits hold: those behind are dropped, before the point with their magnitude.
    #expect(TokenizersNumber.value("123456789012345678901234567890") == 1.2345678901234568e29)
    #expect(TokenizersNumber.value("0.1234567890123456789012345") == 0.12345678901234568)
    #expect(TokenizersNumber.value("1e-400") == 0)
  }

  @Test func refusesWhatIsNoNumber() {
    for text in ["1e400", "1e99999999999999999999", "1x", "1e", "nan"] {
      #expect(TokenizersNumber.value(text) == nil, "\(text)")
    }
  }
}
