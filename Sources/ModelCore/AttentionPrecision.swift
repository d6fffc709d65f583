/// How the products of attention are computed, a choice that a `.glc` records (formats/numerics.md 5.4, 5.7).
public enum AttentionPrecision: String, Sendable, CaseIterable {
  /// Queries, keys, values and probabilities as they are.
  case f32
  /// Queries, keys and values in int8 with a scale for each token and head, probabilities in int8 with a scale for each query.
  case int8
}
