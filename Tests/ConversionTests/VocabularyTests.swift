import Conversion
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing
import Tokenization

/// Conversions that keep some of the vocabulary: which tokens, and what they do.
@Suite struct VocabularyTests {
  private let pruning: PruningFolder

  init() throws { pruning = try PruningFolder() }

  /// The ids that the Python package gave the texts of the corpus, and what is kept in any case.
  @Test func keepsWhatTheCorpusUses() throws {
    let outcome = try pruning.convert { $0.files = [Fixtures.path("random-tiny/eval.jsonl")] }
    let used = try Fixtures.reference(Fixtures.path("random-tiny/reference.jsonl")).flatMap(\.inputIDs).map(Int.init)
    let pieces = try PruningFolder.pieces
    // Scores ascend downwards: the last is the lowest.
    let always = pieces.indices.filter { pieces[$0].unicodeScalars.count == 1 } + [0, 1, 2, 3, 495] + (496..<500)
    let kept = Set(used + always).sorted()
    #expect(outcome.originals == kept)
    let report = try #require(outcome.summary.input.pruning)
    #expect(report.tokens == (kept.count, 500) && report.rows == (kept.count, 500))
    #expect(report.changes.map(\.changedTexts) == [0] && report.changes.map(\.texts) == [20])
    #expect(report.changes.map(\.changedLabels) == [0] && report.files.map(\.texts) == [20])
    #expect(report.savedTableBytes > 0 && report.tokenizerSize.pruned < report.tokenizerSize.full)
    let metadata = outcome.model.file.metadata.root
    let vocabulary = try #require(metadata.member("recipe")?.member("vocabulary"))
    #expect(vocabulary.member("kept")?.int == kept.count && vocabulary.member("of")?.int == 500)
    #expect(vocabulary.member("rows_of")?.int == 500 && vocabulary.member("scripts")?.isNull == true)
    #expect(vocabulary.member("corpus_sha256")?.count == 1)
    #expect(metadata.member("model")?.member("vocabulary_size")?.int == kept.count)
    let label = try #require(kept.firstIndex(of: 497))
    #expect(metadata.member("prompt")?.member("label_token")?.int == label)
    #expect(metadata.member("prompt")?.member("example_token")?.int == kept.firstIndex(of: 499))
  }

  @Test(arguments: [WeightScheme.q8, .f32])
  func textsOfTheCorpusHaveTheSameLogits(_ scheme: WeightScheme) throws {
    let pruned = try pruning.convert(scheme) { $0.files = [Fixtures.path("random-tiny/eval.jsonl")] }.model
    let full = try Converted.model("random-tiny", scheme)
    let (ours, theirs) = (try pruned.makeSession(), try full.makeSession())
    for line in try Fixtures.reference(Fixtures.path("random-tiny/reference.jsonl")) {
      #expect(
        try ours.classify(line.text, labels: line.labels).labels
          == theirs.classify(line.text, labels: line.labels).labels)
    }
  }

  /// Texts of every form that say the same keep the same.
  @Test func everyFormOfACorpus() throws {
    let texts = ["jouvilwi yeata λχθ", "Tackdre| 12", "stru 닝울 raincrat"]
    let json = texts.map { "{\"text\":\"\($0)\"}" }
    let (lines, windowsLines) = (texts.joined(separator: "\n"), texts.joined(separator: "\r\n\r\n"))
    let strings = texts.map { "\"\($0)\"" }.joined(separator: "\n")
    let forms: [(String, String)] = [
      ("a.txt", lines), ("b.text", "\u{FEFF}\(windowsLines)\r\n"), ("c", "\(lines)\n"),
      ("d.jsonl", "\(json.joined(separator: "\n"))\n\n"), ("e.json", "[\n\(json.joined(separator: ",\n"))]"),
      ("f.JSONL", strings),
    ]
    var results: Set<[Int]> = []
    for (name, text) in forms {
      let path = try pruning.write(name, text)
      let outcome = try pruning.convert { $0.files = [path] }
      #expect(outcome.summary.input.pruning?.files.first?.texts == 3, "\(name)")
      results.insert(outcome.originals)
    }
    #expect(results.count == 1)
    // The same by lists: pieces, what SentencePiece writes, and another model.
    let pieces = try results.first?.map { try PruningFolder.token($0) } ?? []
    for (name, lines) in [("g.pieces", pieces), ("h.vocab", pieces.map { "\($0)\t-7.5" })] {
      let path = try pruning.write(name, lines.joined(separator: "\n"))
      let outcome = try pruning.convert { $0.files = [path] }
      #expect(outcome.summary.input.pruning?.files.first?.pieces == pieces.count)
      results.insert(outcome.originals)
    }
    #expect(results.count == 1)
  }

  /// With the vocabulary of another file, and nothing else, that file comes out again.
  @Test func repeatsAConversionFromItsResult() throws {
    let first = try pruning.convert {
      $0.files = [Fixtures.path("random-tiny/eval.jsonl")]
      $0.scripts = ["hangul"]
      $0.labels = ["yock"]
    }
    let second = try pruning.convert { $0.files = [first.path] }
    #expect(try Data(contentsOf: URL(filePath: first.path)) == Data(contentsOf: URL(filePath: second.path)))
  }

  /// Members of JSON, each with a word that nothing else has, as the prompt puts them together.
  @Test func everythingAPromptHasIsKept() throws {
    let words = try pruning.words(8)
    let line = """
      {"text":"\(words[0])","labels":{"\(words[1])":["\(words[2])"]},"all_labels":["\(words[3])"],"true_labels":null,
      "prompt":"\(words[4]) ","examples":[{"text":"\(words[5])","labels":["\(words[6])"]}],"note":"\(words[7])"}
      """
    let path = try pruning.write("all.jsonl", line.replacingOccurrences(of: "\n", with: ""))
    let outcome = try pruning.convert { $0.files = [path] }
    let full = try Converted.model("random-tiny", .f32).tokenizer
    func isKept(_ text: String) throws -> Bool {
      try full.encode(text).allSatisfy { outcome.originals.contains(Int($0)) }
    }
    for text in [
      words[0], "<<LABEL>>\(words[1]).\(words[2])<<LABEL>>\(words[3])<<SEP>>\(words[4]) \(words[0])",
      "<<EXAMPLE>>\(words[5]) \nLabels:\n \(words[6])<<SEP>>",
    ] {
      #expect(try isKept(text), "\(text)")
    }
    #expect(try !isKept(words[7]))
    let file = try #require(outcome.summary.input.pruning?.files.first)
    #expect(file.path == path && file.texts == 1 && file.labels == 2 && file.pieces == 0)
  }

  @Test func scriptsAndTextsAreKeptTogether() throws {
    let pieces = try PruningFolder.pieces
    let path = try pruning.write("a.txt", "jouvilwi")
    let texts = try pruning.convert { $0.files = [path] }.originals
    let greek = try pruning.convert { $0.scripts = ["Grek"] }
    let both = try pruning.convert {
      $0.files = [path]
      $0.scripts = ["greek"]
    }
    #expect(both.originals == Set(texts + greek.originals).sorted())
    // Letters by the standard library: blocks of Greek are U+0370 to U+03FF and U+1F00 to U+1FFF.
    func isGreek(_ scalar: Unicode.Scalar) -> Bool {
      (0x370...0x3FF).contains(scalar.value) || (0x1F00...0x1FFF).contains(scalar.value)
    }
    let withLetters = pieces.indices.filter { pieces[$0].unicodeScalars.contains(where: \.properties.isAlphabetic) }
    let expected = withLetters.filter {
      pieces[$0].unicodeScalars.allSatisfy { !$0.properties.isAlphabetic || isGreek($0) }
    }
    #expect(expected.count > 5)
    let kept = Set(greek.originals)
    #expect(expected.allSatisfy(kept.contains))
    let others = withLetters.filter { pieces[$0].unicodeScalars.count > 1 && $0 > 3 && $0 < 495 }
    #expect(others.filter(kept.contains) == expected.filter { pieces[$0].unicodeScalars.count > 1 })
    #expect(greek.summary.input.pruning?.scripts == ["greek"])
    #expect(greek.model.file.metadata.root.member("recipe")?.member("vocabulary")?.member("scripts")?.count == 1)
  }
}

/// Conversions of random-tiny in a folder of their own.
struct PruningFolder {
  struct Outcome {
    let path: String
    let summary: ConversionSummary
    let model: GLiClassModel
    /// The ids that are left.
    let originals: [Int]
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(filePath: folder.file(name)))
    return folder.file(name)
  }

  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  func convert(
    _ scheme: WeightScheme = .f32, input: String? = nil, _ choose: (inout VocabularyOptions) -> Void
  ) throws -> Outcome {
    let path = folder.file("\(UUID().uuidString).glc")
    var options = ConversionOptions(input: input ?? Fixtures.path("random-tiny"), output: path, scheme: scheme)
    choose(&options.vocabulary)
    let summary = try Converter(options).run()
    let model = try GLiClassModel(path: path)
    let all = Array(0..<UInt32(model.file.configuration.encoder.vocabularySize))
    return Outcome(
      path: path, summary: summary, model: model,
      originals: try (model.file.vocabularyMap()?.originals ?? all).map(Int.init))
  }

  /// The error that a conversion ends with.
  func error(_ choose: (inout VocabularyOptions) -> Void) -> VocabularyError? {
    guard case .vocabulary(let error)? = thrown(ConversionError.self, { try convert(.f32, choose) }) else { return nil }
    return error
  }

  /// The pieces of random-tiny, read by another parser.
  static var pieces: [String] {
    get throws {
      let data = try Data(contentsOf: URL(filePath: Fixtures.path("random-tiny/tokenizer.json")))
      let root = try JSONSerialization.jsonObject(with: data) as? [String: Any]
      let vocabulary = (root?["model"] as? [String: Any])?["vocab"] as? [[Any]]
      return try #require(vocabulary).compactMap { $0.first as? String }
    }
  }

  static func token(_ id: Int) throws -> String {
    let pieces = try pieces
    return id < pieces.count ? pieces[id] : ["[MASK]", "<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"][id - pieces.count]
  }

  /// Words that are one piece each.
  func words(_ count: Int) throws -> [String] {
    let pieces = try Self.pieces.filter {
      $0.hasPrefix("▁") && $0.count > 4 && $0.allSatisfy { $0 == "▁" || $0.isASCII }
    }
    return try #require(pieces.count >= count ? pieces.prefix(count).map { String($0.dropFirst()) } : nil)
  }
}
