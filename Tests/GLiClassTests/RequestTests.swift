import Foundation
import GLCFormat
import GLiClass
import ModelCore
import TestSupport
import Testing

/// What a request can ask for.
@Suite struct RequestTests {
  private func session() throws -> GLiClassSession { try Converted.model("debian-tags-f16", .q8).makeSession() }
  private let labels = ["web server", "games", "devel lib"]
  private let text = "A small web server"

  @Test func nestedScores() throws {
    let set = try LabelSet(json: #"{"net": {"web": ["server", "client"]}, "play": ["games"], "one": "x"}"#)
    let result = try session().classify([ClassificationRequest(text: text, labels: set)])[0]
    let scores = result.labels.map { NestedScore.Value.score($0.score) }
    #expect(result.labels.map(\.label) == ["net.web.server", "net.web.client", "play.games", "one.x"])
    func group(_ name: String, _ scores: [NestedScore]) -> NestedScore { NestedScore(name, .group(scores)) }
    #expect(
      result.nested == [
        group("net", [group("web", [NestedScore("server", scores[0]), NestedScore("client", scores[1])])]),
        group("play", [NestedScore("games", scores[2])]), group("one", [NestedScore("x", scores[3])]),
      ])
    // Two paths to one name.
    let twice = LabelSet([.init("a", ["b.c"]), .init("a.b", ["c"])])
    let error = thrown(GLiClassError.self) {
      try session().classify([ClassificationRequest(text: text, labels: twice)])
    }
    #expect(error?.message.contains("\"a.b.c\"") == true)
  }

  /// A model reads as many tokens as it has positions for.
  @Test func lengthsBeyondTheModel() throws {
    for (name, limit) in [("position-biased-input", 256), ("base", 65_536)] {
      let model = try GLiClassModel(path: Converted.glc(Variants.folder(name), .q8))
      #expect(model.longestInput == limit)
      var request = ClassificationRequest(text: text, labels: labels)
      request.options.maximumLength = limit + 1
      let error = thrown(GLiClassError.self) { try model.makeSession().classify([request]) }
      #expect(error == .invalidMaximumLength(found: limit + 1, limit: limit) && error?.exitStatus == .usage)
      request.options.maximumLength = limit
      #expect(try model.makeSession().classify([request])[0].labels.count == 3)
    }
  }

  /// Where the text comes first, its markers would be taken for those of the labels; also where it is cut into parts.
  @Test func markersInTheText() throws {
    func refused(_ name: String, _ text: String, _ chunking: Chunking? = nil) throws -> Bool {
      let session = try GLiClassModel(path: Converted.glc(Variants.folder(name), .q8)).makeSession()
      let request = ClassificationRequest(
        text: text, labels: ["a", "b"], options: ClassificationOptions(chunking: chunking))
      let error = thrown(GLiClassError.self) { try session.classify([request]) }
      if case .tokenization(.textContainsMarker) = error { return true }
      return false
    }
    #expect(try refused("class-average-text-first", "x<<LABEL>>yyyyyyyyyyyyyy"))
    #expect(try refused("class-average-text-first", "x<<LABEL>>yyyyyyyyyyyyyy", .tokens(size: 2, overlap: 0)))
    // Only some models look for the separator.
    #expect(try !refused("class-average-text-first", "x <<SEP>> y") && refused("extract-text-first", "x <<SEP>> y"))
    #expect(try !refused("class-average", "x <<LABEL>> <<SEP>> y"))
  }

  /// The metadata and the tokenizer of a file agree on the markers.
  @Test func markersOfAnotherTokenizer() throws {
    let folder = try TemporaryFolder()
    let good = try Converted.glc(Variants.folder("base"), .q8)
    let source = try GLCFile(path: good)
    let text = source.metadata.root.json.text()
    let path = folder.file("other.glc")
    let writer = try GLCWriter(path: path, records: source.records, tokenizer: Array(source.tokenizerBytes))
    for record in writer.records {
      try writer.append(source.extent(try source.record(record.name)), to: record.name)
    }
    let other = text.replacingOccurrences(of: "\"label_token\": 497", with: "\"label_token\": 498")
    #expect(other != text)
    _ = try writer.finish(metadata: other, majorVersion: 1)
    let error = thrown(GLiClassError.self) { try GLiClassModel(path: path) }
    #expect(error?.message == "\(path): metadata: prompt.label_token: expected 497, the tokenizer's marker, found 498")
  }

  @Test func topLabels() throws {
    let result = try session().classify(text, labels: labels)
    #expect(result.top(2) == Array(result.labels.sorted { $0.score > $1.score }.prefix(2)))
    #expect(result.top(100).count == 3 && result.top(0).isEmpty)
    var equal = result
    for index in equal.labels.indices { equal.labels[index].score = 0.5 }
    #expect(equal.top(2).map(\.label) == Array(labels.prefix(2)))
  }

  @Test func embeddingsComeWhereAsked() throws {
    let session = try session()
    let size = session.model.file.configuration.encoder.hiddenSize
    let requests = [true, false].map {
      ClassificationRequest(text: text, labels: labels, options: .init(returnsEmbeddings: $0))
    }
    let results = try session.classify(requests)
    let embeddings = try #require(results[0].embeddings)
    #expect(embeddings.text.map { $0.count } == [size] && embeddings.classes.map(\.count) == [size, size, size])
    // The scorer of this model is the dot product.
    for (label, row) in zip(results[0].labels, embeddings.classes) {
      let dot = zip(embeddings.text[0], row).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(dot - Double(label.logit)) < 1e-3)
    }
    #expect(results[1].embeddings == nil && results[1].labels == results[0].labels)
  }

  @Test func lowercasedLabels() throws {
    let session = try session()
    func logits(_ labels: [String], _ lowercases: Bool) throws -> [LabelScore] {
      try session.classify([
        ClassificationRequest(text: text, labels: labels, options: .init(lowercasesLabels: lowercases))
      ])[0].labels
    }
    let lowered = try logits(["Web Server", "GAMES"], true)
    #expect(lowered.map(\.label) == ["Web Server", "GAMES"])
    #expect(try lowered.map(\.logit) == logits(["web server", "games"], false).map(\.logit))
    #expect(try lowered.map(\.logit) != logits(["Web Server", "GAMES"], false).map(\.logit))
    let error = thrown(GLiClassError.self) { try logits(["Games", "GAMES"], true) }
    #expect(error?.message.contains("\"games\"") == true)
  }

  @Test func emptyLabels() throws {
    let session = try session()
    for label in ["", "  ", "\u{A0}\n"] {
      #expect(throws: GLiClassError.tokenization(.emptyLabel(position: 1))) {
        try session.classify(text, labels: ["games", label])
      }
    }
    let request = ClassificationRequest(text: text, labels: ["games", ""], options: .init(labelOverflow: .report))
    let result = try session.classify([request])[0]
    #expect(result.labels.map(\.label) == ["games", ""])
    #expect(result.warnings == [.emptyLabels(positions: [1])])
  }

  @Test func maximumLength() throws {
    let session = try session()
    let long = String(repeating: "a web server and more ", count: 100)
    func request(_ maximumLength: Int?, _ overflow: LabelOverflow = .refuse) -> ClassificationRequest {
      ClassificationRequest(
        text: long, labels: labels, options: .init(maximumLength: maximumLength, labelOverflow: overflow))
    }
    #expect(try session.prompt(request(40)).ids.count == 40)
    let short = try session.classify([request(40)])[0]
    #expect(short.warnings == [.inputTruncated(parts: 1, of: 1, maximumLength: 40)])
    #expect(try session.classify([request(nil)])[0].warnings.isEmpty)
    // Fewer tokens than the labels take.
    let error = thrown(GLiClassError.self) { try session.classify([request(6)]) }
    #expect(error == .tokenization(.labelsTruncated(lost: 1, total: 3, maximumLength: 6)))
    let lossy = try session.classify([request(6, .report)])[0]
    #expect(lossy.labels.map(\.label) == ["web server", "games"])
    #expect(
      lossy.warnings == [
        .labelsLost(["devel lib"], total: 3, maximumLength: 6),
        .inputTruncated(parts: 1, of: 1, maximumLength: 6),
      ])
    #expect(lossy.nested.map(\.value).last == .score(0))
    // All markers fit, the end of the last label does not.
    let whole = try session.prompt(request(nil)).separatorPosition ?? 0
    #expect(throws: GLiClassError.self) { try session.classify([request(whole + 1)]) }
    #expect(try session.classify([request(whole + 2)])[0].labels.count == 3)
    #expect(thrown(GLiClassError.self) { try session.classify([request(2)]) }?.exitStatus == .usage)
  }

  @Test func promptExamplesAndRetrievedTextsCount() throws {
    let session = try session()
    let plain = ClassificationRequest(text: text, labels: labels)
    var (prompt, examples, retrieved) = (plain, plain, plain)
    prompt.taskPrompt = "Topic: "
    examples.examples = [FewShotExample(text: "chess", labels: ["games"])]
    retrieved.retrievedExamples = [
      RetrievedExample(text: "chess", trueLabels: ["games"], allLabels: ["games", "web server"])
    ]
    let results = try session.classify([plain, prompt, examples, retrieved])
    #expect(Set(results.map { $0.labels.map(\.logit) }).count == 4)
    #expect(results[3].text == text)
    let augmented = RetrievedExample.augment(text, with: retrieved.retrievedExamples)
    #expect(try session.classify(augmented, labels: labels).labels == results[3].labels)
  }
}
