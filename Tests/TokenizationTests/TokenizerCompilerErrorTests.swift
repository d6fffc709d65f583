import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// Every case of ``TokenizerCompilerError``, provoked; and what is refused by name.
@Suite struct TokenizerCompilerErrorTests {
  private func error(of body: () throws -> Void) -> TokenizerCompilerError? {
    do {
      try body()
      return nil
    } catch {
      return error as? TokenizerCompilerError
    }
  }

  private func error(_ tokenizer: SmallTokenizer) -> TokenizerCompilerError? {
    error { _ = try tokenizer.compile() }
  }

  // Not inside the attribute: Swift 6.0 cannot compile interpolations there.
  static let refused: [(SmallTokenizer, String, String)] = [
    (SmallTokenizer(normalizer: #"{"type":"Nmt"}"#), "normalizer.type", "\"Nmt\""),
    (
      SmallTokenizer(normalizer: #"{"type":"Sequence","normalizers":[{"type":"BertNormalizer"}]}"#),
      "normalizer.normalizers[0].type", "\"BertNormalizer\""
    ),
    (SmallTokenizer(normalizer: #"{"type":"ByteLevel"}"#), "normalizer.type", "\"ByteLevel\""),
    (
      SmallTokenizer(normalizer: #"{"type":"Strip","strip_left":true,"strip_right":true,"more":1}"#), "normalizer.more",
      "1"
    ),
    (
      SmallTokenizer(normalizer: #"{"type":"Replace","pattern":{"String":""},"content":" "}"#),
      "normalizer.pattern.String", "\"\""
    ),
    (
      SmallTokenizer(preTokenizer: #"{"type":"ByteLevel","add_prefix_space":true}"#), "pre_tokenizer",
      "ByteLevel before a Unigram model"
    ),
    (SmallTokenizer(normalizer: #"{"type":"Prepend","prepend":""}"#), "normalizer.prepend", "\"\""),
    (SmallTokenizer(preTokenizer: #"{"type":"Whitespace"}"#), "pre_tokenizer.type", "\"Whitespace\""),
    (SmallTokenizer(preTokenizer: #"{"type":"UnicodeScripts"}"#), "pre_tokenizer.type", "\"UnicodeScripts\""),
    (
      SmallTokenizer(preTokenizer: #"{"type":"Punctuation","behavior":"Merged"}"#), "pre_tokenizer.behavior",
      "\"Merged\""
    ),
    (
      SmallTokenizer(
        preTokenizer: """
          {"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":true},{"type":"WhitespaceSplit"}]}
          """), "pre_tokenizer.pretokenizers[1].type", "\"WhitespaceSplit\""
    ),
    (
      SmallTokenizer(preTokenizer: #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"last"}"#),
      "pre_tokenizer.prepend_scheme", "\"last\""
    ),
    (
      SmallTokenizer(preTokenizer: #"{"type":"Metaspace","replacement":"▁","add_prefix_space":false}"#),
      "pre_tokenizer.add_prefix_space", "false"
    ),
    (SmallTokenizer(postProcessor: #"{"type":"Other"}"#), "post_processor.type", "\"Other\""),
    (SmallTokenizer(model: #""type":"WordPiece""#), "model.type", "\"WordPiece\""),
    (SmallTokenizer(model: #""type":"Unigram","unk_id":null"#), "model.unk_id", "null"),
    (SmallTokenizer(model: #""type":"Unigram","unk_id":0,"alpha":0.1"#), "model.alpha", "0.1"),
    (SmallTokenizer(extra: #","more":{}"#), "more", "an object"),
  ]

  @Test(arguments: refused)
  func whatIsNotImplementedIsRefusedByName(_ tokenizer: SmallTokenizer, _ field: String, _ found: String) {
    guard case .unsupported("small.json", field, found, let supported)? = error(tokenizer) else {
      Issue.record("\(String(describing: error(tokenizer)))")
      return
    }
    #expect(!supported.isEmpty)
    #expect(error(tokenizer)?.exitStatus == .badData)
  }

  @Test func input() {
    for tokenizer in [
      SmallTokenizer(model: #""type":"Unigram","unk_id":6"#), SmallTokenizer(model: #""type":"BPE""#),
      SmallTokenizer(pieces: #"["a","b"]"#), SmallTokenizer(pieces: #"["a"]"#), SmallTokenizer(addedTokens: "{}"),
      SmallTokenizer(addedTokens: #"[{"id":1}]"#), SmallTokenizer(normalizer: #"{"type":"Strip"}"#),
      SmallTokenizer(preTokenizer: #"{"type":"Metaspace","replacement":"ab"}"#),
      SmallTokenizer(postProcessor: #"{"type":"TemplateProcessing","single":[],"special_tokens":{}}"#),
      SmallTokenizer(normalizer: #"{"type":"Precompiled","precompiled_charsmap":"A"}"#),
    ] {
      guard case .input(let inner)? = error(tokenizer) else {
        Issue.record("\(String(describing: error(tokenizer))): \(tokenizer.json)")
        continue
      }
      #expect(error(tokenizer)?.message == inner.message)
      #expect(error(tokenizer)?.exitStatus == .badData)
      #expect(error(tokenizer)?.hint == nil)
    }
  }

  @Test func settingsOfTheConfiguration() throws {
    let found = error { _ = try SmallTokenizer().compile(configuration: #"{"split_special_tokens":true}"#) }
    guard case .input(.unsupported("tokenizer_config.json", "split_special_tokens", "true", "false"))? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    // What transformers would do with tokenizer.json matters under its own profile only.
    #expect(
      try SmallTokenizer().compile()
        == SmallTokenizer().compile(
          configuration: #"{"do_lower_case":true,"split_by_punct":true,"add_prefix_space":false,"mask_token":"<m>"}"#))
    let section = try SmallTokenizer().compile(
      configuration: #"{"do_lower_case":false,"unknown":[1],"model_max_length":512}"#)
    #expect(try CompiledTokenizer(copying: section, path: "x").summary.maximumLength == 512)
    let endless = try SmallTokenizer().compile(configuration: #"{"model_max_length":1e30}"#)
    #expect(try CompiledTokenizer(copying: endless, path: "x").summary.maximumLength == nil)
  }

  @Test func truncationPaddingAndDecoderAreIgnored() throws {
    let json = SmallTokenizer().json
      .replacing(#""truncation":null"#, with: #""truncation":{"max_length":3}"#)
      .replacing(#""padding":null"#, with: #""padding":{"strategy":"BatchLongest"}"#)
      .replacing(#""decoder":null"#, with: #""decoder":{"type":"Metaspace"}"#)
    let document = try JSONDocument(json, path: "small.json")
    let section = try TokenizerCompiler.compile(tokenizer: document.root, path: "small.json")
    #expect(try section.bytes == SmallTokenizer().compile())
  }

  @Test func invalidVocabulary() {
    for tokens in [
      SmallTokenizer.addedToken(7, "x"), SmallTokenizer.addedToken(6, "a"),
      "\(SmallTokenizer.addedToken(6, "x")),\(SmallTokenizer.addedToken(7, "x"))",
      SmallTokenizer.addedToken(6, ""),
    ] {
      guard case .invalidVocabulary("small.json", _, _, _)? = error(SmallTokenizer(addedTokens: "[\(tokens)]")) else {
        Issue.record("\(tokens)")
        continue
      }
    }
    let long = String(repeating: "x", count: 1025)
    #expect(error(SmallTokenizer(pieces: "[\"u\",0],[\"\(long)\",0]"))?.message.contains("1025 bytes") == true)
    #expect(error(SmallTokenizer(pieces: #"["u",0],["a\u0000",0]"#))?.message.contains("NUL") == true)
    let token = SmallTokenizer.addedToken(6, long)
    #expect(error(SmallTokenizer(addedTokens: "[\(token)]"))?.message.contains("1025 bytes") == true)
  }

  @Test(arguments: [
    // One unit without children is a charsmap of nothing. A size beyond the bytes, none, and an odd one are not.
    ("BAAAAAAAAAA=", true), ("CAAAAAAAAAA=", false), ("AAAAAA==", false), ("AwAAAAAAAA==", false), ("AA==", false),
  ])
  func invalidCharsmap(_ base64: String, _ isValid: Bool) {
    let normalizer = "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\(base64)\"}"
    let found = error(SmallTokenizer(normalizer: normalizer))
    if isValid {
      #expect(found == nil)
    } else if case .invalidCharsmap("small.json", "normalizer.precompiled_charsmap", _)? = found {
      #expect(found?.message.contains("charsmap") == true)
    } else {
      Issue.record("\(String(describing: found))")
    }
  }

  @Test func missingToken() {
    let template =
      #"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"special_tokens":{}}"#
    guard case .missingToken("small.json", "x", _)? = error(SmallTokenizer(postProcessor: template)) else {
      Issue.record("template")
      return
    }
    let found = error { _ = try SmallTokenizer().compile(markers: .init(label: 77)) }
    guard case .missingToken("small.json", "with id 77", "class_token_index")? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(found?.hint != nil)
    // An unused example token may lie anywhere.
    #expect(error { _ = try SmallTokenizer().compile(markers: .init(example: 77)) } == nil)
  }

  @Test func tooLarge() {
    let strip = #"{"type":"Strip","strip_left":true,"strip_right":true}"#
    let steps = Array(repeating: strip, count: 17).joined(separator: ",")
    guard
      case .tooLarge("small.json", "normalizer steps", 17, 16)? = error(
        SmallTokenizer(normalizer: "{\"type\":\"Sequence\",\"normalizers\":[\(steps)]}"))
    else {
      Issue.record("no error")
      return
    }
    guard case .tooLarge("small.json", "model.vocab", 0, _)? = error(SmallTokenizer(pieces: "")) else {
      Issue.record("no error")
      return
    }
  }

  @Test func unreadable() {
    // A defect of ours by definition, so no input is known to provoke it: how it is shown.
    let inner = TokenizationError.notATokenizer(path: "x", found: "y")
    let error = TokenizerCompilerError.unreadable(inner)
    #expect(error.message == inner.message)
    #expect(error.exitStatus == .internalError)
  }
}
