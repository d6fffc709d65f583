import ModelCore

/// Projectors and the `simple` scorer (`FeaturesProjector` and `ScorerDot` of `gliclass`). The text is the first token
/// (`pooling_strategy: first`), a class is its `<<LABEL>>` token (`class_token_pooling: first`).
struct ReferenceHead: Sendable {
  private let text: (ReferenceLinear, ReferenceLinear)
  private let classes: (ReferenceLinear, ReferenceLinear)

  init(_ loader: WeightLoader) throws(ReferenceModelError) {
    let (text, classes) = (ReferenceTensors.textProjector, ReferenceTensors.classesProjector)
    self.text = (try loader.linear("\(text).linear_1"), try loader.linear("\(text).linear_2"))
    self.classes = (try loader.linear("\(classes).linear_1"), try loader.linear("\(classes).linear_2"))
  }

  /// The projected text, one row.
  func text(_ states: ReferenceMatrix) -> ReferenceMatrix {
    text.1(text.0(states.selecting(rows: [0])).gelu())
  }

  /// The projected classes, one row for each of `labels`, which are token positions.
  func classes(_ states: ReferenceMatrix, at labels: [Int]) -> ReferenceMatrix {
    classes.1(classes.0(states.selecting(rows: labels)).gelu())
  }

  /// The dot products of the text with each class.
  func logits(text: ReferenceMatrix, classes: ReferenceMatrix) -> [Float] {
    text.product(transposed: classes, columns: 0..<text.columns).values
  }
}
