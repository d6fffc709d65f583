/// How a model is verified.
package struct VerificationOptions: Sendable {
  /// How logits become decisions, and how surely figures are given.
  package var measures = MeasureSettings()
  /// What may not be exceeded.
  package var bounds = VerificationBounds()
  /// What of the reference may differ from the model all the same.
  package var allowed: Set<IdentityCheck.Field> = []
  /// Texts that reference and model run side by side in any case; `nil` does so only where the verdict is a failure.
  package var layerTexts: Int?
  /// Threads; `nil` is the processors this process may run on.
  package var threads: Int?

  /// Everything measured, nothing bounded.
  package init() {}

  /// Texts that are run side by side where nobody said how many.
  package static let defaultLayerTexts = 8
}
