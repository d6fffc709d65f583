import Foundation
import ModelCore
import Tokenization
import TokenizerCompiler

/// The tokenizers of the target `text`: small, always the same, and with all kinds of steps among them.
enum SmallTokenizers {
  /// The one whose tokens are the text again: every byte has a piece, and nothing is normalized.
  static let reversible = "bytes"

  static let all: Result<[(name: String, tokenizer: CompiledTokenizer)], any Error> = Result {
    try [(reversible, bytes), ("forms", forms), ("first", first), ("splits", splits)].map { name, definition in
      let root = try JSONDocument(definition.text(), path: name).root
      let section = try TokenizerCompiler.compile(tokenizer: root, path: name)
      return (name, try CompiledTokenizer(copying: section.bytes, path: name))
    }
  }

  /// The text that the tokens `ids` are spelled from.
  static func text(of ids: [Int32], by tokenizer: CompiledTokenizer) -> [UInt8] {
    ids.flatMap { id -> [UInt8] in
      let token = tokenizer.token(for: id) ?? ""
      return markers.contains(token) ? Array(token.utf8) : token.unicodeScalars.map { bytesOfCharacters[$0] ?? 0 }
    }
  }

  private static let bytesOfCharacters = Dictionary(
    uniqueKeysWithValues: zip(ByteLevelAlphabet.characters, UInt8.min...UInt8.max))
  private static let markers: Set<String> = ["<<LABEL>>", "  ", "<<SEP>>"]

  /// Byte-level BPE as GPT-2 has it, with runs of spaces as added tokens.
  private static var bytes: JSON {
    let merges = [
      ("Ġ", "t"), ("h", "e"), ("Ġt", "he"), ("Ã", "©"), ("a", "a"), ("aa", "aa"), ("aa", "a"), ("i", "n"), ("in", "g"),
      ("æ", "Ŀ"), ("æĿ", "±"), ("Ġ", "Ġ"), ("ĠĠ", "Ġ"), ("1", "2"), ("'", "s"), ("e", "r"), ("r", "e"),
    ]
    let tokens = ByteLevelAlphabet.characters.map { String($0) } + merges.map { $0.0 + $0.1 }
    let vocabulary = tokens.enumerated().map { ($1, JSON.int($0)) }
    return tokenizer(
      added: added(from: tokens.count, markers.sorted()), normalizer: .null,
      preTokenizer: step("ByteLevel", ("add_prefix_space", .bool(false)), ("use_regex", .bool(true))),
      model: step(
        "BPE", ("vocab", .object(vocabulary)),
        ("merges", .array(merges.map { .array([.string($0.0), .string($0.1)]) }))))
  }

  /// Unigram with byte fallback behind the forms of Unicode.
  private static var forms: JSON {
    let bytes = (0..<256).map { "<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>" }
    return tokenizer(
      added: added(from: 300, ["<<LABEL>>"]),
      normalizer: sequence("normalizers", step("NFKC"), step("Lowercase"), step("NFD"), step("StripAccents")),
      preTokenizer: step("Metaspace", ("replacement", .string("▁")), ("prepend_scheme", .string("always"))),
      model: unigram(bytes + pieces, size: 300, ("byte_fallback", .bool(true))))
  }

  /// Unigram whose steps move the origin.
  private static var first: JSON {
    let space: JSON = .object([("Regex", .string(#"\s+"#))])
    let letters: JSON = .object([("String", .string("''"))])
    return tokenizer(
      added: added(from: 40, ["<<LABEL>>", "[MASK]"], strips: true),
      normalizer: sequence(
        "normalizers", step("Strip", ("strip_left", .bool(true)), ("strip_right", .bool(false))),
        step("Replace", ("pattern", letters), ("content", .string("\""))),
        step("Replace", ("pattern", space), ("content", .string(" "))), step("NFC"),
        step("Precompiled", ("precompiled_charsmap", .string(charsmap))), step("Prepend", ("prepend", .string("a")))),
      preTokenizer: step("Metaspace", ("replacement", .string("▁")), ("prepend_scheme", .string("first"))),
      model: unigram(pieces, size: 40))
  }

  /// Unigram behind several splits, with added tokens of every kind.
  private static var splits: JSON {
    let word: JSON = .object([("Regex", .string(#"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\s*[\r\n]+|\s+(?!\S)|\s+"#))])
    return tokenizer(
      added: added(from: 40, [" ", "<<LABEL>>", "ab", "\n"], strips: true, singleWord: true), normalizer: .null,
      preTokenizer: sequence(
        "pretokenizers",
        step("Split", ("pattern", word), ("behavior", .string("Contiguous")), ("invert", .bool(false))),
        step("Digits", ("individual_digits", .bool(true))),
        step("Punctuation", ("behavior", .string("MergedWithNext"))),
        step("Metaspace", ("replacement", .string("▁")), ("prepend_scheme", .string("never")), ("split", .bool(true)))),
      model: unigram(pieces, size: 40))
  }

  private static let pieces = [
    "[UNK]", "▁", "a", "b", "e", "é", "t", "h", "▁the", "he", "in", "g", "ing", "1", "2", "東", "京", "東京", "aa", "aaaa",
    "ﬁ", "\u{301}", "'s", ".", "한",
  ]

  /// `ﬁ` to `fi`, U+00AD to nothing, TAB to a space, `e` with U+0301 to `é`: a darts-clone array and texts.
  private static let charsmap: String = {
    let units: [Int: UInt32] = [
      0: 0x400, 4: 0x80000000, 6: 0x80000003, 7: 0x80000004, 8: 0x3D09, 10: 0x80000006, 100: 0x1B065,
      130: 0x21981, 136: 0x20981, 168: 0x2B9AD, 174: 0x2B4AC, 195: 0x318C2, 196: 0x334CC, 238: 0x3B0EF,
    ]
    var bytes: [UInt8] = []
    for word in [UInt32(4 * 239)] + (0..<239).map({ units[$0] ?? 0 }) {
      withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
    return Data(bytes + "fi\0\0 \0é\0".utf8).base64EncodedString()
  }()

  // MARK: Forms

  private static func tokenizer(added: JSON, normalizer: JSON, preTokenizer: JSON, model: JSON) -> JSON {
    .object([
      ("version", .string("1.0")), ("added_tokens", added), ("normalizer", normalizer), ("pre_tokenizer", preTokenizer),
      ("post_processor", .null), ("model", model),
    ])
  }

  private static func step(_ type: String, _ members: (String, JSON)...) -> JSON {
    .object([("type", .string(type))] + members)
  }

  private static func sequence(_ name: String, _ steps: JSON...) -> JSON { step("Sequence", (name, .array(steps))) }

  private static func unigram(_ texts: [String], size: Int, _ further: (String, JSON)...) -> JSON {
    let fill = (texts.count..<size).map { "⟨\($0)⟩" }
    let vocabulary = (texts + fill).enumerated().map { index, text in
      JSON.array([.string(text), .double(-Double(index % 17) / 2 - 1)])
    }
    let unknown = texts.firstIndex(of: "[UNK]") ?? 0
    return .object(
      [("type", .string("Unigram")), ("unk_id", .int(unknown)), ("vocab", .array(vocabulary))] + further)
  }

  private static func added(
    from first: Int, _ texts: [String], strips: Bool = false, singleWord: Bool = false
  ) -> JSON {
    .array(
      texts.enumerated().map { index, text in
        .object([
          ("id", .int(first + index)), ("content", .string(text)), ("single_word", .bool(singleWord && index % 2 == 0)),
          ("lstrip", .bool(strips)), ("rstrip", .bool(strips && index != 1)), ("normalized", .bool(index % 2 == 1)),
          ("special", .bool(false)),
        ])
      })
  }
}
