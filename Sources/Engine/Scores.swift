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
    guard let largest = logits.max() else { return [] }
    let environment = glck_enter()
    defer { glck_leave(environment) }
    var exponentials = logits.map { $0 - largest }
    glck_kernels_at(0).pointee.exp_rows(exponentials.count, &exponentials)
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
