import Conversion
import ModelCore

/// One way to store a unit.
package enum UnitChoice: Sendable, Hashable {
  /// Its weights in this scheme; a group size with `q4` alone.
  case weights(WeightScheme, GroupSize?)
  /// Attention's products in this precision.
  case attention(AttentionPrecision)

  /// As tables and JSON name it, and as `--keep` takes it: `q8`, `q4:64`; `int8`.
  package var title: String {
    switch self {
    case .weights(let scheme, let groupSize): scheme.rawValue + (groupSize.map { ":\($0.name)" } ?? "")
    case .attention(let precision): precision.rawValue
    }
  }

  /// Whether products are of integers.
  var isQuantized: Bool {
    switch self {
    case .weights(let scheme, _): scheme.isQuantized
    case .attention(let precision): precision == .int8
    }
  }
}

/// What a recipe decides about as one: tensors that are stored alike, because they multiply the same rows or belong together, or the
/// precision of attention.
package struct RecipeUnit: Sendable, Equatable {
  /// As tables name it: `layers.0.attention.query+key+value`.
  package let name: String
  /// Names in the `.glc` of those that are free; none of attention.
  package let tensors: [String]
  /// What a recipe names them by: few patterns, that name no other tensor but ones of this unit.
  package let patterns: [String]
  /// What there is to choose from; a search has the smallest first.
  package var choices: [UnitChoice]

  /// The unit that is the precision of attention.
  static let attentionName = "attention"

  /// Its choice for attention, where it is about that.
  var isAttention: Bool { tensors.isEmpty }
}
