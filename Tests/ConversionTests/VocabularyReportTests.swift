import Conversion
import Foundation
import GLiClass
import TestSupport
import Testing
import Tokenization

/// What is said of texts and of what is left out, and what is refused.
@Suite struct VocabularyReportTests {
  private let pruning: PruningFolder

  init() throws { pruning = try PruningFolder() }

  private static func texts() throws -> [String] {
    try Fixtures.reference(Fixtures.path("random-tiny/reference.jsonl")).map(\.text).filter { !$0.contains("\n") }
  }

  /// Counted text by text, by the tokens of the whole vocabulary.
  @Test func textsThatChangeAreCounted() throws {
    let texts = try Self.texts()
    let seen = try pruning.write("seen.txt", texts.prefix(6).joined(separator: "\n"))
    // All texts but the first of these six have tokens that they lack.
    let others = Array(texts.dropFirst(6)) + [texts[1]]
    let rest = try pruning.write("rest.txt", others.joined(separator: "\n"))
    let outcome = try pruning.convert {
      $0.files = [seen]
      $0.measured = [rest, seen]
    }
    let kept = Set(outcome.originals.map(Int32.init))
    let full = try Converted.model("random-tiny", .f32).tokenizer
    func changed(_ texts: some Sequence<String>) throws -> Int {
      try texts.count { try !$0.isEmpty && full.encode("<<SEP>>\($0)").contains { !kept.contains($0) } }
    }
    let report = try #require(outcome.summary.input.pruning)
    #expect(report.changes.map(\.path) == [seen, rest])
    #expect(try report.changes.map(\.changedTexts) == [0, changed(others)])
    #expect(report.changes[1].changedTexts > 0 && report.changes[1].changedTexts < report.changes[1].texts)
  }

  /// Each text is left out once, by brute force.
  @Test func whatNewTextsWillDoIsEstimated() throws {
    let texts = try Self.texts().filter { !$0.isEmpty } + ["Tackdre|", "12 12", "Tackdre|"]
    let path = try pruning.write("texts.txt", texts.joined(separator: "\n"))
    let outcome = try pruning.convert { $0.files = [path] }
    let full = try Converted.model("random-tiny", .f32).tokenizer
    let ids = try texts.map { Set(try full.encode("<<SEP>>\($0)")) }
    var alone = 0
    for (index, own) in ids.enumerated() {
      let others = ids.enumerated().filter { $0.offset != index }.reduce(into: Set<Int32>()) {
        $0.formUnion($1.element)
      }
      let pieces = try PruningFolder.pieces
      let isAlone = own.contains { id in
        !others.contains(id) && id > 3 && id < 495 && pieces[Int(id)].unicodeScalars.count > 1
      }
      alone += isAlone ? 1 : 0
    }
    let expected = Double(alone) / Double(texts.count)
    #expect(alone > 0 && alone < texts.count)
    #expect(outcome.summary.input.pruning?.expectedChange == expected)
  }

  @Test func nothingIsEstimatedWithoutTexts() throws {
    let outcome = try pruning.convert { $0.scripts = ["latin", "greek"] }
    let report = try #require(outcome.summary.input.pruning)
    #expect(report.expectedChange == nil && report.changes.isEmpty && report.files.isEmpty)
  }

  @Test func wholeVocabulariesStayAsTheyAre() throws {
    let list = try pruning.write("all.pieces", try PruningFolder.pieces.joined(separator: "\n"))
    let outcome = try pruning.convert { $0.files = [list] }
    #expect(outcome.originals == Array(0..<500))
    #expect(try outcome.model.file.vocabularyMap() == nil && outcome.model.file.version == "1.0")
    #expect(outcome.summary.input.pruning?.savedTableBytes == 0)
  }

  @Test func linesThatAreNotRightAreNamed() throws {
    func message(_ name: String, _ bytes: [UInt8]) throws -> String {
      let path = try pruning.write(name, bytes)
      let error = pruning.error { $0.files = [path] }
      return try #require(error?.message).replacingOccurrences(of: path, with: name)
    }
    func message(_ name: String, _ text: String) throws -> String { try message(name, Array(text.utf8)) }
    #expect(try message("a.txt", "") == "a.txt: expected texts, found none")
    #expect(try message("a.txt", "\n\r\n\n") == "a.txt: expected texts, found none")
    #expect(try message("a.jsonl", "\n") == "a.jsonl: expected texts, found none")
    #expect(try message("a.pieces", "") == "a.pieces: expected pieces, found none")
    #expect(
      try message("a.txt", [0x61, 0x0A, 0x62, 0xFF]) == "a.txt: line 2: expected UTF-8, found other bytes at byte 1")
    #expect(
      try message("a.pieces", "a\nnone of it")
        == "a.pieces: line 2: expected a piece of the vocabulary, found \"none of it\"")
    #expect(
      try message("a.jsonl", "{\"text\":\"a\"}\n{\"text\":7}") == "a.jsonl: line 2: text: expected a string, found 7")
    #expect(
      try message("a.jsonl", #"{"text":"a","labels":["b",3]}"#)
        == "a.jsonl: line 1: labels[1]: expected a string, found 3")
    #expect(
      try message("a.json", #"[{"text":"a"},{"label":"b"}]"#).hasPrefix("a.json: line 2: "))
    #expect(try message("a.jsonl", "{\"text\":\"a\"}\nno").hasPrefix("a.jsonl: line 2: invalid JSON at byte "))
    #expect(try message("a.glc", "none").contains("a.glc: expected a .glc file"))
  }

  @Test func namesAreRefusedBeforeAnythingIsRead() throws {
    var options = VocabularyOptions()
    options.files = ["a.csv"]
    #expect(options.isEmpty == false)
    #expect(
      thrown(VocabularyError.self) { try options.check() }
        == .unknownForm(path: "a.csv", expected: "a text a line, .jsonl, .pieces or .glc"))
    options.files = []
    options.measured = ["a.pieces"]
    #expect(
      thrown(VocabularyError.self) { try options.check() }
        == .unknownForm(path: "a.pieces", expected: "texts: one a line, or .jsonl"))
    options.measured = []
    options.scripts = ["latin", "Elvish"]
    let error = try #require(thrown(VocabularyError.self) { try options.check() })
    #expect(error == .unknownScript(name: "Elvish") && error.exitStatus == .usage)
    #expect(error.message.hasPrefix("expected scripts of Unicode, found \"Elvish\"; known are adlam, "))
    #expect(pruning.error { $0.scripts = ["Elvish"] } == error)
    let missing = try #require(pruning.error { $0.files = ["/nowhere/a.txt"] })
    #expect(missing.exitStatus == .missingInput && missing.message.contains("/nowhere/a.txt: cannot open"))
    #expect(VocabularyError.disagreement(path: "a", line: 3).exitStatus == .internalError)
  }

  /// Tokens of another model's vocabulary cannot be kept in this one.
  @Test func anotherVocabularyIsNoList() throws {
    let other = try Converted.glc(Fixtures.path("debian-tags-f16"), .q8)
    let error = try #require(pruning.error { $0.files = [other] })
    #expect(error.message.contains(": expected a piece of the vocabulary, found \"▁the\""), "\(error.message)")
  }

  /// Rows that no token has go; one that only the configuration names stays, and one that it names without a row stays outside.
  @Test(arguments: [(499, 506), (506, 506), (9_999, 9_999)]) func paddingRows(_ marker: Int, _ last: Int) throws {
    let folder = try TemporaryFolder()
    let input = try Self.checkpoint(in: folder, rows: 508, exampleToken: marker)
    let outcome = try pruning.convert(input: input) { $0.scripts = ["latin"] }
    let tokens = outcome.originals.filter { $0 < 500 }
    #expect(outcome.originals == (marker == 506 ? tokens + [506] : tokens))
    let example = outcome.model.file.configuration.prompt.exampleTokenID
    #expect(example == (outcome.originals.firstIndex(of: marker) ?? marker))
    #expect(outcome.model.tokenizer.summary.vocabularySize == tokens.count)
    #expect(outcome.summary.input.pruning?.rows.of == 508)
  }

  /// random-tiny with more rows in its table.
  private static func checkpoint(in folder: TemporaryFolder, rows: Int, exampleToken: Int) throws -> String {
    for name in ["tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(atPath: Fixtures.path("random-tiny/\(name)"), toPath: folder.file(name))
    }
    var config =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(filePath: Fixtures.path("random-tiny/config.json")))) as? [String: Any]
    config?["vocab_size"] = rows
    config?["example_token_index"] = exampleToken
    var encoder = config?["encoder_config"] as? [String: Any]
    encoder?["vocab_size"] = rows
    config?["encoder_config"] = encoder
    try JSONSerialization.data(withJSONObject: try #require(config)).write(
      to: URL(filePath: folder.file("config.json")))
    let weights = try Data(contentsOf: URL(filePath: Fixtures.path("random-tiny/model.safetensors")))
    try Self.widened(weights, to: rows).write(to: URL(filePath: folder.file("model.safetensors")))
    return folder.path
  }

  /// The safetensors file with rows of zeros behind the word embeddings, which become its last tensor.
  private static func widened(_ file: Data, to rows: Int) throws -> Data {
    let size = file.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    var header = try #require(
      try JSONSerialization.jsonObject(with: file[8..<8 + size]) as? [String: [String: Any]])
    let name = "model.encoder_model.embeddings.word_embeddings.weight"
    let data = file.dropFirst(8 + size)
    var entry = try #require(header[name])
    let (shape, place) = (try #require(entry["shape"] as? [Int]), try #require(entry["data_offsets"] as? [Int]))
    let own = data[data.startIndex + place[0]..<data.startIndex + place[1]]
    let zeros = Data(count: (rows - shape[0]) * shape[1] * 4)
    // The old bytes may not be left without a tensor.
    header["model.encoder_model.embeddings.position_ids"] = [
      "dtype": "F32", "shape": shape, "data_offsets": place,
    ]
    entry["shape"] = [rows, shape[1]]
    entry["data_offsets"] = [data.count, data.count + own.count + zeros.count]
    header[name] = entry
    let text = try JSONSerialization.data(withJSONObject: header)
    var count = UInt64(text.count).littleEndian
    return Data(bytes: &count, count: 8) + text + data + own + zeros
  }
}
