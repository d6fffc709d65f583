import Engine
import Foundation
import GLiClass
import ModelCore
import TestSupport
import Testing

/// The library as a Swift program uses it.
@Suite struct GLiClassTests {
  private func session() throws -> GLiClassSession { try Converted.model("debian-tags-f16", .q8).makeSession() }

  /// The example of the documentation, on the demo model.
  @Test func classifiesAText() throws {
    let result = try session().classify(
      "A fast web server with a small memory footprint, written in C",
      labels: ["web server", "games", "devel lib"])
    #expect(result.labels.map(\.label) == ["web server", "games", "devel lib"])
    #expect(result.predicted == ["web server"])
    for label in result.labels {
      #expect(abs(Double(label.score) - 1 / (1 + exp(-Double(label.logit)))) < 1e-6)
    }
  }

  @Test func thresholdDecidesWhatIsPredicted() throws {
    let session = try session()
    let labels = ["web server", "games", "devel lib", "shell"]
    let scores = try session.classify("A small web server", labels: labels).labels
    for threshold: Float in [0, 0.1, 0.5, 0.9, 1] {
      let result = try session.classify("A small web server", labels: labels, mode: .multiLabel(threshold: threshold))
      #expect(result.predicted == scores.filter { $0.score >= threshold }.map(\.label))
    }
    // A score that is exactly the threshold is predicted.
    let exact = try session.classify(
      "A small web server", labels: labels, mode: .multiLabel(threshold: scores[1].score))
    #expect(exact.predicted.contains(labels[1]))
    for threshold: Float in [-0.1, 1.1, .nan] {
      #expect(throws: GLiClassError.self) {
        try session.classify("a", labels: labels, mode: .multiLabel(threshold: threshold))
      }
    }
  }

  @Test func singleLabelModeChoosesOneBySoftmax() throws {
    let labels = ["web server", "games", "devel lib", "shell"]
    let result = try session().classify("A small web server", labels: labels, mode: .singleLabel)
    let exponentials = result.labels.map { exp(Double($0.logit)) }
    let sum = exponentials.reduce(0, +)
    for (label, exponential) in zip(result.labels, exponentials) {
      #expect(abs(Double(label.score) - exponential / sum) < 1e-6)
    }
    #expect(result.predicted == [result.labels.max { $0.score < $1.score }?.label])
  }

  @Test func batchesGiveWhatEachTextGivesAlone() throws {
    let session = try session()
    let requests = try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl")).prefix(20).map {
      ClassificationRequest(text: $0.text, labels: $0.labels)
    }
    let together = try session.classify(Array(requests))
    #expect(try requests.map { try session.classify([$0])[0] } == together)
  }

  @Test func refusesLabelsThatCannotBeAsked() throws {
    let session = try session()
    for labels in [[], ["a", "a"], ["x<<LABEL>>y"], ["x<<SEP>>y"]] {
      let error = thrown(GLiClassError.self) { try session.classify("a text", labels: labels) }
      #expect(error?.exitStatus == .badData)
    }
    // Far more labels than the maximum length holds: none is lost in silence.
    #expect(throws: GLiClassError.self) {
      try session.classify("a text", labels: (0..<2000).map { "label number \($0)" })
    }
  }

  @Test func longTextsAreTruncatedToTheMaximumLength() throws {
    let session = try session()
    let text = String(repeating: "a web server and more ", count: 2000)
    let prompt = try session.prompt(ClassificationRequest(text: text, labels: ["games", "web server"]))
    #expect(prompt.ids.count == session.model.maximumLength)
    #expect(try session.classify(text, labels: ["games", "web server"]).labels.count == 2)
  }

  @Test func aFileShortenedWhileMappedIsAnIOError() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.glc")
    try FileManager.default.copyItem(atPath: Converted.glc(Fixtures.path("random-tiny"), .f32), toPath: path)
    let session = try GLiClassModel(path: path).makeSession()
    #expect(truncate(path, 4096) == 0)
    let error = thrown(GLiClassError.self) { try session.classify("some words", labels: ["a", "b"]) }
    #expect(error?.exitStatus == .inputOutput, "\(String(describing: error))")
  }
}
