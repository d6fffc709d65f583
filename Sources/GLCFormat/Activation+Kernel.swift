import CKernels
import ModelCore

extension Activation {
  /// The kernels' name for it.
  package var kernel: glck_activation {
    switch self {
    case .linear: GLCK_ACTIVATION_NONE
    case .gelu: GLCK_ACTIVATION_GELU
    case .geluTanh: GLCK_ACTIVATION_GELU_TANH
    case .gelu10: GLCK_ACTIVATION_GELU_10
    case .quickGELU: GLCK_ACTIVATION_QUICK_GELU
    case .relu: GLCK_ACTIVATION_RELU
    case .relu2: GLCK_ACTIVATION_RELU2
    case .relu6: GLCK_ACTIVATION_RELU6
    case .leakyReLU: GLCK_ACTIVATION_LEAKY_RELU
    case .sigmoid: GLCK_ACTIVATION_SIGMOID
    case .silu: GLCK_ACTIVATION_SILU
    case .tanh: GLCK_ACTIVATION_TANH
    case .hardSwish: GLCK_ACTIVATION_HARDSWISH
    case .mish: GLCK_ACTIVATION_MISH
    case .laplace: GLCK_ACTIVATION_LAPLACE
    }
  }
}
