import ModelCore
import Verification

/// What each unit of a recipe does to the logits by itself: data alone.
package struct SensitivityReport: Sendable {
  /// One unit, or all of them.
  package struct Row: Sendable, Equatable {
    package var unit: String
    /// Names in the `.glc`.
    package var tensors: [String]
    /// As `q8` or `q4:64`.
    package var form: String
    /// Of |logit − that of f32|: mean and largest; NaN where a result is not finite.
    package var meanError: Double
    package var largestError: Double
    /// Decisions that change.
    package var flips: Int
    /// Of micro F1 against the right labels, f32 minus this; `nil` where the data do not say what is right.
    package var drift: MetricDrift?
    /// Bytes that it takes less than in f32.
    package var saved: Int
  }

  /// The file of texts, and how many of them were looked at.
  package var data: SearchReport.Data
  package var texts: Int
  package var decisions: Int
  package var settings: MeasureSettings
  /// As the metadata of a `.glc` have it.
  package var recipe: JSON
  /// Those with the largest mean error first, those that are not finite before all.
  package var rows: [Row]
  /// All of the recipe together.
  package var whole: Row
}

extension SensitivityReport {
  /// What `--json` writes (docs/quantization.md, "Sensitivity").
  package var json: JSON {
    .object([
      ("schema", .int(1)),
      (
        "data",
        .object([
          ("name", .string(data.name)), ("sha256", .string(data.sha256)), ("texts", .int(data.texts)),
        ])
      ),
      ("texts", .int(texts)),
      ("decisions", .int(decisions)),
      ("mode", .string(settings.mode.rawValue)),
      ("threshold", .float(settings.threshold)),
      ("confidence", .double(settings.confidence)),
      ("recipe", recipe),
      ("units", .array(rows.map(\.json))),
      ("whole", whole.json),
    ])
  }
}

extension SensitivityReport.Row {
  fileprivate var json: JSON {
    .object([
      ("unit", .string(unit)),
      ("tensors", .array(tensors.map { .string($0) })),
      ("form", .string(form)),
      ("logit_error", .object([("mean", .double(meanError)), ("maximum", .double(largestError))])),
      ("flips", .int(flips)),
      ("micro_f1", drift?.stamp ?? .null),
      ("bytes_saved", .int(saved)),
    ])
  }
}
