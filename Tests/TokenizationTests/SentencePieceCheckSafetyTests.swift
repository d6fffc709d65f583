import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// libsentencepiece follows what it is given: no file may lead it astray.
@Suite struct SentencePieceCheckSafetyTests {
  /// Damages `bytes` at a few random places.
  private func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var crafted = bytes
    for _ in 0..<(1 << Int.random(in: 0...8, using: &generator)) {
      crafted[Int.random(in: 0..<crafted.count, using: &generator)] = .random(in: 0...255, using: &generator)
    }
    return crafted
  }

  /// What compiling with a charsmap comes to.
  private func outcome(charsmap base64: String) -> String? {
    let normalizer = "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\(base64)\"}"
    do {
      let document = try JSONDocument(SmallTokenizer(normalizer: normalizer).json, path: "small.json")
      switch try TokenizerCompiler.compile(tokenizer: document.root, path: "small.json").check {
      case .checked: return "checked"
      case .notChecked: return "not checked"
      }
    } catch TokenizerCompilerError.invalidCharsmap {
      return "refused"
    } catch {
      return "\(error)"
    }
  }

  @Test func theSmallCharsmapIsOne() {
    #expect(outcome(charsmap: Fixtures.base64(Fixtures.smallCharsmap())) == "checked")
  }

  @Test(arguments: 0..<4) func damagedCharsmapsLeadNowhere(_ batch: Int) {
    let map = Fixtures.smallCharsmap()
    var generator = SeededGenerator(state: UInt64(batch))
    var outcomes: Set<String?> = []
    for _ in 0..<50 { outcomes.insert(outcome(charsmap: Fixtures.base64(damaged(map, &generator)))) }
    #expect(outcomes.isSubset(of: ["checked", "not checked", "refused"]) && outcomes.contains("checked"))
    #expect(outcomes.contains("not checked") || outcomes.contains("refused"))
  }

  @Test func damagedRealCharsmapsLeadNowhere() throws {
    let steps = try Fixtures.jsonDocument().root.member("normalizer")?.member("normalizers")?.elements() ?? []
    let text = try #require(
      steps.first { $0.member("precompiled_charsmap") != nil }?.member("precompiled_charsmap")?.string)
    var generator = SeededGenerator(state: 23)
    for _ in 0..<8 {
      var crafted = Array(text.utf8)
      for _ in 0..<(1 << Int.random(in: 0...6, using: &generator)) {
        let digit = Fixtures.base64Digits.randomElement(using: &generator) ?? 0x41
        crafted[Int.random(in: 8..<crafted.count - 4, using: &generator)] = digit
      }
      let found = outcome(charsmap: String(decoding: crafted, as: UTF8.self))
      #expect(["checked", "not checked", "refused"].contains(found))
    }
  }

  /// What the library would follow out of its array, its buffer or its texts, and the compiler never comes to.
  @Test func whatOnlyTheLibraryWouldFollow() {
    let map = Fixtures.smallCharsmap()
    func changing(unit: Int, to word: UInt32) -> String? {
      var crafted = map
      withUnsafeBytes(of: word.littleEndian) { crafted.replaceSubrange(4 + 4 * unit..<8 + 4 * unit, with: $0) }
      return outcome(charsmap: Fixtures.base64(crafted))
    }
    // "AB" stands behind the shorter "A": its value beyond the texts, its node beyond the array.
    #expect(changing(unit: 8, to: 1 << 31 | 100) == "not checked")
    #expect(changing(unit: 4 ^ 0x42, to: 1 << 30 | 0x342) == "not checked")
    // Behind "A" a node that leads to itself by "B", with a key each time.
    #expect(changing(unit: 4 ^ 0x42, to: UInt32(0x42) << 10 | 0x142) == "not checked")
  }

  @Test func damagedModelsAreSafe() throws {
    let markers = [
      NamedToken("<<LABEL>>", id: 8001), NamedToken("<<SEP>>", id: 8002), NamedToken("<<EXAMPLE>>", id: 8003),
    ]
    let model = try Fixtures.bytes("\(Fixtures.demo)/spm.model")
    let section = try Fixtures.modelSection.get().bytes
    var generator = SeededGenerator(state: 17)
    for _ in 0..<20 {
      let crafted = damaged(model, &generator)
      do throws(TokenizerCompilerError) {
        _ = try SentencePieceCheck.run(
          section: section, sentencePieceModel: crafted, addedTokens: markers, path: "spm.model")
      } catch {
        #expect(error.message.contains("spm.model"))
      }
    }
  }
}

extension Fixtures {
  /// A charsmap of four keys: "A" to "a", "B" to "bb", U+00A0 to a space, and "AB" to "c".
  static func smallCharsmap() -> [UInt8] {
    var units = [UInt32](repeating: 0, count: 512)
    // Nodes at positions 256 (root), 4, 8 … of the array; a value lies at its node's position.
    func place(_ position: Int, _ byte: UInt8, _ child: Int, isKey: Bool) {
      let unit = position ^ Int(byte)
      units[unit] = UInt32(unit ^ child) << 10 | (isKey ? 0x100 : 0) | UInt32(byte)
    }
    units[0] = 256 << 10
    place(256, 0x41, 4, isKey: true)
    place(4, 0x42, 8, isKey: true)
    place(256, 0x42, 12, isKey: true)
    place(256, 0xC2, 16, isKey: false)
    place(16, 0xA0, 20, isKey: true)
    for (position, text) in [(4, 0), (8, 7), (12, 2), (20, 5)] { units[position] = 1 << 31 | UInt32(text) }
    let array = units.flatMap { unit in withUnsafeBytes(of: unit.littleEndian) { Array($0) } }
    return withUnsafeBytes(of: UInt32(array.count).littleEndian) { Array($0) } + array + Array("a\0bb\0 \0c\0".utf8)
  }

  fileprivate static let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for digit in 0..<4 {
        text.append(digit <= group.count ? base64Digits[bits >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
