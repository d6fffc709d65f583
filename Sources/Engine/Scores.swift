import CKernels

/// Probabilities from logits (formats/numerics.md 2): the same bits on every machine.
public enum Scores {
  /// 1 ÷ (1 + e^−z), for each label by itself.
  public static func sigmoid(_ logit: Float) -> Float {
    let environment = glck_enter()
    defer { glck_leave(environment) }
    return glck_sigmoid(logit)
  }

  /// e^(z − max) ÷ Σ e^(z − max), the sum in ascending order: for labels of which one is right.
  public static func softmax(_ logits: [Float]) -> [Float] {
    let environment = glck_enter()
    defer { glck_leave(environment) }
    var values = logits
    values.withUnsafeMutableBufferPointer { softmax($0, glck_kernels_at(0)) }
    return values
  }

  /// The same in place, within the environment of kernels.
  static func softmax(_ values: UnsafeMutableBufferPointer<Float>, _ kernels: UnsafePointer<glck_kernels>) {
    guard let largest = values.max() else { return }
    for index in values.indices { values[index] -= largest }
    kernels.pointee.exp_rows(values.count, values.baseAddress)
    let sum = values.reduce(0, +)
    for index in values.indices { values[index] /= sum }
  }
}
