import Engine
import GLCFormat
import GLiClass
import ModelCore

/// Holds a `.glc` against reference outputs: the module's main path.
public struct Verifier {
  private let model: GLiClassModel
  private let session: GLiClassSession
  private let progress: (Double) -> Void

  /// Texts given to the engine at once.
  static let batchTexts = 32

  /// Reads all tensor data once, to compare its checksums.
  /// - Parameter progress: called with the part of the work that is done, 0 to 1.
  /// - Throws: ``VerificationError`` where the file is damaged.
  public init(
    model: GLiClassModel, session: GLiClassSession, progress: @escaping (Double) -> Void = { _ in }
  ) throws(VerificationError) {
    try lifting { () throws(GLCFormatError) in try model.file.checkTensorData() }
    self.model = model
    self.session = session
    self.progress = progress
  }

  /// Runs every text of `reference` and compares logits, decisions and F1.
  ///
  /// The engine reads the file's own tokens, as a user's would be; where they differ from the reference's, the verdict
  /// says so, because no quantization explains what follows.
  /// - Throws: ``VerificationError``.
  public func verify(
    _ reference: ReferenceOutputs, data: DataSet, threshold: Float, bounds: VerificationBounds
  ) throws(VerificationError) -> Verdict {
    var verdict = Verdict(
      model: model.file.path, reference: reference.path, producer: reference.producer, data: data.path,
      threshold: threshold, numericsRevision: model.file.numericsRevision,
      contentDigest: model.file.metadata.root.member("source")?.member("content_digest")?.string)
    verdict.bounds = bounds
    verdict.notes = notes(on: reference)
    var judged: Set<Int> = []
    for start in stride(from: 0, to: reference.outputs.count, by: Self.batchTexts) {
      let batch = reference.outputs[start..<min(start + Self.batchTexts, reference.outputs.count)]
      try judge(Array(batch), reference.path, data, &verdict, &judged)
      progress(Double(batch.endIndex) / Double(reference.outputs.count))
    }
    if verdict.lostLabels > 0 {
      verdict.notes.append(
        "\(verdict.lostLabels) labels lie beyond the maximum length; they are scored as the Python package scores them")
    }
    // A reference file that was cut off must not pass for one that agrees.
    for (index, example) in data.examples.enumerated() where !judged.contains(index) {
      guard data.index(text: example.text, labels: example.labels) == index else { continue }
      throw .noPartner(path: data.path, line: example.line, text: example.text, other: reference.path)
    }
    return verdict
  }

  private func judge(
    _ batch: [ReferenceOutput], _ path: String, _ data: DataSet, _ verdict: inout Verdict, _ judged: inout Set<Int>
  ) throws(VerificationError) {
    var prompts: [EnginePrompt] = []
    for output in batch {
      let prompt = try lifting { () throws(GLiClassError) in
        // Labels that the package loses beyond the maximum length have logits there, and are judged like others.
        try session.prompt(
          ClassificationRequest(
            text: output.text, labels: output.labels, options: ClassificationOptions(labelOverflow: .report)))
      }
      if prompt.ids != output.inputIDs { verdict.tokenMismatches += 1 }
      verdict.lostLabels += prompt.lostLabelCount
      prompts.append(
        EnginePrompt(
          tokens: prompt.ids, labelPositions: prompt.labelPositions, lostLabelCount: prompt.lostLabelCount))
    }
    let logits = try lifting { () throws(GLiClassError) in try session.logits(prompts) }
    for (output, found) in zip(batch, logits) {
      guard let index = data.index(text: output.text, labels: output.labels) else {
        throw .noPartner(path: path, line: output.line, text: output.text, other: data.path)
      }
      judged.insert(index)
      let example = data.examples[index]
      verdict.texts += 1
      for (index, label) in output.labels.enumerated() {
        let actual = example.isTrue(label)
        let expected = Scores.sigmoid(output.logits[index]) >= verdict.threshold
        let predicted = Scores.sigmoid(found[index]) >= verdict.threshold
        verdict.decisions += 1
        if expected != predicted { verdict.flips += 1 }
        verdict.referenceF1.add(label, predicted: expected, actual: actual)
        verdict.modelF1.add(label, predicted: predicted, actual: actual)
        verdict.logitErrors.add(found[index], reference: output.logits[index])
      }
    }
  }

  private func notes(on reference: ReferenceOutputs) -> [String] {
    var notes: [String] = []
    if let other = otherCheckpoint(reference) {
      notes.append("the reference was made from another checkpoint (sha256 \(other.prefix(12))…)")
    }
    if let length = reference.maximumLength, length != model.maximumLength {
      notes.append("the reference truncates at \(length) tokens, the model at \(model.maximumLength)")
    }
    return notes
  }

  /// The digest that identifies the reference's weights, where the model was made from others. Contents tell best: they are the
  /// same in every container.
  private func otherCheckpoint(_ reference: ReferenceOutputs) -> String? {
    let source = model.file.metadata.root.member("source")
    if let content = reference.contentDigest, let own = source?.member("content_digest")?.string {
      return content == own ? nil : String(content.drop { $0 != ":" }.dropFirst())
    }
    guard let digest = reference.checkpointSHA256 else { return nil }
    let files = source?.member("files")
    let known = (0..<(files?.count ?? 0)).compactMap { files?.element($0).member("sha256")?.string }
    return known.contains(digest) ? nil : digest
  }
}
