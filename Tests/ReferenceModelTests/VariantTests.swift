import Checkpoints
import ReferenceModel
import TestSupport
import Testing

/// Every option of encoder and head against what the Python package computes from the same weights: see
/// Scripts/variant_fixtures.py.
@Suite struct VariantTests {
  /// The largest |ours − theirs| ÷ max(1, |theirs|).
  static func error(_ ours: some Sequence<Float>, _ theirs: [Double]) -> Double {
    zip(ours, theirs).map { abs(Double($0) - $1) / max(1, abs($1)) }.max() ?? 0
  }

  @Test func areThere() { #expect(Variants.names.count == 189) }

  /// Without a number of labels, there are as many as the input has; those that it has lost change others with hopfield alone.
  @Test(arguments: ["extract-class-average", "calibrator-bias"])
  func lostLabelsAreAskedForOrNot(_ name: String) throws {
    let model = try ReferenceModel(Checkpoint.open(Variants.folder(name)))
    var lost = 0
    for example in try Variants.description(name).examples {
      let all = try model.outputs(inputIDs: example.inputIds, labelCount: example.labels.count)
      let some = try model.outputs(inputIDs: example.inputIds)
      let count = some.logits.count
      #expect(count == example.inputIds.count { Int($0) == model.configuration.prompt.labelTokenID })
      // Products of fewer rows may round in another way.
      #expect(Self.error(some.logits, all.logits.prefix(count).map { Double($0) }) <= 1e-5)
      #expect(try model.logits(inputIDs: example.inputIds) == some.logits)
      if let uncalibrated = all.uncalibratedLogits {
        // The package's mask leaves them as they are.
        #expect(all.logits.dropFirst(count) == uncalibrated.dropFirst(count))
      }
      lost += all.logits.count - count
    }
    #expect(lost > 0)
  }

  @Test(arguments: Variants.names)
  func isWhatThePackageComputes(_ name: String) throws {
    let model = try ReferenceModel(Checkpoint.open(Variants.folder(name)))
    let examples = try Variants.description(name).examples
    #expect(examples.count >= 8)
    var worst = 0.0
    func compare(_ what: String, _ index: Int, _ ours: some Sequence<Float>, _ theirs: [Double]) {
      let error = Self.error(ours, theirs)
      #expect(error <= 1e-4, "\(what) of example \(index)")
      worst = max(worst, error)
    }
    for (index, example) in examples.enumerated() {
      let count = example.labels.count
      let output = try model.outputs(inputIDs: example.inputIds, labelCount: count)
      #expect(output.logits.count == count && output.classes.rows == count && example.logits.count == count)
      compare("logits", index, output.logits, example.logits)
      #expect((output.uncalibratedLogits == nil) == (example.uncalibratedLogits == nil))
      if let theirs = example.uncalibratedLogits {
        compare("uncalibrated logits", index, output.uncalibratedLogits ?? [], theirs)
      }
      for (what, ours, theirs) in [
        ("text", output.text, example.textEmbedding), ("classes", output.classes, example.classEmbeddings),
      ] {
        guard let theirs else { continue }
        #expect(ours.rows == theirs.rows.count)
        compare(what, index, ours.values, theirs.rows.flatMap { $0 })
      }
    }
    print("\(name): largest relative error \(worst)")
  }
}
