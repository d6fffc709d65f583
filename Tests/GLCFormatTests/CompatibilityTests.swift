import Foundation
import GLCFormat
import GLiClass
import TestSupport
import Testing

/// One small file of every format version and precision of attention is kept: later code gives the same logits, or refuses the file by version.
@Suite struct CompatibilityTests {
  private struct Answer: Decodable {
    struct Label: Decodable {
      var label: String
      var score: Float
      var logit: Float
    }
    var text: String
    var labels: [Label]
  }

  @Test(arguments: ["1.0-tiny-q8", "1.0-tiny-q8-int8-attention", "2.0-tiny-q8"])
  func keptFilesGiveTheirLogits(_ name: String) throws {
    let path = Fixtures.path("glc/\(name)")
    let answers = try String(contentsOfFile: "\(path).jsonl", encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
    #expect(answers.count == 20)
    let model = try GLiClassModel(path: "\(path).glc")
    #expect(model.file.version == name.prefix(3))
    let session = try model.makeSession()
    for answer in answers {
      let found = try session.classify(answer.text, labels: answer.labels.map(\.label))
      // Shortest decimals that read back as the same float: equality is of bits.
      #expect(
        found.labels.map(\.logit.bitPattern) == answer.labels.map(\.logit.bitPattern), "\(answer.text.prefix(40))")
      #expect(found.labels.map(\.score.bitPattern) == answer.labels.map(\.score.bitPattern))
    }
    try model.file.checkTensorData()
  }
}

/// The same checkpoint gives the same bytes on every machine: the kept file was written on another one.
@Suite struct ReproductionTests {
  @Test func convertingAgainGivesTheKeptBytes() throws {
    let kept = [UInt8](try Data(contentsOf: URL(filePath: Fixtures.path("glc/1.0-tiny-q8.glc"))))
    let made = try GoodFile().bytes
    // The metadata names the converter's version, which moves on.
    let metadata = try GoodFile().section(1).range
    #expect(kept[4096..<metadata.lowerBound] == made[4096..<metadata.lowerBound])
  }
}
