import CKernels
import ModelCore

extension Activation {
  /// Whether products apply it themselves.
  var isFused: Bool { self == .gelu || self == .linear }

  /// What products apply themselves.
  var fused: glck_activation { self == .gelu ? GLCK_ACTIVATION_GELU : GLCK_ACTIVATION_NONE }
}
