/// How a matrix of weights is to be quantized, as far as a solver needs to know.
public enum IntegerScheme: Sendable, Hashable {
  /// int8, one scale a channel.
  case int8
  /// int4, one scale a channel and a multiplier for each group of that many features; `nil`: one group a channel.
  case int4(groupSize: Int?)
}

/// What was found for one linear layer: what its rows are to become when they are written. Whatever is `nil` takes its default.
public struct LinearSolution: Sendable {
  /// [K]: factors of the activations; the weights are divided by them. Layers that multiply the same rows share them.
  public var inputScales: [Float]?
  /// [K]: what the square of an error of each feature's weight counts, in the space of `matrix` (divided by the input scales).
  public var errorWeights: [Float]?
  /// Scales and multipliers of every channel, to which codes are rounded: of a recipe.
  public var grid: QuantizationGrid?
  /// The codes themselves, of a solver that takes more than a row at a time.
  public var matrix: QuantizedMatrix?
  /// Rounds the rows of a table so that their errors make up for each other in what reads them.
  public var compensation: GPTQ?
  /// [N]: what the bias becomes, in place of the checkpoint's (bias correction).
  public var bias: [Float]?

  /// Nothing but defaults.
  public init() {}
}
