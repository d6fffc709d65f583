import ModelCore
import Testing
import Tokenization

/// Every case of ``TokenizationError``, provoked.
@Suite struct TokenizationErrorTests {
  private func expectError(
    _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation,
    where matches: (TokenizationError) -> Bool
  ) {
    do {
      try body()
      Issue.record("no error", sourceLocation: sourceLocation)
    } catch let error as TokenizationError {
      #expect(matches(error), "\(error)", sourceLocation: sourceLocation)
      #expect(!error.message.contains("\n"), sourceLocation: sourceLocation)
      let expected: ModelCore.ExitStatus = if case .maximumLengthTooSmall = error { .usage } else { .badData }
      #expect(error.exitStatus == expected, sourceLocation: sourceLocation)
    } catch {
      Issue.record(error, sourceLocation: sourceLocation)
    }
  }

  /// The demo section with bytes replaced.
  private func section(_ changes: (Int, [UInt8])...) throws -> [UInt8] {
    var bytes = try Fixtures.jsonSection.get().bytes
    for (offset, replacement) in changes {
      bytes.replaceSubrange(offset..<offset + replacement.count, with: replacement)
    }
    return bytes
  }

  private func open(_ bytes: [UInt8]) throws { _ = try CompiledTokenizer(copying: bytes, path: "x.glc") }

  @Test func notATokenizer() {
    expectError({ try open([]) }, where: { $0 == .notATokenizer(path: "x.glc", found: "0 bytes") })
    expectError({ try open(section((0, [0x47, 0x47, 0x55, 0x46]))) }) {
      $0.message == "x.glc: tokenizer section: expected the magic \"GLTK\", found [71, 71, 85, 70]"
    }
  }

  @Test func unsupportedVersion() {
    expectError({ try open(section((4, [2, 0]))) }) {
      $0 == .unsupportedVersion(path: "x.glc", found: "2.0", supported: "1.x") && $0.hint != nil
    }
  }

  @Test func aNewerMinorVersionIsRead() throws {
    #expect(try CompiledTokenizer(copying: section((6, [9, 0])), path: "x").summary.version == "1.9")
  }

  @Test(arguments: [
    (8, "header size"), (16, "section size"), (28, "piece count"), (32, "vocabulary size"), (36, "added token count"),
    (40, "unknown id"), (44, "padding id"), (48, "template ids before the text"), (52, "template ids after the text"),
    (56, "label marker id"), (60, "separator marker id"), (64, "example marker id"), (68, "longest piece"),
    (72, "longest added token"), (92, "normalizer steps"), (96, "pre-tokenizer steps"),
    (128, "part pieceTrie"), (152, "part pieceScores"),
  ])
  func malformedFields(_ offset: Int, _ field: String) {
    expectError({ try open(section((offset, [0x3F, 0xFF, 0xFF, 0x7F]))) }) {
      if case .malformed("x.glc", field, _, _) = $0 { true } else { false }
    }
  }

  @Test func malformedSizesAndValues() throws {
    expectError({ try open(section((136, [2]))) }, where: { $0.message.contains("size of part pieceTrie") })
    expectError({ try open(section((28, [1]))) }, where: { $0.message.contains("size of part pieceScores") })
    expectError({ try open(section((80, [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]))) }) {
      $0.message.contains("unknown score: expected a finite number, found inf")
    }
    let entry = SectionLayout.partTableOffset + 16 * SectionLayout.Part.template.rawValue
    let bytes = try section()
    let template = Int(bytes[entry]) | Int(bytes[entry + 1]) << 8 | Int(bytes[entry + 2]) << 16
    expectError({ try open(section((template + 3, [1]))) }, where: { $0.message.contains("template[0]") })
    let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 4, alignment: 64)
    defer { storage.deallocate() }
    UnsafeMutableRawBufferPointer(rebasing: storage[4...]).copyBytes(from: bytes)
    expectError({
      _ = try CompiledTokenizer(UnsafeRawBufferPointer(rebasing: storage[4...]), owner: 0, path: "x.glc")
    }) { $0.message.contains("address") }
  }

  @Test func unsupportedKinds() throws {
    let bytes = try section()
    func part(_ part: SectionLayout.Part) -> Int {
      let entry = SectionLayout.partTableOffset + 16 * part.rawValue
      return (0..<4).reduce(0) { $0 | Int(bytes[entry + $1]) << (8 * $1) }
    }
    for (offset, field) in [
      (12, "model kind"), (14, "profile"), (24, "flags"), (part(.normalizer), "normalizer step 0"),
      (part(.normalizer) + 2, "normalizer step 0"), (part(.preTokenizer), "pre-tokenizer step 0"),
      (part(.preTokenizer) + 2, "pre-tokenizer step 0"), (part(.preTokenizer) + 4, "pre-tokenizer step 0"),
    ] {
      expectError({ try open(section((offset, [0x55]))) }) {
        if case .unsupported("x.glc", field, _, _) = $0 { true } else { false }
      }
    }
    expectError({ try open(section((part(.preTokenizer) + 8, [0, 0xD8]))) }) {
      $0.message.contains("a replacement character")
    }
  }

  @Test func corruptIndices() throws {
    let bytes = try section()
    func part(_ part: SectionLayout.Part) -> (offset: Int, size: Int) {
      let entry = SectionLayout.partTableOffset + 16 * part.rawValue
      func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
      return (word(entry), word(entry + 8))
    }
    // All values of the piece trie beyond the pieces; all replacements beyond their text; an id beyond the vocabulary.
    var trie = bytes
    let units = part(.pieceTrie)
    for unit in stride(from: units.offset, to: units.offset + units.size, by: 4) where trie[unit + 1] & 3 >= 2 {
      trie[unit + 3] = 0xFF
    }
    expectError({ _ = try CompiledTokenizer(copying: trie, path: "x.glc").encode("a library") }) {
      if case .corrupt("x.glc", "pieceTrie", _, 8000) = $0 { $0.hint != nil } else { false }
    }
    var texts = bytes
    let offsets = part(.replacementOffsets)
    for offset in stride(from: offsets.offset, to: offsets.offset + offsets.size, by: 4) { texts[offset + 3] = 0xFF }
    expectError({ _ = try CompiledTokenizer(copying: texts, path: "x.glc").encode("ﬁ") }) {
      if case .corrupt("x.glc", "replacementOffsets", _, _) = $0 { true } else { false }
    }
    var long = bytes
    for offset in stride(from: offsets.offset, to: offsets.offset + offsets.size, by: 8) {
      long.replaceSubrange(offset..<offset + 4, with: [0, 0, 0, 0])
      if offset + 8 <= offsets.offset + offsets.size {
        long.replaceSubrange(offset + 4..<offset + 8, with: [0, 16, 0, 0])
      }
    }
    expectError({ _ = try CompiledTokenizer(copying: long, path: "x.glc").encode("ﬁ ½ ① ™ Ａ Ｂ") }) {
      if case .corrupt("x.glc", "replacementText", 4096, 256) = $0 { true } else { false }
    }
    let ids = part(.addedTokens).offset
    expectError({ _ = try CompiledTokenizer(copying: section((ids + 3, [0x70])), path: "x.glc").encode("[PAD]") }) {
      if case .corrupt("x.glc", "addedTokens", _, _) = $0 { true } else { false }
    }
  }

  @Test(
    arguments: [
      ([0x61, 0xFF], 1), ([0xC0, 0x80], 0), ([0xE0, 0x80, 0x80], 0), ([0x61, 0x62, 0xED, 0xA0, 0x80], 2),
      ([0xF4, 0x90, 0x80, 0x80], 0),
      ([0xE2, 0x82], 0), ([0x80], 0), ([0xF5, 0x80, 0x80, 0x80], 0), ([0xC3, 0xA9, 0xE2, 0x28, 0xA1], 2),
    ] as [([UInt8], Int)])
  func invalidUTF8(_ bytes: [UInt8], _ offset: Int) throws {
    let tokenizer = try Fixtures.tokenizer(.tokenizerJSON)
    expectError({
      var scratch = EncodingScratch()
      var ids: [Int32] = []
      let result: Result<Void, any Error> = bytes.withUnsafeBufferPointer { buffer in
        Result { try tokenizer.encode(utf8: buffer, scratch: &scratch, into: &ids) }
      }
      try result.get()
    }) { $0 == .invalidUTF8(offset: offset) }
  }

  @Test func textTooLong() throws {
    let tokenizer = try Fixtures.tokenizer(.tokenizerJSON)
    let text = String(repeating: "a", count: CompiledTokenizer.maximumTextSize + 1)
    expectError({ _ = try tokenizer.encode(text) }) {
      $0 == .textTooLong(bytes: (64 << 20) + 1, limit: 64 << 20)
    }
  }
}
