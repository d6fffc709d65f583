import Checkpoints
import Engine
import GLCFormat
import GLiClass
import ModelCore
import ReferenceModel

/// What fields and tensors say: everything that can be told without running a text.
package struct OriginAudit: Sendable, Equatable {
  /// Fields of the metadata, and the tokenizer.
  package var fields: [Finding] = []
  /// Tensors that quantizing does not explain.
  package var weights: [Finding] = []
  /// Every tensor, those with the lowest SQNR first, and behind them biases that bias correction changed.
  package var tensors: [TensorError] = []
}

/// Where a drift comes from: the main path of this folder. Holds the fields, the tensors and the layers of a `.glc` against the checkpoint
/// it should have been made of, or against another `.glc`.
package final class DriftOrigin {
  /// What the model is held against.
  package enum Reference {
    /// The checkpoint it was made of, opened with the adapter that was merged.
    case checkpoint(CheckpointOutputs)
    /// Another `.glc` of the same checkpoint.
    case baseline(GLiClassModel)
    /// There is none: what the file says of itself.
    case nothing
  }

  private let model: GLiClassModel
  private let reference: Reference
  private var audited: OriginAudit?

  /// An examination of `model`.
  package init(model: GLiClassModel, against reference: Reference) {
    self.model = model
    self.reference = reference
  }

  /// What the model is held against, as messages call it; `nil` for nothing.
  var referenceName: String? {
    switch reference {
    case .checkpoint: "the checkpoint"
    case .baseline: "the baseline"
    case .nothing: nil
    }
  }

  /// Compares fields, then tensors; once for all data sets.
  /// - Parameter progress: called with the part of the work that is done, 0 to 1.
  /// - Throws: ``VerificationError`` where a checkpoint or file cannot be read.
  package func audit(progress: (Double) -> Void = { _ in }) throws(VerificationError) -> OriginAudit {
    if let audited { return audited }
    var audit = OriginAudit()
    let vocabulary = try vocabulary()
    switch reference {
    case .checkpoint(let outputs):
      audit.fields = try fieldFindings(outputs, vocabulary)
      try compareTensors(ExpectedTensors(outputs.checkpoint, outputs.model, vocabulary), &audit, progress)
    case .baseline(let baseline):
      audit.fields = fieldFindings(baseline, vocabulary)
      try compareTensors(ExpectedTensors(baseline: baseline.file, vocabulary), &audit, progress)
    case .nothing:
      audit.fields = TokenizerComparison(model, vocabulary, reference: "").ownFindings
      audit.weights = UnaidedAudit(model: model).findings(progress: progress)
    }
    // What was read of a file that became shorter says nothing about it.
    try lifting { () throws(ModelCoreError) in try model.file.file.checkIntact() }
    if case .baseline(let baseline) = reference {
      try lifting { () throws(ModelCoreError) in try baseline.file.file.checkIntact() }
    }
    audited = audit
    return audit
  }

  /// Runs `prompts` through both sides, and puts everything together.
  ///
  /// The prompts should be those of the reference's own tokenizer and rules, with the model's ids: both sides read the same tokens. A few
  /// hundred in all are enough. Values that are not finite do not end the report: they are in it.
  /// - Parameters:
  ///   - threads: of the engine; `nil` for all processors.
  ///   - progress: called with the part of the work that is done, 0 to 1.
  /// - Throws: ``VerificationError`` where a file cannot be read.
  package func report(
    prompts: [EnginePrompt], threads: Int?, progress: (Double) -> Void = { _ in }
  ) throws(VerificationError) -> OriginReport {
    let audit = try audit { progress($0 / 2) }
    func rest(_ part: Double) { progress(0.5 + part / 2) }
    var report = OriginReport(texts: 0, layers: [], tensors: audit.tensors, findings: audit.fields + audit.weights)
    switch reference {
    case .checkpoint(let outputs):
      try compareLayers(
        prompts, threads, .checkpoint(outputs.model), layers: outputs.model.configuration.encoder.layerCount, &report,
        rest)
    case .baseline(let baseline):
      let session = try self.session(baseline, threads)
      try compareLayers(
        prompts, threads, .baseline(session), layers: baseline.file.configuration.encoder.layerCount, &report,
        rest)
    case .nothing: break
    }
    return report
  }

  /// The model's ids beside those of what it is held against.
  private func vocabulary() throws(VerificationError) -> VocabularyTranslation {
    guard case .baseline(let baseline) = reference else { return try VocabularyTranslation(model) }
    return try VocabularyTranslation(model, baseline: baseline)
  }

  private func fieldFindings(
    _ outputs: CheckpointOutputs, _ vocabulary: VocabularyTranslation
  ) throws(VerificationError) -> [Finding] {
    let name = "checkpoint"
    let tokenizer = TokenizerComparison(model, vocabulary, reference: name)
    return FieldComparison(reference: name).findings(
      model.file.configuration, against: vocabulary.applied(to: outputs.checkpoint.configuration))
      + tokenizer.ownFindings + (try tokenizer.findings(against: outputs))
  }

  private func fieldFindings(_ baseline: GLiClassModel, _ vocabulary: VocabularyTranslation) -> [Finding] {
    let fields = FieldComparison(reference: "baseline")
    let tokenizer = TokenizerComparison(model, vocabulary, reference: fields.reference)
    return fields.findings(
      model.file.configuration, against: vocabulary.applied(to: baseline.file.configuration))
      + tokenizer.ownFindings + tokenizer.findings(againstBaseline: baseline)
  }

  private func compareTensors(
    _ expected: ExpectedTensors, _ audit: inout OriginAudit, _ progress: (Double) -> Void
  ) throws(VerificationError) {
    var comparison = TensorComparison(model, expected)
    try comparison.run(progress: progress)
    audit.tensors = comparison.errors
    audit.weights = comparison.findings
  }

  private func compareLayers(
    _ prompts: [EnginePrompt], _ threads: Int?, _ reference: ForwardReference, layers: Int,
    _ report: inout OriginReport, _ progress: (Double) -> Void
  ) throws(VerificationError) {
    let count = min(layers, model.file.configuration.encoder.layerCount)
    let comparison = LayerComparison(try session(model, threads), reference, try vocabulary(), layers: count)
    for (index, prompt) in prompts.enumerated() {
      try comparison.add(prompt)
      progress(Double(index + 1) / Double(prompts.count))
    }
    report.texts = comparison.texts
    report.layers = comparison.layers
    let isExplained = !report.findings.isEmpty
    report.findings += comparison.findings
    if !isExplained, comparison.findings.isEmpty {
      report.findings += LayerOutliers(report.layers, forms: LayerOutliers.forms(files)).findings
    }
  }

  /// The model's, and the baseline's where it is held against one.
  private var files: [GLCFile] {
    if case .baseline(let baseline) = reference { [model.file, baseline.file] } else { [model.file] }
  }

  private func session(_ model: GLiClassModel, _ threads: Int?) throws(VerificationError) -> EngineSession {
    try lifting { () throws(GLiClassError) in try model.makeSession(options: SessionOptions(threads: threads)).engine }
  }
}
