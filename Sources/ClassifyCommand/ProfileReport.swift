import CommandSupport
import Engine
import ModelCore

/// Where the time of forward passes goes, by kind of step.
struct ProfileReport {
  private struct Row {
    var stage: Profile.Stage
    /// Of one run.
    var milliseconds: Double
    var share: Double
    /// Billions of additions and multiplications of weights a second, and the part of the machine's limit that they are; 0 where
    /// there are none.
    var rate: Double
    var ofLimit: Double
  }

  private let rows: [Row]
  private let runs: Int
  private let limits: ProductLimits
  /// Milliseconds of one run by another clock than the parts.
  private let total: Double
  private let tokenization: (milliseconds: Double, tokens: Int)

  /// Measures `runs` calls of `compute`, which uses `session`.
  /// - Parameter tokenization: what happens before a pass, measured by itself.
  init(
    _ session: EngineSession, runs: Int, tokenization: (milliseconds: Double, tokens: Int), _ compute: () throws -> Void
  ) throws {
    self.tokenization = tokenization
    let limits = session.measureLimits()
    self.limits = limits
    let profile = session.startProfile()
    let watch = Stopwatch()
    for _ in 0..<runs { try compute() }
    let seconds = watch.seconds
    total = seconds * 1000 / Double(runs)
    self.runs = runs
    rows = Profile.Stage.allCases.compactMap { stage in
      let entry = profile[stage]
      guard entry.nanoseconds > 0 else { return nil }
      let time = Double(entry.nanoseconds)
      return Row(
        stage: stage, milliseconds: time / 1e6 / Double(runs), share: time / (seconds * 1e9),
        rate: 2 * Double(entry.quantizedOperations + entry.floatOperations) / time,
        ofLimit: (Double(entry.quantizedOperations) / limits.int8 + Double(entry.floatOperations) / limits.f32) / time)
    }
  }

  private var sum: Double { rows.reduce(0) { $0 + $1.milliseconds } }

  var table: String {
    func line(_ name: String, _ milliseconds: Double, _ share: Double) -> String {
      let time = padded(Formatting.decimals(milliseconds, 3), 10)
      let name = name + String(repeating: " ", count: max(1, 24 - name.count))
      return "  \(name)\(time) ms \(padded(Formatting.decimals(share * 100, 1), 6)) %"
    }
    let parts = rows.map { row in
      guard row.rate > 0 else { return line(row.stage.name, row.milliseconds, row.share) }
      let rate = padded(Formatting.decimals(row.rate, 0), 6)
      return line(row.stage.name, row.milliseconds, row.share)
        + " \(rate) GOPS, \(Formatting.decimals(row.ofLimit * 100, 0)) % of the limit"
    }
    let first = "profile of \(runs) runs, \(Formatting.decimals(total, 3)) ms each"
    let last = [
      line("all of these", sum, sum / total),
      line("tokenization", tokenization.milliseconds, tokenization.milliseconds / total)
        + " of that, before it: \(tokenization.tokens) tokens of text",
      "  limits of the instructions: int8 \(Formatting.decimals(2 * limits.int8, 0)) GOPS, "
        + "f32 \(Formatting.decimals(2 * limits.f32, 0)) GOPS",
    ]
    return ([first] + parts + last).joined(separator: "\n")
  }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  var json: JSON {
    let stages = rows.map { row in
      var members: [(String, JSON)] = [
        ("stage", .string(row.stage.identifier)), ("ms", .double(row.milliseconds)), ("share", .double(row.share)),
      ]
      if row.rate > 0 { members += [("gops", .double(row.rate)), ("of_limit", .double(row.ofLimit))] }
      return JSON.object(members)
    }
    return .object([
      ("runs", .int(runs)), ("total_ms", .double(total)), ("sum_ms", .double(sum)),
      ("tokenization_ms", .double(tokenization.milliseconds)), ("tokenization_tokens", .int(tokenization.tokens)),
      ("int8_limit_gops", .double(2 * limits.int8)), ("f32_limit_gops", .double(2 * limits.f32)),
      ("stages", .array(stages)),
    ])
  }
}

extension Profile.Stage {
  /// For people.
  fileprivate var name: String {
    switch self {
    case .preparation: "preparation"
    case .embeddings: "embeddings"
    case .convolution: "convolution"
    case .projections: "query, key, value"
    case .attentionProducts: "attention, products"
    case .attentionSoftmax: "attention, softmax"
    case .attentionOutput: "attention output"
    case .intermediate: "intermediate"
    case .output: "output"
    case .layerNorm: "LayerNorm"
    case .quantization: "quantization"
    case .head: "head"
    }
  }

  /// For programs.
  fileprivate var identifier: String {
    switch self {
    case .preparation: "preparation"
    case .embeddings: "embeddings"
    case .convolution: "convolution"
    case .projections: "query_key_value"
    case .attentionProducts: "attention_products"
    case .attentionSoftmax: "attention_softmax"
    case .attentionOutput: "attention_output"
    case .intermediate: "intermediate"
    case .output: "output"
    case .layerNorm: "layer_norm"
    case .quantization: "quantization"
    case .head: "head"
    }
  }
}
