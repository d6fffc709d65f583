/// Which steps a calibration takes; docs/quantization.md has what each is worth.
public struct CalibrationSettings: Sendable, Equatable {
  /// Whether activations are balanced by input scales, found from what was measured.
  public var inputScales = true
  /// Whether the grid of int4 makes the measured error small.
  public var errorWeights = true
  /// Whether codes make up for each other's errors (GPTQ, arXiv 2210.17323).
  public var gptq = true
  /// Whether biases make up for the mean error, where GPTQ has not done so.
  public var biasCorrection = true
  /// What is added to the diagonal of the correlations, as a part of its mean.
  public var damping = 0.01
  /// How many work at once. Results do not depend on it.
  public var threads = 2

  /// All steps that earned their place.
  public init() {}
}
