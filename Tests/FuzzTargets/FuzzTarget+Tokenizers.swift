import ModelCore
import Tokenization
import TokenizerCompiler

extension FuzzTarget {
  /// A text and a compiled tokenizer without gaps and offsets (``SqueezedSection``): opening, encoding, looking tokens up, prompts.
  static func tokenizer(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let parts = bytes.parts(1 + SqueezedSection.inputPartCount, separator: separator)
    let text = String(decoding: parts[0].prefix(1024), as: UTF8.self)
    let section = SqueezedSection(Array(parts.dropFirst())).section()
    let path = "fuzz.glc"
    return FuzzInput(path) {
      let tokenizer = try CompiledTokenizer(copying: section, path: path)
      let checks = TokenizerChecks(tokenizer: tokenizer)
      try checks.lookUp([], text)
      do {
        guard try tokenizer.normalize(text).count <= longestText else {
          // Once is enough.
          _ = try tokenizer.encode(text)
          return
        }
        try checks.lookUp(checks.encode(text), text)
        try checks.buildPrompts(text)
      } catch TokenizationError.textTooLong {
        // About the text, which such tables made longer than may be: names no file.
      }
    }
  }

  /// `tokenizer.json`: compiled twice, opened, and at work on texts in several scripts.
  static func tokenizerJSON(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let path = "tokenizer.json"
    return FuzzInput(path) {
      let root = try JSONDocument(bytes, path: path).root
      try useCompiled { try TokenizerCompiler.compile(tokenizer: root, path: path) }
    }
  }

  /// `spm.model`, with markers behind its pieces.
  static func sentencePiece(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let path = "spm.model"
    let model = Array(bytes)
    let added = [NamedToken("<<LABEL>>", id: 5000), NamedToken("<<SEP>>", id: 5001)]
    return FuzzInput(path) {
      try useCompiled {
        try TokenizerCompiler.compile(sentencePieceModel: model, addedTokens: added, path: path)
      }
    }
  }

  /// A text, for tokenizers that are always the same.
  static func text(_ bytes: UnsafeRawBufferPointer) throws -> FuzzInput {
    let path = "text"
    let text = Array(bytes)
    return FuzzInput(path) {
      let tokenizers = try SmallTokenizers.all.get()
      let invalid = firstInvalidOffset(text)
      for (name, tokenizer) in tokenizers {
        var scratch = EncodingScratch()
        do {
          let ids = try TokenizerChecks.encode(text, with: tokenizer, &scratch)
          try require(invalid == nil, "\(name): bytes that are not UTF-8 are encoded")
          let again = try TokenizerChecks(tokenizer: tokenizer).encode(
            String(decoding: text, as: UTF8.self), &scratch)
          try require(again == ids, "\(name): other ids of a string")
          if name == SmallTokenizers.reversible {
            try require(SmallTokenizers.text(of: ids, by: tokenizer) == text, "\(name): the tokens are another text")
          }
        } catch TokenizationError.invalidUTF8(let offset) {
          try require(offset == invalid, "invalid at byte \(offset), expected \(invalid ?? -1)")
        }
      }
      if let invalid { throw TextError(path: path, offset: invalid) }
    }
  }

  /// Runs `compile` twice, and what it gives on texts.
  private static func useCompiled(_ compile: () throws -> CompiledTokenizerSection) throws {
    let section = try compile().bytes
    try require(compile().bytes == section, "compiled to other bytes the second time")
    do {
      let tokenizer = try CompiledTokenizer(copying: section, path: "section")
      let checks = TokenizerChecks(tokenizer: tokenizer)
      for text in texts {
        do {
          try checks.lookUp(checks.encode(text), text)
        } catch TokenizationError.textTooLong {
          // A tokenizer may make any text as long as it likes.
        }
      }
      try checks.buildPrompts(texts[0])
    } catch let error as TokenizationError {
      throw FuzzViolation(what: "what was written is not read: \(error)")
    }
  }

  /// Longer ones, which some tables make of a short one, are encoded once only.
  private static let longestText = 1 << 13

  private static let texts = [
    " One day\tI will see\u{301} the <<SEP>> world! ﬁn \u{1F468}\u{200D}\u{1F469}\u{0} ▁  It's 1,234½ ",
    "<<LABEL>>Ünïcödé Straße İ ǅ 東京都 한국어 \u{1100}\u{1161}\u{11A8} नमस्ते Ελληνικά עִבְרִית\r\n\n[UNK]aaaa\u{E000}\u{10FFFF}",
  ]

  /// Where bytes stop being UTF-8, by the standard library's own parser.
  private static func firstInvalidOffset(_ bytes: [UInt8]) -> Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded): offset += encoded.count
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}

/// Says of a text that it is refused, as a caller who reads it from a file would.
private struct TextError: Diagnostic {
  let path: String
  let offset: Int
  var message: String { "\(path): not UTF-8 at byte \(offset)" }
  var hint: String? { nil }
  var exitStatus: ExitStatus { .badData }
}
