/// What the model says of one input.
public struct ReferenceModelOutput: Sendable, Equatable {
  /// One number for each `<<LABEL>>` token, in their order.
  public var logits: [Float]
  /// The same before calibration; `nil` where the model has no calibrator.
  public var uncalibratedLogits: [Float]?
  /// The projected text, normalized where the model does so: one row, or one a token with pooling `pass`.
  public var text: ReferenceMatrix
  /// The projected classes, normalized where the model does so: one row a label.
  public var classes: ReferenceMatrix
}
