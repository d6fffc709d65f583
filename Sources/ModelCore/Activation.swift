/// The activation functions of `transformers` (`activations.py`, `ACT2FN`) that have no weights of their own. The raw value
/// is the name in a `.glc`; several names in `ACT2FN` are one function, computed in other ways.
public enum Activation: String, Sendable, CaseIterable {
  /// x · Φ(x)
  case gelu
  /// ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))
  case geluTanh = "gelu_tanh"
  /// gelu(x) between −10 and 10
  case gelu10 = "gelu_10"
  /// x · σ(1.702 · x)
  case quickGELU = "quick_gelu"
  /// max(x, 0)
  case relu
  /// relu(x)²
  case relu2
  /// relu(x), at most 6
  case relu6
  /// x, or x ÷ 100 where that is negative
  case leakyReLU = "leaky_relu"
  /// 1 ÷ (1 + e⁻ˣ)
  case sigmoid
  /// x · σ(x)
  case silu
  case tanh
  /// x · relu6(x + 3) ÷ 6
  case hardSwish = "hardswish"
  /// x
  case linear
  /// x · tanh(ln(1 + eˣ))
  case mish
  /// ½ · (1 + erf((x − 0.707107) ÷ (0.282095 · √2)))
  case laplace

  /// The function that `ACT2FN` has under `name`.
  package init?(huggingFace name: String) {
    switch name {
    case "gelu_python": self = .gelu
    case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate": self = .geluTanh
    case "swish": self = .silu
    case Self.geluTanh.rawValue: return nil
    default: self.init(rawValue: name)
    }
  }

  /// The names in `ACT2FN` of all functions, for error messages.
  package static let huggingFaceNames = [
    "gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python", "gelu_python_tanh", "gelu_pytorch_tanh",
    "hardswish", "laplace", "leaky_relu", "linear", "mish", "quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu",
    "swish", "tanh",
  ]
}
