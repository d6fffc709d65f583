import DataSets
import Engine
import GLCFormat
import GLiClass
import ModelCore
import Tokenization

/// Holds a `.glc` against a reference: the module's main path, in run order.
package struct Verifier {
  private let model: GLiClassModel
  private let inputs: TextInputs
  private let vocabulary: VocabularyTranslation
  private let options: VerificationOptions

  /// Reads all tensor data once, to compare its checksums.
  /// - Throws: ``VerificationError`` where the file is damaged, or for a number of threads that cannot be had.
  package init(model: GLiClassModel, options: VerificationOptions) throws(VerificationError) {
    try lifting { () throws(GLCFormatError) in try model.file.checkTensorData() }
    self.model = model
    self.options = options
    inputs = try TextInputs(model, threads: options.threads)
    vocabulary = try VocabularyTranslation(model)
  }

  /// Threads that work.
  package var threadCount: Int { inputs.threadCount }

  /// Runs every text of `source`, compares logits and decisions, and judges.
  ///
  /// The model reads the file's own tokens, as a user's would be; where they differ from the reference's, the verdict says so,
  /// because no quantization explains what follows. Texts are not kept but for the worst; memory grows by some 15 bytes a label and 80 a
  /// text.
  /// - Parameters:
  ///   - origin: what finds out where drift comes from.
  ///   - progress: called with the part of the work that is done, 0 to 1.
  /// - Throws: ``VerificationError``.
  package func verify(
    against source: any ReferenceSource, data: DataIndex, origin: DriftOrigin? = nil,
    progress: (Double) -> Void = { _ in }
  ) throws(VerificationError) -> Verdict {
    guard data.hasTruth || !options.bounds.needsTruth else { throw .noTruth(path: data.path) }
    return try verdict(try run(source, data, progress), source, data, origin)
  }

  /// What both sides say of every label of every text.
  package func decisions(
    against source: any ReferenceSource, data: DataIndex
  ) throws(VerificationError) -> DecisionTable {
    try run(source, data) { _ in }.table
  }

  private func run(
    _ source: any ReferenceSource, _ data: DataIndex, _ progress: (Double) -> Void
  ) throws(VerificationError) -> VerificationRun {
    var source = source
    let worstLimit = max(10, options.layerTexts ?? VerificationOptions.defaultLayerTexts)
    var run = VerificationRun(data, vocabulary, worstLimit: worstLimit)
    // Lines are those of the file that outputs are read from, and of the data where they are computed.
    let path = source.kind == .file ? source.path : data.path
    // What is computed as it is asked for shows progress in smaller steps.
    let window = source.kind == .file ? inputs.windowSize : 16 * inputs.threadCount
    while true {
      let outputs = try source.next(window)
      guard !outputs.isEmpty else { break }
      try compare(outputs, path, &run)
      progress(min(1, Double(run.table.textCount) / Double(data.count)))
    }
    // A reference file that was cut off must not pass for one that agrees.
    if let missing = run.unpartnered { throw try noPartner(of: missing, data, source.path) }
    run.sort()
    return run
  }

  /// Both sides' logits of some texts.
  private func compare(
    _ outputs: [ReferenceOutput], _ path: String, _ run: inout VerificationRun
  ) throws(VerificationError) {
    let prompts = try inputs.prompts(outputs.map { ($0.text, $0.labels) }) { index, reason in
      .unusableExample(path: path, line: outputs[index].line, reason: reason)
    }
    let results = inputs.logits(prompts.map(\.engine))
    for (index, output) in outputs.enumerated() {
      let logits: [Float]
      switch results[index] {
      case .success(let found): logits = found
      case .failure(.engine(.notFinite(_, let place))):
        // No verdict is better than this one: NaN passes no bound.
        run.addNotFinite(place)
        logits = output.logits.map { _ in .nan }
      case .failure(let error): throw .of(error, path: path, line: output.line)
      }
      try run.add(output, path, prompts[index], logits) { original in
        guard let id = vocabulary.own(original: original) else { return "left out" }
        return model.tokenizer.token(for: id) ?? "?"
      }
    }
  }

  private func noPartner(
    of index: Int, _ data: DataIndex, _ other: String
  ) throws(VerificationError) -> VerificationError {
    let line = data.line(of: index)
    let text = try lifting { () throws(DataSetError) in
      var reader = try data.reader()
      while let example = try reader.next() {
        if example.line >= line { return example.text }
      }
      return ""
    }
    return .noPartner(path: data.path, line: line, text: text, other: other)
  }

  private func verdict(
    _ run: VerificationRun, _ source: any ReferenceSource, _ data: DataIndex, _ origin: DriftOrigin?
  ) throws(VerificationError) -> Verdict {
    var identity = IdentityChecks(source.header, model, allowed: options.allowed)
    identity.addTokens(
      differing: run.tokenDifferences - run.leftOutTexts, leftOut: run.leftOutTexts, of: run.table.textCount,
      first: run.firstTokenDifference, isSmaller: vocabulary.isSmaller)
    if let origin, let name = origin.referenceName { identity.add(try origin.audit(), of: name) }
    let measures = Measures(run.table, settings: options.measures, threads: inputs.threadCount)
    var verdict = Verdict(
      model: ModelSummary(model), reference: ReferenceSummary(source),
      data: DataSummary(
        path: data.path, sha256: data.sha256, texts: run.table.textCount, decisions: run.table.decisionCount,
        labels: run.table.labels.count, hasTruth: data.hasTruth),
      settings: options.measures, identity: identity.checks, tokenMismatches: run.tokenDifferences, measures: measures,
      worstTexts: run.worst.entries.prefix(10).map { worstText($0, data) }, scatter: run.scatter, origin: nil,
      notes: identity.notes + run.notes,
      judgements: options.bounds.judgements(measures, options.measures, notFinite: run.notFiniteCount))
    if let origin, options.layerTexts != nil || !verdict.passes {
      let texts = run.worst.entries.prefix(options.layerTexts ?? VerificationOptions.defaultLayerTexts)
      verdict.origin = try origin.report(prompts: texts.map(enginePrompt), threads: options.threads)
    }
    return verdict
  }

  /// The reference's own input, so that both sides read the same; the model's, where it has not all of its tokens.
  private func enginePrompt(_ entry: WorstTexts.Entry) -> EnginePrompt {
    let ids = entry.output.inputIDs.compactMap(vocabulary.own)
    guard ids != entry.modelIDs, ids.count == entry.output.inputIDs.count else {
      return EnginePrompt(
        tokens: entry.modelIDs, labelPositions: entry.labelPositions, lostLabelCount: entry.lostLabels)
    }
    let marker = model.file.configuration.prompt.labelTokenID
    let positions = ids.indices.filter { Int(ids[$0]) == marker }
    return EnginePrompt(
      tokens: ids, labelPositions: positions, lostLabelCount: max(0, entry.output.labels.count - positions.count))
  }

  private func worstText(_ entry: WorstTexts.Entry, _ data: DataIndex) -> WorstText {
    let labels = entry.output.labels
    let truths = data.hasTruth ? data.truths(of: entry.index) : nil
    var table = DecisionTable(hasTruth: false)
    table.append(
      labels: labels, truths: labels.map { _ in false }, referenceLogits: entry.output.logits,
      modelLogits: entry.modelLogits)
    let decisions = Decisions(table, options.measures)
    return WorstText(
      line: data.line(of: entry.index), text: entry.output.text,
      tokens: entry.modelIDs.prefix(512).map { model.tokenizer.token(for: $0) ?? "?" },
      firstTokenDifference: entry.tokenDifference, largestError: entry.error,
      decisions: labels.indices.map {
        WorstText.Decision(
          label: labels[$0], isTrue: truths?[$0], referenceLogit: entry.output.logits[$0],
          modelLogit: entry.modelLogits[$0],
          isFlipped: decisions.reference.predictions[$0] != decisions.model.predictions[$0])
      })
  }
}

extension ModelSummary {
  /// What the file's metadata say.
  init(_ model: GLiClassModel) {
    let metadata = model.file.metadata.root
    let converter = ["name", "version"].compactMap { metadata.member("converter")?.member($0)?.string }
    self.init(
      path: model.file.path, bytes: model.file.file.size,
      contentDigest: metadata.member("source")?.member("content_digest")?.string,
      numericsRevision: model.file.numericsRevision, weights: metadata.member("recipe")?.member("weights")?.string,
      attention: metadata.member("numerics")?.member("attention")?.string ?? "f32",
      converter: converter.isEmpty ? nil : converter.joined(separator: " "),
      tokenizerProfile: model.tokenizer.summary.profile.name)
  }
}

extension ReferenceSummary {
  fileprivate init(_ source: any ReferenceSource) {
    self.init(
      kind: source.kind, path: source.path, producer: source.header.producer, versions: source.header.versions)
  }
}
