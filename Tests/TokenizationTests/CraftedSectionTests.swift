import Testing
import Tokenization

/// No section, whatever its bytes, may trap or hang: it opens or not, and encodes or throws.
@Suite struct CraftedSectionTests {
  private static let texts = [
    "A library  for ﬁles <<LABEL>>x<<SEP>> [UNK] é e\u{301} 漢字 \u{2460}\u{308} \u{1F469}\u{200D}\u{1F469} ▁a",
    "\u{0}\u{1}\r\n\u{200B}zzzz [MASK]",
  ]

  private func exercise(_ section: [UInt8]) {
    guard let tokenizer = try? CompiledTokenizer(copying: section, path: "crafted") else { return }
    for text in Self.texts { _ = try? tokenizer.encode(text) }
    for id: Int32 in [0, 5, 7999, 8001, .max] { _ = tokenizer.token(for: id) }
    _ = tokenizer.id(of: "▁the")
    if let builder = try? PromptBuilder(tokenizer: tokenizer, rules: Fixtures.rules()) {
      _ = try? builder.prompt(text: "a text", labels: ["a", "b"])
    }
  }

  @Test func everyHeaderByteMayBeAnything() throws {
    let section = try Fixtures.jsonSection.get().bytes
    for offset in 0..<SectionLayout.headerSize {
      for change: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
        var crafted = section
        crafted[offset] ^= change
        exercise(crafted)
      }
    }
  }

  @Test(arguments: 0..<8) func anyByteMayBeAnything(_ batch: Int) throws {
    let section = try Fixtures.modelSection.get().bytes
    var generator = SeededGenerator(state: UInt64(batch))
    for _ in 0..<500 {
      var crafted = section
      let part = Int.random(in: 0..<16, using: &generator)
      let entry = SectionLayout.partTableOffset + 16 * part
      func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(section[offset + $1]) << (8 * $1) } }
      let (offset, size) = (word(entry), word(entry + 8))
      guard size > 0 else { continue }
      for _ in 0..<(1 << Int.random(in: 0...12, using: &generator)) {
        crafted[offset + Int.random(in: 0..<size, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      exercise(crafted)
    }
  }

  @Test func anyLengthMayBeCutOff() throws {
    let section = try Fixtures.jsonSection.get().bytes
    for size in Array(0..<600) + stride(from: 600, to: section.count, by: 9_973) {
      let short = Array(section[..<size])
      #expect(throws: TokenizationError.self) { try CompiledTokenizer(copying: short, path: "short") }
      guard size >= SectionLayout.headerSize else { continue }
      // With a header that agrees with the length, parts reach beyond the end.
      var agreeing = short
      withUnsafeBytes(of: UInt64(size).littleEndian) { agreeing.replaceSubrange(16..<24, with: $0) }
      exercise(agreeing)
    }
  }
}
