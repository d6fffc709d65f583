import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing

/// Long texts in parts, and many labels in groups.
@Suite struct ChunkingTests {
  private func session() throws -> GLiClassSession { try Converted.model("debian-tags-f16", .q8).makeSession() }

  private func request(
    _ text: String, _ labels: [String], _ mode: ClassificationMode = .multiLabel(threshold: 0.5),
    _ options: ClassificationOptions
  ) -> ClassificationRequest {
    ClassificationRequest(text: text, labels: labels, mode: mode, options: options)
  }

  private static let labels = [
    "web server", "games", "devel lib", "shell", "Java", "Go", "qt", "sound", "text processing", "mail",
  ]

  /// Texts, sizes and parts as `chunk_text` of gliclass 0.1.21 gives them: code points, not characters.
  static let parts: [(text: String, size: Int, overlap: Int, parts: [String])] = [
    ("", 10, 3, [""]), ("0123456789", 10, 3, ["0123456789"]), ("0123456789a", 10, 3, ["0123456789", "789a"]),
    ("0123456789abcdefg", 10, 3, ["0123456789", "789abcdefg"]),
    ("0123456789abcdefgh", 10, 3, ["0123456789", "789abcdefg", "efgh"]),
    (
      "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}👩‍👩‍👧x\r\ny", 10, 3,
      ["e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", "\u{301}e\u{301}e\u{301}👩‍👩‍👧", "👩‍👧x\r\ny"]
    ),
    ("a\r\nb", 2, 0, ["a\r", "\nb"]), ("abc", 2, 1, ["ab", "bc"]),
  ]

  @Test(arguments: parts.indices) func referenceParts(_ index: Int) throws {
    let (text, size, overlap, parts) = Self.parts[index]
    let session = try session()
    // The parts are seen by what they score: each part alone, and the largest of them.
    let whole = try session.classify([
      request(text, ["games"], .init(chunking: .reference(size: size, overlap: overlap)))
    ])[0]
    let alone = try session.classify(parts.map { ClassificationRequest(text: $0, labels: ["games"]) })
    #expect(whole.labels[0].logit == alone.map { $0.labels[0].logit }.max())
    #expect(whole.text == text)
  }

  private func request(_ text: String, _ labels: [String], _ options: ClassificationOptions) -> ClassificationRequest {
    ClassificationRequest(text: text, labels: labels, options: options)
  }

  private static let long = (0..<40).map {
    "Part \($0) of a long description: a web server, \($0) games and a library for Java. "
  }.joined()

  @Test func partsGiveTheLargestScoreOfEachLabel() throws {
    let session = try session()
    let chunking = Chunking.reference(size: 500, overlap: 50)
    let parts = try session.classify(
      stride(from: 0, to: Self.long.count - 50, by: 450).map { start in
        let text = String(Array(Self.long)[start..<min(start + 500, Self.long.count)])
        return request(text, Self.labels, .init(labelsPerPass: 8))
      })
    let many = try session.classify([request(Self.long, Self.labels, .init(chunking: chunking))])[0]
    for (index, label) in many.labels.enumerated() {
      #expect(label.score == parts.map { $0.labels[index].score }.max())
      #expect(label.logit == parts.map { $0.labels[index].logit }.max())
    }
    #expect(many.predicted == many.labels.filter { $0.score >= 0.5 }.map(\.label))
    #expect(many.warnings.isEmpty)

    let one = try session.classify([
      request(Self.long, Self.labels, .singleLabel, .init(chunking: chunking))
    ])[0]
    let largest = Self.labels.indices.map { index in
      parts.map { part in
        let sum = part.labels.reduce(0) { $0 + exp(Double($1.logit)) }
        return exp(Double(part.labels[index].logit)) / sum
      }.max() ?? 0
    }
    let sum = largest.reduce(0, +)
    for (label, score) in zip(one.labels, largest) { #expect(abs(Double(label.score) - score / sum) < 1e-6) }
    #expect(one.predicted == [one.labels.max { $0.score < $1.score }?.label])
  }

  @Test func labelsInGroups() throws {
    let session = try session()
    let text = "A small web server written in Go"
    let groups = try session.classify([
      request(text, Array(Self.labels[..<4]), .init()), request(text, Array(Self.labels[4..<8]), .init()),
      request(text, Array(Self.labels[8...]), .init()),
    ])
    let logits = groups.flatMap { $0.labels.map(\.logit) }
    let many = try session.classify([request(text, Self.labels, .init(labelsPerPass: 4))])[0]
    #expect(many.labels.map(\.logit) == logits)
    #expect(many.labels.map(\.label) == Self.labels)
    let one = try session.classify([request(text, Self.labels, .singleLabel, .init(labelsPerPass: 4))])[0]
    #expect(abs(one.labels.reduce(0) { $0 + Double($1.score) } - 1) < 1e-6)
    // The reference's rule has groups of 8 for short texts too.
    let reference = try session.classify([request(text, Self.labels, .init(chunking: .reference()))])[0]
    #expect(
      try reference == session.classify([request(text, Self.labels, .init(labelsPerPass: 8))])[0])
    // Labels that are one too many for one prompt.
    let names = (0..<700).map { "label number \($0)" }
    #expect(throws: GLiClassError.self) { try session.classify([request(text, names, .init())]) }
    #expect(try session.classify([request(text, names, .init(labelsPerPass: 100))])[0].labels.map(\.label) == names)
    // Twice the same is found across passes.
    let error = thrown(GLiClassError.self) {
      try session.classify([request(text, Self.labels + ["games"], .init(labelsPerPass: 4))])
    }
    #expect(error?.message.contains("2 and 11") == true)
  }

  @Test func tokenPartsCutNoWordAndFit() throws {
    let session = try session()
    let labels = ["web server", "games"]
    // One word that decides, anywhere in a text far beyond the maximum length.
    let filler = String(repeating: "nothing to see in this place, ", count: 400)
    let options = ClassificationOptions(maximumLength: 64, chunking: .tokens(overlap: 8))
    let result = try session.classify([
      request(filler + "a web server " + filler, labels, options), request(filler, labels, options),
    ])
    #expect(result.flatMap(\.warnings).isEmpty)
    #expect(result[0].labels[0].score > result[1].labels[0].score)
    #expect(try session.classify([request(filler, labels, .init())])[0].warnings.count == 1)
    // A text that fits is one part, to the bit.
    let short = "A small web server"
    #expect(
      try session.classify([request(short, labels, .init(chunking: .tokens()))])[0]
        == session.classify([request(short, labels, .init())])[0])
    for text in ["", "   ", "\n"] {
      let logit = try session.classify([request(text, labels, .init(chunking: .tokens(size: 4, overlap: 0)))])[0]
      #expect(try logit.labels == session.classify([request(text, labels, .init())])[0].labels)
    }
  }

  /// Each word a part: what comes out is the largest of what every word gives alone.
  @Test func tokenPartsOfKnownWords() throws {
    let session = try session()
    let words = ["games", "library", "server", "shell", "Java"]
    let counts = try words.map { try session.model.tokenizer.encode($0, addTemplate: false).count }
    let size = try #require(counts.max())
    let labels = ["web server", "games"]
    let parts = try session.classify([
      request(words.joined(separator: " \n "), labels, .init(chunking: .tokens(size: size, overlap: 0)))
    ])[0]
    // Words of fewer tokens may share a part with the next.
    var expected: [String] = []
    var tokens = size + 1
    for (word, count) in zip(words, counts) {
      if tokens + count > size {
        expected.append(word)
        tokens = count
      } else {
        expected[expected.count - 1] += " \n \(word)"
        tokens += count
      }
    }
    let alone = try session.classify(expected.map { request($0, labels, .init()) })
    for index in labels.indices {
      #expect(parts.labels[index].logit == alone.map { $0.labels[index].logit }.max())
    }
  }

  @Test func everyPartHasPromptAndExamples() throws {
    let session = try session()
    var request = request(Self.long, Array(Self.labels[..<3]), .init(maximumLength: 80, chunking: .tokens()))
    request.taskPrompt = "Topic: "
    request.examples = [FewShotExample(text: "chess", labels: ["games"])]
    request.retrievedExamples = [RetrievedExample(text: "a shell", trueLabels: ["shell"], allLabels: [])]
    let prompts = try session.prompts(request)
    #expect(prompts.count > 10)
    let tokenizer = session.model.tokenizer
    let prompt = try tokenizer.encode("Topic: ", addTemplate: false)
    let tail = try tokenizer.encode(
      RetrievedExample.augment("x", with: request.retrievedExamples) + "<<EXAMPLE>>chess \nLabels:\n games<<SEP>>")
    for part in prompts {
      #expect(part.ids.count <= 80 && !part.isTruncated)
      #expect(part.ids.dropFirst(1 + (part.separatorPosition ?? 0)).prefix(prompt.count) == prompt[...])
      // But the first two: `[CLS]` and the text.
      #expect(part.ids.suffix(tail.count - 2) == tail.suffix(tail.count - 2))
    }
    // Every word of the text is in some part, in order.
    var request1 = request
    request1.options.chunking = .tokens(overlap: 0)
    let words = try tokenizer.encode(Self.long, addTemplate: false)
    let read = try session.prompts(request1).flatMap { part in
      part.ids.dropFirst(1 + (part.separatorPosition ?? 0) + prompt.count).dropLast(tail.count - 2)
    }
    #expect(read == words)
  }

  @Test func aWordLongerThanAPart() throws {
    let session = try session()
    let options = ClassificationOptions(maximumLength: 32, chunking: .tokens(overlap: 4))
    for text in [
      String(repeating: "x1é", count: 500), String(repeating: "👩‍👩‍👧", count: 100),
      "a " + String(repeating: "日", count: 300),
    ] {
      let result = try session.classify([request(text, ["games"], options)])[0]
      #expect(result.labels.count == 1 && result.warnings.isEmpty)
    }
  }

  @Test func refused() throws {
    let session = try session()
    for chunking in [
      Chunking.reference(size: 0, overlap: 0), .reference(size: 5, overlap: 5), .reference(size: 5, overlap: -1),
      .tokens(size: 5, overlap: 5), .tokens(size: 0, overlap: 0), .tokens(overlap: 5000),
    ] {
      let error = thrown(GLiClassError.self) {
        try session.classify([request("a b", ["c"], .init(chunking: chunking))])
      }
      guard case .invalidChunking = error else {
        Issue.record("\(chunking): \(String(describing: error))")
        continue
      }
    }
    #expect(throws: GLiClassError.invalidLabelsPerPass(found: 0)) {
      try session.classify([request("a", ["c"], .init(labelsPerPass: 0))])
    }
    #expect(throws: GLiClassError.embeddingsOfParts) {
      try session.classify([request("a", ["c"], .init(chunking: .tokens(), returnsEmbeddings: true))])
    }
    #expect(throws: GLiClassError.tooManyParts(limit: 16_384)) {
      try session.classify([
        request(String(repeating: "a", count: 20_000), ["c"], .init(chunking: .reference(size: 2, overlap: 1)))
      ])
    }
    let labels = (0..<5).map { "label \($0)" }
    #expect(throws: GLiClassError.self) {
      try session.classify([request("a b", labels, .init(maximumLength: 12, chunking: .tokens(overlap: 0)))])
    }
    let exact = try session.prompt(request("", labels, .init())).ids.count
    #expect(throws: GLiClassError.noRoomForText(maximumLength: exact)) {
      try session.classify([request("a b", labels, .init(maximumLength: exact, chunking: .tokens(overlap: 0)))])
    }
  }
}
