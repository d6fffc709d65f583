import ModelCore
import Testing
import Tokenization
import TokenizerCompiler

/// What of a tokenizer folder is refused, and which markers stay where transformers 5.x would lose them.
@Suite struct TransformersRefusalTests {
  /// A folder of folders.jsonl, with other JSON files.
  private func folder(
    _ name: String, configuration: String? = nil, addedTokens: String? = nil, map: String? = nil
  ) throws -> SmallFolder {
    let row = try TransformersFolderTests.rows.get().first { $0.root.member("name")?.string == name }
    var folder = try SmallFolder(#require(row).root.required("files"))
    if let configuration {
      folder.settings.configuration = try JSONDocument(configuration, path: "tokenizer_config.json").root
    }
    if let addedTokens { folder.settings.addedTokens = try JSONDocument(addedTokens, path: "added_tokens.json").root }
    if let map { folder.settings.specialTokensMap = try JSONDocument(map, path: "special_tokens_map.json").root }
    return folder
  }

  private func message(
    _ profile: String, _ folder: SmallFolder, markers: TokenizerCompiler.MarkerIDs = .init(),
    unlisted: [NamedToken] = []
  ) -> String? {
    do {
      _ = try folder.source(profile, markers: markers, unlisted: unlisted)
      return nil
    } catch {
      return (error as? TokenizerCompilerError)?.message ?? "\(error)"
    }
  }

  // MARK: Refusals

  private static let deberta = #""tokenizer_class":"DebertaV2Tokenizer""#

  /// A profile, a folder, what its tokenizer_config.json has beside the class, and what the error says.
  static let configurations: [(profile: String, folder: String, members: String, message: String)] = [
    (
      "transformers-4", "spm", #""added_tokens_decoder":{"8":{"content":"[MASK]"}}"#,
      #"added_tokens_decoder.8: expected the id 7, as transformers 4.x numbers "[MASK]", found 8"#
    ),
    (
      "transformers-4", "spm", #""added_tokens_decoder":{"700":{"content":"[CLS]"}}"#,
      #"added_tokens_decoder.700: expected the id 1, as transformers 4.x numbers "[CLS]", found 700"#
    ),
    (
      "transformers-5", "json", #""added_tokens_decoder":{"7":{"content":"a"},"9":{"content":"c"}}"#,
      #"added_tokens_decoder.9: expected the id 8, as transformers 5.x numbers "c", found 9"#
    ),
    ("transformers-5", "json", #""added_tokens_decoder":{"7":{"content":""}}"#, "expected a text, found \"\""),
    ("transformers-5", "json", #""added_tokens_decoder":null"#, "expected an object of tokens by id, found null"),
    ("transformers-5", "json", #""added_tokens_decoder":{"x":{"content":"a"}}"#, "expected an id as the key"),
    ("transformers-5", "json", #""added_tokens_decoder":{"7":"a"}"#, "added_tokens_decoder.7: expected an object"),
    ("transformers-5", "json", #""added_tokens_decoder":{"7":{}}"#, "added_tokens_decoder.7.content: expected a value"),
    (
      "transformers-5", "json", #""added_tokens_decoder":{"7":{"content":"a","bold":true}}"#,
      "added_tokens_decoder.7.bold: unsupported value true"
    ),
    (
      "transformers-5", "json", #""added_tokens_decoder":{"7":{"content":"a","lstrip":1}}"#,
      "added_tokens_decoder.7.lstrip: expected true or false"
    ),
    ("transformers-4", "spm", #""mask_token":{"content":"[MASK]"}"#, "mask_token: expected a text, or an object with"),
    ("transformers-5", "json", #""mask_token":3"#, "mask_token: expected a text, or an object with"),
    ("transformers-5", "json", #""additional_special_tokens":{}"#, "additional_special_tokens: expected an array"),
    ("transformers-5", "json", #""extra_special_tokens":3"#, "extra_special_tokens: expected an array, found 3"),
    ("transformers-4", "spm", #""extra_special_tokens":["x"]"#, "extra_special_tokens: unsupported value an array"),
    ("transformers-5", "json", #""cls_token":null"#, "template: expected the token of cls_token in the vocabulary"),
    ("transformers-5", "json", #""sep_token":"a b""#, "sep_token: unsupported value \"a b\"; supported: texts without"),
    ("transformers-5", "json", #""unk_token":"b","unk_id":7"#, "unknown id: expected that of a piece, 0 to 6, found 7"),
    ("transformers-5", "json", #""unk_token":"b","unk_id":null"#, "unk_id: expected an integer"),
    ("transformers-5", "json", #""do_lower_case":1"#, "do_lower_case: expected true or false, found 1"),
    ("transformers-4", "spm", #""split_by_punct":"yes""#, "split_by_punct: expected true or false"),
    ("transformers-5", "t5 json", #""extra_ids":-1"#, "extra_ids: expected an integer from 0 to 65536, found -1"),
  ]

  @Test(arguments: configurations.indices) func settingsAreRefused(_ index: Int) throws {
    let row = Self.configurations[index]
    let tokenizerClass = row.folder == "t5 json" ? #""tokenizer_class":"T5Tokenizer""# : Self.deberta
    let folder = try folder(row.folder, configuration: "{\(tokenizerClass),\(row.members)}")
    let found = message(row.profile, folder)
    #expect(found?.contains(row.message) == true, "\(row.members): \(found ?? "no error")")
    #expect(found?.contains("\n") == false)
  }

  /// `tokenizer_class`, and what the error says; `nil` where there is none.
  static let classes: [(profile: String, folder: String, name: String, message: String?)] = [
    ("transformers-4", "spm", "T5Tokenizer", "tokenizer_class: unsupported value \"T5Tokenizer\"; supported: Deb"),
    ("transformers-4", "spm", "DebertaV2TokenizerFast", nil),
    ("transformers-5", "json", "BertTokenizerFast", "tokenizer_class: unsupported value \"BertTokenizerFast\""),
    ("transformers-5", "json", "PreTrainedTokenizer", "tokenizer_class: unsupported value \"PreTrainedTokenizer\""),
    ("transformers-5", "json", "PreTrainedTokenizerFast", nil),
    ("transformers-5", "json", "SomethingElse", nil),
    ("transformers-5", "spm", "PreTrainedTokenizerFast", "where there is no tokenizer.json"),
  ]

  @Test(arguments: classes.indices) func classesAreRefused(_ index: Int) throws {
    let row = Self.classes[index]
    let folder = try folder(row.folder, configuration: "{\"tokenizer_class\":\"\(row.name)\"}")
    let found = message(row.profile, folder)
    #expect(row.message.map { found?.contains($0) == true } ?? (found == nil), "\(found ?? "no error")")
  }

  @Test func idsOfTheOtherFilesAreRefused() throws {
    for (profile, library) in [("transformers-4", "4.x"), ("transformers-5", "5.x")] {
      let folder = try folder("spm", addedTokens: #"{"<<LABEL>>":9,"[MASK]":7}"#)
      #expect(
        message(profile, folder)
          == #"added_tokens.json: <<LABEL>>: expected the id 8, as transformers \#(library) numbers "<<LABEL>>", found 9"#
      )
      let text = try self.folder("spm", addedTokens: #"{"a":"7"}"#)
      #expect(message(profile, text)?.contains("a: expected an integer") == true)
      let unknown = try self.folder("spm", map: #"{"do_lower_case":true}"#)
      let refusal = "special_tokens_map.json: do_lower_case: unsupported value true"
      #expect(message(profile, unknown)?.contains(refusal) == true)
    }
    let objects = try folder("json", map: #"{"additional_special_tokens":[{"content":"x"}]}"#)
    #expect(message("transformers-5", objects)?.contains("additional_special_tokens[0]: unsupported value") == true)
    let extra = try folder("spm", map: #"{"extra_special_tokens":{"content":"x"}}"#)
    #expect(message("transformers-4", extra)?.contains("extra_special_tokens: unsupported value") == true)
  }

  // MARK: Markers

  @Test func markersThatTransformersLosesAreKept() throws {
    let folder = try folder("json", configuration: "{\(Self.deberta),\"added_tokens_decoder\":{}}")
    #expect(try folder.source("transformers-5").addedTokens.count == 5)
    let source = try folder.source("transformers-5", markers: .init(label: 8, separator: 9, example: 10))
    #expect(source.keptMarkers == ["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"])
    // As tokenizer.json has them.
    let label = source.addedTokens.first { $0.content == "<<LABEL>>" }
    #expect(label == .init(id: 8, content: "<<LABEL>>", rightStrip: true, special: true))
    // What transformers knows by itself is not kept, and what is no token cannot be.
    let listed = try self.folder("json").source("transformers-5", markers: .init(label: 8, separator: 77))
    #expect(listed.keptMarkers.isEmpty)
  }

  @Test func markersThatWouldMoveAreRefused() throws {
    let markers = TokenizerCompiler.MarkerIDs(label: 8, separator: 9)
    let more = try folder(
      "json", configuration: "{\(Self.deberta),\"added_tokens_decoder\":{},\"additional_special_tokens\":[\"<x>\"]}")
    #expect(
      message("transformers-5", more, markers: markers)?
        .hasSuffix(#"added_tokens[5].id: expected the id 9, as transformers 5.x numbers "<<LABEL>>", found 8"#) == true)
    let moved = try folder(
      "json", configuration: "{\(Self.deberta),\"added_tokens_decoder\":{\"7\":{\"content\":\"<<LABEL>>\"}}}")
    #expect(message("transformers-5", moved, markers: markers)?.contains("expected the id 7") == true)
  }

  @Test(arguments: ["transformers-4", "transformers-5"]) func markersThatNoFileListsAreAdded(_ profile: String) throws {
    let tokens = [NamedToken("<<SEP>>", id: 9), NamedToken("<<LABEL>>", id: 8), NamedToken("<<EXAMPLE>>", id: 2)]
    let markers = TokenizerCompiler.MarkerIDs(label: 8, separator: 9, example: 2)
    let source = try folder("spm").source(profile, markers: markers, unlisted: tokens)
    #expect(source.addedTokens.suffix(2).map(\.id) == [8, 9])
    // Without example_token_index it is 2: the token of another.
    #expect(!source.addedTokens.contains { $0.content == "<<EXAMPLE>>" })
    #expect(source.keptMarkers == (profile == "transformers-5" ? ["<<LABEL>>", "<<SEP>>"] : []))
    let listed = try folder("spm", addedTokens: #"{"[MASK]":7,"<<LABEL>>":8}"#)
    #expect(try listed.source(profile, unlisted: [tokens[1]]).keptMarkers.isEmpty)
    for (token, found) in [(NamedToken("<<LABEL>>", id: 2), "2"), (NamedToken("<<LABEL>>", id: 7), "[MASK]")] {
      let error = try message(profile, folder("spm"), unlisted: [token])
      #expect(error?.contains("added token \"<<LABEL>>\"") == true && error?.contains(found) == true, "\(error ?? "-")")
    }
  }

  // MARK: Numbers, and the header

  @Test func scoresAreWhatPythonReads() throws {
    // The library's own way of reading this number is one bit off; the nearest binary64 is what Python's json gives.
    let score = "-9.664830207824707"
    let pieces = #"["[UNK]",0],["[CLS]",0],["[SEP]",0],["a",\#(score)]"#
    let document = try JSONDocument(SmallTokenizer(pieces: pieces).json, path: "small.json")
    let configuration = try JSONDocument("{\(Self.deberta)}", path: "tokenizer_config.json")
    let settings = TokenizerSettings(configuration: configuration.root)
    let rebuilt = try TokenizerSource(
      transformers5: .tokenizerJSON(document.root), settings: settings, markers: .init(), path: "small.json")
    let plain = try TokenizerSource(document.root, path: "small.json")
    #expect(rebuilt.pieces.scores[3] == -9.664830207824707)
    #expect(plain.pieces.scores[3] == TokenizersNumber.value(score))
  }

  @Test func theSectionSaysItsProfile() throws {
    let json = try #require(try folder("json").tokenizerJSON)
    let members = "\(Self.deberta),\"added_tokens_decoder\":{},\"model_max_length\":64"
    let configuration = try JSONDocument("{\(members)}", path: "tokenizer_config.json")
    let markers = TokenizerCompiler.MarkerIDs(label: 8, separator: 9)
    let section = try TokenizerCompiler.compile(
      tokenizer: json, configuration: configuration.root, profile: .transformers5, markers: markers, path: "x")
    #expect(section.summary.profile == .transformers5)
    #expect(section.summary.maximumLength == 64)
    #expect(section.summary.paddingID == 0)
    #expect(section.keptMarkers == ["<<LABEL>>", "<<SEP>>"])
    let tokenizer = try CompiledTokenizer(copying: section.bytes, path: "x")
    #expect(try tokenizer.encode("<<LABEL>> a\n b\r") == [1, 8, 5, 4, 6, 2])
    #expect(try TokenizerCompiler.compile(tokenizer: json, path: "x").summary.profile == .tokenizers)
  }
}
