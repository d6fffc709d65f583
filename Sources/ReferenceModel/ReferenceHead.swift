import ModelCore

/// Everything between hidden states and logits (`process_encoder_output` of `model.py`).
struct ReferenceHead: Sendable {
  private let configuration: HeadConfiguration
  private let textFeatures: ReferenceTextFeatures
  private let classFeatures: ReferenceClassFeatures
  private let textProjector: ReferencePerceptron
  private let classesProjector: ReferencePerceptron
  private let scorer: any ReferenceScorer
  private let logitScale: Float?
  private let calibrator: ReferenceCalibrator?

  init(_ loader: WeightLoader, _ configuration: ModelConfiguration) throws(ReferenceModelError) {
    let head = configuration.head
    self.configuration = head
    textFeatures = try ReferenceTextFeatures(loader, configuration)
    classFeatures = ReferenceClassFeatures(configuration)
    textProjector = try loader.projector(ReferenceTensors.textProjector, head.projectorActivation)
    classesProjector = try loader.projector(ReferenceTensors.classesProjector, head.projectorActivation)
    scorer = try head.scorer(loader)
    logitScale = head.normalizesFeatures ? try loader.scalar(ReferenceTensors.logitScale) : nil
    if let own = head.calibrator {
      calibrator = try ReferenceCalibrator(loader, own)
    } else {
      calibrator = nil
    }
  }

  /// The projected text, and of how many of its rows the mask says that they are tokens.
  func text(_ states: ReferenceMatrix, _ inputIDs: [Int32]) -> (rows: ReferenceMatrix, tokenCount: Int) {
    let (rows, tokenCount) = textFeatures(states, inputIDs)
    return (normalized(textProjector(rows)), tokenCount)
  }

  /// The projected classes, one row for each of `count` labels, of which the first have a `<<LABEL>>` at `starts`.
  func classes(_ states: ReferenceMatrix, _ inputIDs: [Int32], starts: [Int], count: Int) -> ReferenceMatrix {
    normalized(classesProjector(classFeatures(states, inputIDs, starts: starts, count: count)))
  }

  /// The logits before and after calibration; the first are `nil` where there is none.
  /// - Parameters:
  ///   - tokenCount: rows of `text` that the mask leaves.
  ///   - labelCount: rows of `classes` that the mask leaves; the scorers look at all.
  func logits(
    text: ReferenceMatrix, tokenCount: Int, classes: ReferenceMatrix, labelCount: Int
  ) -> (uncalibrated: [Float]?, logits: [Float]) {
    guard classes.rows > 0 else { return (calibrator == nil ? nil : [], []) }
    let unmasked = configuration.pooling == .pass ? text.selecting(rows: 0..<tokenCount) : text
    var logits = scorer.logits(text: unmasked, classes: classes)
    if let logitScale { logits = logits.map { $0 * logitScale } }
    guard let calibrator else { return (nil, logits) }
    let calibrated = calibrator.calibrated(
      Array(logits[..<labelCount]), text: text, classes: classes.selecting(rows: 0..<labelCount))
    return (logits, calibrated + logits[labelCount...])
  }

  /// `x / (‖x‖₂ + 1e-8)` of each row, where the configuration asks for it.
  private func normalized(_ rows: ReferenceMatrix) -> ReferenceMatrix {
    guard configuration.normalizesFeatures else { return rows }
    var result = rows
    result.forEachRow { _, row in
      let length = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      let divisor = Float(length) + 1e-8
      for index in row.indices { row[index] /= divisor }
    }
    return result
  }
}
