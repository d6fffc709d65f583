import Glibc
import ModelCore

extension Activation {
  /// The function of one number, as the class that `ACT2FN` of `transformers` (`activations.py`) has under this name computes it;
  /// NaN stays NaN.
  fileprivate func callAsFunction(_ x: Float) -> Float {
    switch self {
    // torch.nn.functional.gelu: exact.
    case .gelu: 0.5 * x * (1 + erff(x * Float(0.5).squareRoot()))
    // NewGELUActivation, and gelu with approximate="tanh".
    case .geluTanh: 0.5 * x * (1 + tanhf(Float((2 / Double.pi).squareRoot()) * (x + 0.044715 * x * x * x)))
    // ClippedGELUActivation.
    case .gelu10: clamp(Activation.gelu(x), -10, 10)
    // QuickGELUActivation.
    case .quickGELU: x * logistic(1.702 * x)
    case .relu: x < 0 ? 0 : x
    // ReLUSquaredActivation.
    case .relu2: x < 0 ? 0 : x * x
    case .relu6: clamp(x, 0, 6)
    // torch.nn.LeakyReLU with its own slope.
    case .leakyReLU: x < 0 ? 0.01 * x : x
    case .sigmoid: logistic(x)
    // torch.nn.SiLU.
    case .silu: x * logistic(x)
    case .tanh: tanhf(x)
    // torch.nn.Hardswish.
    case .hardSwish: x * clamp(x + 3, 0, 6) / 6
    case .linear: x
    // torch.nn.functional.mish.
    case .mish: x * tanhf(log1pf(expf(x)))
    // LaplaceActivation, with its own mu and sigma.
    case .laplace: 0.5 * (1 + erff((x - 0.707107) / Float(0.282095 * 2.0.squareRoot())))
    }
  }
}

extension ReferenceMatrix {
  /// `activation` of every element.
  func activated(by activation: Activation) -> ReferenceMatrix { mapped { activation($0) } }
}

/// 1 ÷ (1 + e⁻ˣ).
func logistic(_ x: Float) -> Float { 1 / (1 + expf(-x)) }

private func clamp(_ x: Float, _ minimum: Float, _ maximum: Float) -> Float {
  x < minimum ? minimum : x > maximum ? maximum : x
}
