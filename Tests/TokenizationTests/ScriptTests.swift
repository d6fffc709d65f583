import ModelCore
import Testing
import TokenizerCompiler

/// Scripts and the pieces that are of them.
@Suite struct ScriptTests {
  /// Characters of each, as Scripts.txt of Unicode 16.0 counts them ("Total code points").
  @Test(
    arguments: [
      ("latin", 1487), ("greek", 518), ("cyrillic", 508), ("armenian", 96), ("hebrew", 134), ("arabic", 1373),
      ("devanagari", 164), ("thai", 86), ("georgian", 173), ("hangul", 11739), ("hiragana", 381), ("katakana", 321),
      ("han", 99030),
    ])
  func hasAsManyCharactersAsUnicodeSays(_ name: String, _ count: Int) throws {
    let number = try #require(ScriptSelection.known.firstIndex(of: name)) + 1
    let all = (0..<UInt32(0x110000)).lazy.compactMap(Unicode.Scalar.init)
    #expect(all.count { ScriptSelection.number(of: $0) == number } == count)
  }

  @Test func charactersAtTheEndsOfRuns() throws {
    func script(_ scalar: Unicode.Scalar) -> String? {
      let number = ScriptSelection.number(of: scalar)
      return number == 0 ? nil : ScriptSelection.known[number - 1]
    }
    // Common and Inherited: signs, digits, marks of all scripts; and what is not assigned or for private use.
    for scalar in "\0 09@[`{µ×÷–…☃①𝐀ー\u{301}\u{200D}\u{E000}\u{378}\u{10FFFF}".unicodeScalars {
      #expect(script(scalar) == nil, "U+\(String(scalar.value, radix: 16))")
    }
    for (text, name) in [
      ("AZazªºÀɏＡｚﬁ\u{212A}", "latin"), ("ΑωἀΩ\u{3C0}", "greek"), ("АяЁѣ\u{1C80}", "cyrillic"), ("את", "hebrew"),
      ("ابگ", "arabic"), ("कि", "devanagari"), ("กำ", "thai"), ("가힣ᄀ", "hangul"), ("あん", "hiragana"), ("アン", "katakana"),
      ("一龥々〇\u{20000}", "han"),
    ] {
      for scalar in text.unicodeScalars {
        #expect(script(scalar) == name, "U+\(String(scalar.value, radix: 16))")
      }
    }
  }

  @Test func namesAreFoundInWhateverForm() throws {
    let same = try ScriptSelection(["Latin", "OLD ITALIC", "cyrl", "latn", "old-italic"])
    #expect(same.names == ["cyrillic", "old_italic", "latin"])
    #expect(Set(ScriptSelection.known).count == ScriptSelection.known.count && ScriptSelection.known.count == 168)
    for name in ["", "klingon", "common", "Zyyy", "lat"] {
      #expect(throws: ScriptSelection.Unknown(name: name)) { try ScriptSelection(["latin", name]) }
    }
  }

  private static func source(_ small: SmallTokenizer) throws -> TokenizerSource {
    try TokenizerSource(JSONDocument(small.json, path: "small.json").root, path: "small.json")
  }

  @Test func piecesOfAUnigram() throws {
    let pieces = ["[UNK]", "▁the", "▁дом", "aд", "12", "…!", "▁日本", "é", "e\u{301}", "ि\u{93F}", "½①", "▁"]
    let list = pieces.map { "[\"\($0)\",0]" }.joined(separator: ",")
    let source = try Self.source(SmallTokenizer(pieces: list))
    func kept(_ scripts: [String]) throws -> [String] {
      let selection = try ScriptSelection(scripts)
      return pieces.indices.filter { source.isPiece($0, of: selection) }.map { pieces[$0] }
    }
    let common = ["12", "…!", "½①", "▁"]
    #expect(try kept(["latin"]) == ["[UNK]", "▁the", "12", "…!", "é", "e\u{301}"] + common.dropFirst(2))
    #expect(try kept(["cyrillic"]) == ["▁дом", "12", "…!"] + common.dropFirst(2))
    #expect(try kept(["latin", "cyrillic"]).contains("aд"))
    #expect(try kept(["han"]) == ["12", "…!", "▁日本"] + common.dropFirst(2))
    #expect(try kept(["devanagari"]).contains("ि\u{93F}"))
  }

  /// Ġ is a space, Ð´ is д, and æĹ the first two bytes of three.
  @Test func piecesOfBytes() throws {
    let json = #"""
      {"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
      "model":{"type":"BPE","merges":[],"vocab":{"a":0,"Ġa":1,"Ð´":2,"aÐ´":3,"æĹ":4,"æĹ¥":5,"Ġ":6,"12":7}}}
      """#
    let source = try TokenizerSource(JSONDocument(json, path: "small.json").root, path: "small.json")
    func kept(_ name: String) throws -> [Int] {
      let selection = try ScriptSelection([name])
      return (0..<source.pieces.count).filter { source.isPiece($0, of: selection) }
    }
    #expect(try kept("latin") == [0, 1, 4, 6, 7])
    #expect(try kept("cyrillic") == [2, 4, 6, 7])
    #expect(try kept("han") == [4, 5, 6, 7])
  }
}
