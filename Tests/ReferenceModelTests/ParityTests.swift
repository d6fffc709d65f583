import Checkpoints
import Foundation
import ModelCore
import ReferenceModel
import Testing

/// Logits against those of the Python package, on every label of every text.
@Suite struct ParityTests {
  /// Unoptimized code takes a quarter of a second a text, so a debug build looks at the first few only.
  #if DEBUG
    static let textLimit = 25
  #else
    static let textLimit = Int.max
  #endif

  /// The largest |ours − Python's| / max(1, |Python's|).
  static func worstError(_ folder: String) throws -> Double {
    let model = try ReferenceModel(Checkpoint.open(folder))
    let lines = try ReferenceLine.read(folder).prefix(textLimit)
    #expect(lines.count >= 10)
    let logits = try model.logits(batch: lines.map { ($0.inputIDs, nil) })
    var worst = 0.0
    for (line, found) in zip(lines, logits) {
      #expect(found.count == line.logits.count)
      for (ours, theirs) in zip(found, line.logits) {
        worst = max(worst, abs(Double(ours) - theirs) / max(1, abs(theirs)))
      }
    }
    return worst
  }

  @Test(arguments: [Fixtures.debianTags, Fixtures.randomTiny])
  func fixture(_ folder: String) throws {
    let worst = try Self.worstError(folder)
    #expect(worst <= 1e-4)
    print("\(folder): largest relative error \(worst)")
  }

  @Test(arguments: Fixtures.shared)
  func sharedCheckpoint(_ folder: String) throws {
    let worst = try Self.worstError(folder)
    #expect(worst <= 1e-4)
    print("\(folder): largest relative error \(worst)")
  }

  @Test func batchIsTheSameAsOneByOne() throws {
    let model = try ReferenceModel(Checkpoint.open(Fixtures.randomTiny))
    let inputs = try ReferenceLine.read(Fixtures.randomTiny).map(\.inputIDs)
    let single = try inputs.map { try model.logits(inputIDs: $0) }
    for threads in [1, 2, 5] { #expect(try model.logits(batch: inputs.map { ($0, nil) }, threads: threads) == single) }
    #expect(try model.logits(batch: []) == [])
  }

  /// buckets.json holds, for each bucket, the first distance that falls into it, by torch.
  @Test func bucketsAreThoseOfTorch() throws {
    let document = try JSONDocument(try String(contentsOfFile: Fixtures.buckets, encoding: .utf8), path: "buckets.json")
    let last = try document.root.required("last_distance").requireInt(in: 0...1_000_000)
    for entry in try document.root.required("cases").elements() {
      let count = try entry.required("position_buckets").requireInt(in: 1...65_536)
      let maximum = try entry.required("max_position").requireInt(in: 1...1_000_000)
      let first = try entry.required("first_distance").elements().map { try $0.requireInt(in: 0...1_000_000) }
      var expected = 0
      for distance in 0...last {
        while expected + 1 < first.count, first[expected + 1] <= distance { expected += 1 }
        for sign in [1, -1] {
          let bucket = RelativePositions.bucket(sign * distance, bucketCount: count, maximumPosition: maximum)
          #expect(bucket == sign * expected, "\(count) buckets to \(maximum), distance \(sign * distance)")
        }
      }
    }
  }
}
