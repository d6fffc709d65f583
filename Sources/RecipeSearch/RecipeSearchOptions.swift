import Conversion
import Verification

/// What is searched for, and on which texts.
package struct RecipeSearchOptions: Sendable {
  /// Input and output. Of its recipe steps, overrides, embeddings and attention stay as they are where they say something; the rest is
  /// what is searched for.
  package var conversion: ConversionOptions
  /// Texts with their right labels.
  package var data: String
  /// A file of reference outputs; `nil` computes them from the checkpoint.
  package var reference: String?
  /// Largest loss of micro F1, upper end of its interval included.
  package var bound: Double
  /// Seconds that it may take.
  package var budget: Double = 30 * 60
  /// Texts of both halves; `nil` takes as many as the budget allows.
  package var textCount: Int?
  /// Texts that activations are measured on, and the most that are read; `nil` quantizes without data.
  package var calibration: (path: String, limit: Int)?
  /// How logits become decisions, and how surely figures are given.
  package var settings = MeasureSettings()
  /// What there is to choose from.
  package var limits = SearchLimits()
  /// Threads; `nil` is the processors this process may run on.
  package var threads: Int?

  /// Half an hour, and the defaults of a verification.
  package init(conversion: ConversionOptions, data: String, bound: Double) {
    self.conversion = conversion
    self.data = data
    self.bound = bound
  }
}
