import Quantization
import ReferenceModel

/// Linear layers of a transformer layer that multiply the same rows: they share input scales.
enum LinearGroup: CaseIterable {
  case attention
  case context
  case feedForward
  case inner

  var members: [EncoderLinear] {
    switch self {
    case .attention: [.query, .key, .value]
    case .context: [.attentionOutput]
    case .feedForward: [.intermediate]
    case .inner: [.output]
    }
  }

  /// The name of its member, or what the names of its members have in common.
  func name(layer: Int) -> String {
    self == .attention ? EncoderLinear.attentionPrefix(layer: layer) : members[0].name(layer: layer)
  }
}

/// What the linear layers of one transformer layer are to become.
struct LayerSchemes: Sendable {
  private let schemes: [EncoderLinear: IntegerScheme]

  /// Asks for each linear layer, by its name.
  init(layer: Int, _ scheme: (String) -> IntegerScheme?) {
    schemes = Dictionary(
      uniqueKeysWithValues: EncoderLinear.allCases.compactMap { linear in
        scheme(linear.name(layer: layer)).map { (linear, $0) }
      })
  }

  /// `nil` for one that stays as it is.
  subscript(linear: EncoderLinear) -> IntegerScheme? { schemes[linear] }

  /// Whether all stay as they are.
  var isEmpty: Bool { schemes.isEmpty }
}
