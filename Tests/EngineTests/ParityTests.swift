import Conversion
import Engine
import Foundation
import GLiClass
import TestSupport
import Testing

/// The engine against the Python package's logits.
@Suite struct ParityTests {
  private static func errors(_ checkpoint: String, _ scheme: WeightScheme) throws -> (errors: [Double], flips: Int) {
    let model = try GLiClassModel(path: Converted.glc(checkpoint, scheme))
    let session = try model.makeSession()
    var errors: [Double] = []
    var flips = 0
    for line in try Fixtures.reference("\(checkpoint)/reference.jsonl") {
      let prompt = try session.prompt(ClassificationRequest(text: line.text, labels: line.labels))
      #expect(prompt.ids == line.inputIDs, "tokens of \(line.text.prefix(40))")
      let logits = try session.logits([EnginePrompt(tokens: prompt.ids, labelPositions: prompt.labelPositions)])[0]
      #expect(logits.count == line.logits.count)
      for (found, expected) in zip(logits, line.logits) {
        errors.append(abs(Double(found) - Double(expected)))
        if (found >= 0) != (expected >= 0) { flips += 1 }
      }
    }
    return (errors, flips)
  }

  @Test(arguments: ["debian-tags-f16", "random-tiny"])
  func f32FlipsNothing(_ fixture: String) throws {
    let (errors, flips) = try Self.errors(Fixtures.path(fixture), .f32)
    #expect(flips == 0)
    #expect(errors.max() ?? .nan <= 1e-3)
    print("\(fixture) f32: largest logit error \(errors.max() ?? .nan) over \(errors.count) labels")
  }

  @Test func q8StaysWithinItsBoundsOnTheDemoData() throws {
    let (errors, flips) = try Self.errors(Fixtures.path("debian-tags-f16"), .q8)
    let mean = errors.reduce(0, +) / Double(errors.count)
    #expect(mean <= 0.02)
    #expect(Double(flips) <= 0.0015 * Double(errors.count))
    print("demo data q8: mean logit error \(mean), \(flips) of \(errors.count) decisions flipped")
  }
}
