import GLiClass
import TestSupport
import Testing

/// The examples of the article "Classifying texts" (`Sources/GLiClass/GLiClass.docc`), as they stand there.
@Suite struct ArticleTests {
  private let review = "The parcel came late, and the support did not answer."

  @Test func everyExampleRuns() throws {
    let model = try Converted.model("debian-tags-f16", .q8)
    let session = try model.makeSession()

    let result = try session.classify(
      "One day I will see the world!", labels: ["travel", "sport", "cooking"], mode: .multiLabel(threshold: 0.4))
    #expect(result.labels.map(\.label) == ["travel", "sport", "cooking"])
    #expect(result.top(1).count == 1)

    var request = ClassificationRequest(text: review, labels: ["positive", "negative"], mode: .singleLabel)
    request.taskPrompt = "Sentiment of the review: "
    let sentiment = try session.classify([request])[0]
    #expect(sentiment.predicted.count == 1)

    let labels = try LabelSet(
      json: #"{"sentiment": ["positive", "negative"], "topic": {"service": ["delivery", "support"]}}"#)
    let tree = try session.classify([ClassificationRequest(text: review, labels: labels)])[0]
    #expect(
      tree.labels.map(\.label) == [
        "sentiment.positive", "sentiment.negative", "topic.service.delivery", "topic.service.support",
      ])
    #expect(tree.nested.map(\.name) == ["sentiment", "topic"])

    request.examples = [
      FewShotExample(text: "It broke after a week.", labels: ["negative"]),
      FewShotExample(text: "Does what it says.", labels: ["positive"]),
    ]
    request.options.chunking = .tokens()
    #expect(try session.classify([request])[0].warnings.isEmpty)

    let texts = (0..<300).map { "text number \($0)" }
    let scheduler = try ClassificationScheduler(model: model)
    var answers: [String] = []
    for start in stride(from: 0, to: texts.count, by: scheduler.windowSize) {
      let window = texts[start..<min(start + scheduler.windowSize, texts.count)]
      let results = scheduler.classify(window.map { ClassificationRequest(text: $0, labels: labels) })
      for result in results { answers.append(try result.get().text) }
    }
    #expect(answers == texts)
  }
}
