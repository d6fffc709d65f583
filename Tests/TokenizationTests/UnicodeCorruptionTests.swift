import Testing
import Tokenization
import TokenizerCompiler

/// No tables, whatever their bytes, may trap, hang or give anything but UTF-8: a text is normalized or an error thrown.
@Suite struct UnicodeCorruptionTests {
  private static let steps: [UnicodeNormalizer.Step] =
    NormalizationForm.allCases.map { .form($0) } + [.lowercase, .stripAccents]
  private static let sound = TablesInMemory.parts(of: .make(mappings: Set(SectionLayout.Mapping.allCases)))

  private static let texts: [[UInt8]] = [
    "Ünïcode é e\u{301}\u{327} \u{FB01} Å \u{1E69}s\u{307}\u{323} 각\u{11A8} \u{1100}\u{1161} \u{344}\u{FDFA} \u{1D15E}ΑΣÄ\u{10FFFF}\u{0}",
    "\u{301}\u{327}" + String(repeating: "\u{316}\u{301}\u{327}", count: 40) + "a",
    String((0..<300).compactMap { Unicode.Scalar(0xC0 + 13 * $0).map(Character.init) }),
  ].map { Array($0.utf8) }

  private func exercise(_ parts: [[UInt8]]) {
    let memory = TablesInMemory(parts: parts)
    for text in Self.texts {
      for step in Self.steps {
        guard let first = try? memory.run(step, on: text, origin: 2) else { continue }
        let isUTF8 = first.text.withUnsafeBufferPointer { UTF8Scalars.firstInvalidOffset($0) } == nil
        #expect(isUTF8 && first.origin >= 0 && first.origin <= first.text.count)
        #expect(first.text.count <= text.count * SectionLayout.maximumReplacementSize)
        // The same again, and the same without an origin.
        #expect((try? memory.run(step, on: text).text) == first.text)
      }
    }
  }

  @Test(arguments: 0..<6) func anyBytesOfAPartMayBeAnything(_ part: Int) {
    var generator = SeededGenerator(state: UInt64(part))
    for round in 0..<60 {
      var parts = Self.sound
      guard !parts[part].isEmpty else { continue }
      for _ in 0..<(1 << (round % 13)) {
        parts[part][Int.random(in: 0..<parts[part].count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      exercise(parts)
    }
  }

  @Test func allBytesMayBeAnything() {
    var generator = SeededGenerator(state: 6)
    for round in 0..<60 {
      exercise(
        Self.sound.indices.map { part in
          round % 6 == part
            ? Self.sound[part] : (0..<Self.sound[part].count).map { _ in .random(in: 0...255, using: &generator) }
        })
    }
  }

  @Test func anyPartMayBeShortOrAbsent() {
    for part in Self.sound.indices {
      for size in [0, 1, 2, 3, 4, 5, 100, Self.sound[part].count / 2, Self.sound[part].count - 1] {
        var parts = Self.sound
        parts[part] = Array(parts[part].prefix(size))
        exercise(parts)
      }
    }
  }

  @Test func everyErrorNamesThePart() {
    // One text for all values: of 256 bytes, then none that is UTF-8, then none at all.
    func parts(offsets: [UInt32], text: [UInt8]) -> [[UInt8]] {
      var parts = Self.sound
      parts[4] = offsets.flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xFF) } }
      parts[5] = text
      return parts
    }
    func error(_ parts: [[UInt8]], _ text: String = "À") -> TokenizationError? {
      do throws(TokenizationError) {
        _ = try TablesInMemory(parts: parts).run(.form(.nfc), on: Array(text.utf8))
        return nil
      } catch {
        return error
      }
    }
    let long = parts(offsets: [0, 256], text: .init(repeating: 0x61, count: 256))
    #expect(error(long) == .corrupt(path: "crafted", part: "mappedText", index: 256, limit: 256))
    let invalid = parts(offsets: [0, 2], text: [0x61, 0xC3])
    #expect(error(invalid) == .corrupt(path: "crafted", part: "mappedText", index: 1, limit: 1))
    let short = parts(offsets: [0], text: [])
    #expect(error(short) == .corrupt(path: "crafted", part: "mappedTextOffsets", index: 0, limit: 0))
    // A composition to a surrogate.
    var surrogate = Self.sound
    let units = DoubleArrayBuilder.build([(Array("\u{4}e\u{301}".utf8), 0xD800)]) ?? []
    surrogate[3] = units.flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xFF) } }
    let expected = TokenizationError.corrupt(path: "crafted", part: "mappingTrie", index: 0xD800, limit: 0x11_0000)
    #expect(error(surrogate, "e\u{301}") == expected)
  }
}
