import Foundation
import Verification

/// What Tests/Fixtures/metrics.json holds beside "cases" (Scripts/metric_vectors.py says what each is).
struct MeasureVectors: Decodable {
  var cases: [Case]
  var tables: [Table]
  var binomial: [[Double]]
  var proportions: [[Double]]
  var bootstrap: [Resampling]

  static let recorded = Result {
    try JSONDecoder().decode(MeasureVectors.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.metrics)))
  }

  /// One side's figures.
  struct Figures: Decodable {
    var metrics: [Metric: Double] = [:]
    /// Precision, recall, F1 and support of every label.
    var perLabel: [[Double]]
    /// Threshold, micro F1, macro F1.
    var sweep: [[Double]]?
    var bestF1: Double?

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for metric in Metric.allCases {
        metrics[metric] = try container.decodeIfPresent(Double.self, forKey: Key(stringValue: metric.rawValue))
      }
      perLabel = try container.decode([[Double]].self, forKey: Key(stringValue: "per_label"))
      sweep = try container.decodeIfPresent([[Double]].self, forKey: Key(stringValue: "sweep"))
      bestF1 = try container.decodeIfPresent(Double.self, forKey: Key(stringValue: "best_f1"))
    }
  }

  struct Case: Decodable {
    var name: String
    var names: [String]
    var decisions: [Decision]
    var figures: Figures

    struct Decision: Decodable {
      var text: Int
      var label: String
      var predicted: Bool
      var actual: Bool

      init(from decoder: Decoder) throws {
        var list = try decoder.unkeyedContainer()
        text = try list.decode(Int.self)
        label = try list.decode(String.self)
        predicted = try list.decode(Int.self) == 1
        actual = try list.decode(Int.self) == 1
      }
    }

    private enum Key: CodingKey { case name, names, decisions }

    init(from decoder: Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      name = try container.decode(String.self, forKey: .name)
      names = try container.decode([String].self, forKey: .names)
      decisions = try container.decode([Decision].self, forKey: .decisions)
      figures = try Figures(from: decoder)
    }

    /// Both sides decide as the case does.
    var table: DecisionTable {
      var table = DecisionTable(hasTruth: true)
      for text in 0...(decisions.map(\.text).max() ?? 0) {
        let own = decisions.filter { $0.text == text }
        let logits = own.map { $0.predicted ? Float(1) : -1 }
        table.append(
          labels: own.map(\.label), truths: own.map(\.actual), referenceLogits: logits, modelLogits: logits)
      }
      return table
    }
  }

  struct Resampling: Decodable {
    var texts: Int
    var settings = MeasureSettings()
    var drift: DriftEffects
    var lower: Double
    var upper: Double

    init(from decoder: Decoder) throws {
      var list = try decoder.unkeyedContainer()
      texts = try list.decode(Int.self)
      settings.replicates = try list.decode(Int.self)
      settings.confidence = try list.decode(Double.self)
      settings.seed = try list.decode(UInt64.self)
      drift = DriftEffects(parts: [], unit: try list.decode(Double.self))
      for part in try list.decode([[Double]].self) {
        drift.parts.append(DriftEffects.Part(text: Int(part[0]), effect: part[1]))
      }
      lower = try list.decode(Double.self)
      upper = try list.decode(Double.self)
    }
  }

  struct Table: Decodable {
    var name: String
    var mode: String
    var threshold: Float
    var names: [String]
    /// Labels, truths, logits of reference and model in eighths.
    var texts: [[[Int]]]
    var reference: Figures
    var model: Figures
    var logit_error: [Double]
    var probability_error: [Double]
    var flips: Int
    var flip_rate: [Double]
    var agreement_f1: Double
    var top1: Double
    var whole_texts: Double
    var mcnemar: [Double]

    var settings: MeasureSettings {
      var settings = MeasureSettings()
      settings.mode = DecisionMode(rawValue: mode) ?? .multiLabel
      settings.threshold = threshold
      settings.replicates = 99
      return settings
    }

    var table: DecisionTable {
      var table = DecisionTable(hasTruth: true)
      for text in texts {
        table.append(
          labels: text[0].map { names[$0] }, truths: text[1].map { $0 == 1 },
          referenceLogits: text[2].map { Float($0) / 8 }, modelLogits: text[3].map { Float($0) / 8 })
      }
      return table
    }
  }
}

/// Whether `found` is `expected` to a part of 10⁻¹² (or, near 0, absolutely).
func isNear(_ found: Double, _ expected: Double, _ tolerance: Double = 1e-12) -> Bool {
  abs(found - expected) <= tolerance * max(1, abs(expected))
}
