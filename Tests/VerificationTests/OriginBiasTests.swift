import Conversion
import Foundation
import GLiClass
import TestSupport
import Testing
import Verification

/// Biases that bias correction changed, and biases that something else did.
@Suite struct OriginBiasTests {
  private static let layers = [
    "attention.query", "attention.key", "attention.value", "attention.output", "feed_forward.intermediate",
    "feed_forward.output",
  ].flatMap { ["layers.0.\($0)", "layers.1.\($0)"] }
  private static var calibration: [String: Any] {
    ["data": "texts.jsonl", "sha256": String(repeating: "0", count: 64), "texts": 1, "tokens": 10]
  }

  /// The fixture with int4 layers, and biases that are moved by `part` of the error that their channel's weights make of inputs of one.
  private func report(
    part: Float, correction: Bool?, of layers: [String] = layers,
    _ change: (inout SabotagedGLC) throws -> Void = { _ in }
  ) throws -> OriginReport {
    try Origins.sabotaged(.f32) { file in
      if let correction {
        try file.setMetadata(
          "recipe.calibration", to: Self.calibration.merging(["bias_correction": correction]) { $1 })
      }
      for layer in Self.layers {
        let original = try file.tensor("\(layer).weight")
        try file.encode("\(layer).weight", as: .int4(groupSize: 32))
        guard layers.contains(layer) else { continue }
        let stored = try file.tensor("\(layer).weight")
        for row in 0..<original.shape[0] {
          let energy = (0..<original.shape[1]).reduce(Float(0)) { sum, column in
            let error = original.value(row, column) - stored.value(row, column)
            return sum + error * error
          }
          let bias = try file.tensor("\(layer).bias").value(0, row)
          let sign: Float = row % 2 == 0 ? 1 : -1
          try file.setValue("\(layer).bias", column: row, to: bias + sign * part * energy.squareRoot())
        }
      }
      try change(&file)
    }
  }

  @Test func correctionsThatTheRecipeNamesAreNoFinding() throws {
    let report = try report(part: 0.5, correction: true)
    #expect(report.lines == [])
    for layer in Self.layers {
      let bias = try #require(report.tensors.first { $0.name == "\(layer).bias" })
      #expect(bias.form.hasSuffix(", changed by bias correction"), "\(bias)")
    }
    // Changed on purpose, they are not what to look at first.
    #expect(report.tensors.suffix(Self.layers.count).allSatisfy { $0.form.hasSuffix("correction") })
    #expect(!report.tensors.contains { $0.name.hasPrefix("head.") && $0.form.contains("correction") })
  }

  @Test(arguments: [false, nil] as [Bool?]) func changesThatNoRecipeNamesAre(_ correction: Bool?) throws {
    let report = try report(part: 0.5, correction: correction, of: ["layers.1.attention.value"])
    #expect(report.lines.count == 1)
    #expect(
      report.lines[0].hasPrefix("layers.1.attention.value.bias: 64 of 64 values are not the checkpoint's: SQNR"),
      "\(report.lines)")
  }

  @Test func valuesFartherThanTheErrorOfTheirWeights() throws {
    let one = try report(part: 0.5, correction: true) {
      try $0.setValue("layers.1.attention.value.bias", column: 17, to: 9.5)
    }
    #expect(one.lines.count == 1)
    #expect(
      one.lines[0].hasPrefix("layers.1.attention.value.bias: value 17 is 9.5, in the checkpoint ")
        && one.lines[0].hasSuffix(": more than bias correction explains"), "\(one.lines)")
    let all = try report(part: 100, correction: true, of: ["layers.0.feed_forward.output"])
    #expect(all.lines.count == 1 && all.lines[0].hasPrefix("layers.0.feed_forward.output.bias: "), "\(all.lines)")
    #expect(all.lines[0].hasSuffix("of 64 values differ from the checkpoint's by more than bias correction explains"))
    // Where weights are as they were nothing is to be corrected, nor in LayerNorms and head.
    let others = try Origins.sabotaged(.f32) { file in
      try file.setMetadata("recipe.calibration", to: Self.calibration.merging(["bias_correction": true]) { $1 })
      for name in ["layers.0.attention.key.bias", "layers.0.attention.norm.bias", "head.text.first.bias"] {
        try file.setValue(name, column: 3, to: 9.5)
      }
    }
    #expect(others.lines.count == 3)
    #expect(others.lines.allSatisfy { $0.contains("value 3 is 9.5, in the checkpoint ") }, "\(others.lines)")
  }
}
