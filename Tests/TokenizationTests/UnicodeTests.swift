import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// Unicode's properties, forms, lower case and accents against what Scripts/unicode_tables.py recorded of the library.
@Suite struct UnicodeTests {
  private static let tables = UnicodeTables.make(mappings: Set(SectionLayout.Mapping.allCases))
  private static let steps: [(name: String, step: UnicodeNormalizer.Step)] = [
    ("NFC", .form(.nfc)), ("NFD", .form(.nfd)), ("NFKC", .form(.nfkc)), ("NFKD", .form(.nfkd)),
    ("Lowercase", .lowercase), ("StripAccents", .stripAccents),
  ]
  private static let document = Result {
    let path = "\(Fixtures.vectors)/unicode.json"
    return try JSONDocument(copying: Fixtures.bytes(path), path: path)
  }

  @Test(arguments: steps.indices) func everyScalarBecomesWhatTheLibraryMakesOfIt(_ index: Int) throws {
    let (name, step) = Self.steps[index]
    let expected = try Self.document.get().root.required("forms").required(name)
    var text: [UInt8] = []
    text.reserveCapacity(6_000_000)
    for value in UInt32(0)..<0x11_0000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      text.append(contentsOf: UTF8.encode(scalar) ?? .init())
      text.append(0x0A)
    }
    let output = try TablesInMemory(Self.tables).run(step, on: text).text
    let bytes = try expected.required("bytes").requireInt(in: 0...100_000_000)
    let crc32 = try expected.required("crc32").requireInt(in: 0...0xFFFF_FFFF)
    #expect(output.count == bytes)
    #expect(CRC32.checksum(of: output) == crc32)
  }

  @Test func everyScalarHasThePropertiesThatTheLibraryActsOn() throws {
    let memory = TablesInMemory(Self.tables)
    let sets = memory.properties(of: 0..<0x11_0000)
    let root = try Self.document.get().root
    for bit in 0...12 {
      let expected = try root.required("properties").required("\(bit)").requireInt(in: 0...0xFFFF_FFFF)
      #expect(CRC32.checksum(of: sets.map { UInt8($0 >> bit & 1) }) == expected, "bit \(bit)")
    }
    let classes = try root.required("combiningClasses").requireInt(in: 0...0xFFFF_FFFF)
    #expect(CRC32.checksum(of: sets.map { UInt8($0 >> 16 & 0xFF) }) == classes)
    #expect(sets.allSatisfy { $0 & 0xFF00_E000 == 0 })
  }

  @Test func setNumbersAreThoseOfTheParts() {
    let memory = TablesInMemory(Self.tables)
    #expect(Self.tables.sets.first == 0)
    #expect(Set(Self.tables.sets).count == Self.tables.sets.count)
    for scalar in stride(from: UInt32(0), to: 0x11_0000, by: 41) {
      #expect(Self.tables.setNumber(of: scalar) == memory.setNumber(of: scalar))
    }
    #expect(Self.tables.setNumber(of: 0x11_0000) == 0)
  }

  @Test func onlyTheMappingsAskedForAreThere() throws {
    let none = UnicodeTables.make(mappings: [])
    #expect(none.mappingTrie.isEmpty && none.textOffsets.isEmpty && none.texts.isEmpty)
    #expect(none.sets == Self.tables.sets && none.blocks == Self.tables.blocks && none.index == Self.tables.index)
    let text = Array("É\u{FB01} e\u{301} 각 가\u{11A8}".utf8)
    // Hangul and ASCII go by rules.
    let bare = TablesInMemory(none)
    let jamo = "\u{1100}\u{1161}\u{11A8}"
    #expect(try bare.run(.form(.nfkd), on: text).text == Array("É\u{FB01} e\u{301} \(jamo) \(jamo)".utf8))
    #expect(try bare.run(.form(.nfc), on: text).text == Array("É\u{FB01} e\u{301} 각 각".utf8))
    #expect(try bare.run(.lowercase, on: Array("AÉ".utf8)).text == Array("aÉ".utf8))
    let lowercase = TablesInMemory(.make(mappings: [.lowercase]))
    #expect(try lowercase.run(.lowercase, on: Array("AÉ\u{130}Σ".utf8)).text == Array("aéi\u{307}σ".utf8))
    #expect(try lowercase.run(.form(.nfkd), on: Array("É\u{FB01}".utf8)).text == Array("É\u{FB01}".utf8))
  }

  @Test func stringsAndOriginsAreThoseOfTheLibrary() throws {
    let memory = TablesInMemory(Self.tables)
    let rows = try Self.document.get().root.required("strings").elements()
    #expect(rows.count >= 400)
    for row in rows {
      let text = try Array(row.required("text").requireString().utf8)
      let first = text.first.map { UTF8Scalars.length(lead: $0) } ?? 0
      for (name, step) in Self.steps {
        let expected = try row.required(name)
        let result = try memory.run(step, on: text, origin: first)
        let (expectedText, origin) = (
          try expected.element(0).requireString(), try expected.element(1).requireInt(in: 0...1_000)
        )
        #expect(result.text == Array(expectedText.utf8), "\(name) of \(text)")
        #expect(result.origin == origin, "\(name) of \(text)")
        #expect(try memory.run(step, on: text).text == result.text, "\(name) of \(text)")
        #expect(try memory.run(step, on: text).origin == 0)
      }
    }
  }

  /// Sorting that is not linear, or composing that is not, would take hours here.
  @Test func aMillionMarksInOneRunAreSorted() throws {
    let memory = TablesInMemory(Self.tables)
    let count = 650_000
    let marks = Array("\u{316}\u{301}\u{327}".utf8)
    let text = [UInt8(ascii: "e")] + (0..<count).flatMap { _ in marks }
    func run(_ head: String, _ counts: [(String, Int)]) -> [UInt8] {
      counts.reduce(into: Array(head.utf8)) { result, entry in
        for _ in 0..<entry.1 { result += entry.0.utf8 }
      }
    }
    let decomposed = run("e", [("\u{327}", count), ("\u{316}", count), ("\u{301}", count)])
    #expect(try memory.run(.form(.nfd), on: text).text == decomposed)
    #expect(try memory.run(.form(.nfkd), on: text).text == decomposed)
    let composed = run("\u{229}", [("\u{327}", count - 1), ("\u{316}", count), ("\u{301}", count)])
    #expect(try memory.run(.form(.nfc), on: text, origin: 1).text == composed)
    #expect(try memory.run(.form(.nfkc), on: text, origin: text.count).origin == composed.count)
  }

  @Test func textThatIsNoUTF8IsRefused() {
    let memory = TablesInMemory(Self.tables)
    #expect(throws: TokenizationError.invalidUTF8(offset: 1)) { try memory.run(.lowercase, on: [0x61, 0xC3]) }
  }
}
