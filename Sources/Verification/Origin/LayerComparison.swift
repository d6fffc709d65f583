import Engine

/// Runs texts through both sides and adds up, stage by stage, how far they are from each other: once with the engine running freely,
/// and once with every layer reading what the reference's layers before it wrote.
final class LayerComparison {
  /// Texts that both sides ran.
  private(set) var texts = 0
  private let session: EngineSession
  private let reference: ForwardReference
  private let vocabulary: VocabularyTranslation
  private let keys: [StageKey]
  private var accumulated: [StageKey: ErrorEnergy] = [:]
  private var own: [StageKey: ErrorEnergy] = [:]
  /// The first stage in the order of the pass that was not finite, on any text.
  private var lostByModel: StageKey?
  private var lostByReference: StageKey?

  /// - Parameter layers: those that both sides have.
  init(_ session: EngineSession, _ reference: ForwardReference, _ vocabulary: VocabularyTranslation, layers: Int) {
    self.vocabulary = vocabulary
    self.session = session
    self.reference = reference
    keys = StageKey.all(layers: layers)
  }

  /// Adds one text. Keeps the reference's values of all stages while it runs: tokens × layers × (2 · H + F) floats.
  func add(_ prompt: EnginePrompt) throws(VerificationError) {
    // A token that the other side does not have leaves nothing to compare.
    let tokens = prompt.tokens.compactMap(vocabulary.other)
    guard tokens.count == prompt.tokens.count else { return }
    let translated = EnginePrompt(
      tokens: tokens, labelPositions: prompt.labelPositions, lostLabelCount: prompt.lostLabelCount)
    guard let trace = try reference.trace(translated) else { return }
    let model = ForwardTrace()
    guard
      try session.run(prompt, observe: { key, rows in self.accumulated.add(key, rows, trace, seenBy: model) })
    else { return }
    texts += 1
    let theirs = trace.firstLost(of: keys)
    lostByReference = first(lostByReference, theirs)
    let ours = model.firstLost(of: keys)
    // What follows from a reference that is not finite is not the model's doing.
    if let ours, theirs == nil || first(ours, theirs) == ours, ours != theirs {
      lostByModel = first(lostByModel, ours)
    }
    forget(from: first(ours, theirs), &accumulated)
    let forced = ForwardTrace()
    _ = try session.run(prompt, replace: { Self.replace($0, $1, by: trace) }) { key, rows in
      self.own.add(key, rows, trace, seenBy: forced)
    }
    forget(from: first(forced.firstLost(of: keys), theirs), &own)
  }

  /// Puts what the reference wrote where the layer reads.
  private static func replace(_ layer: Int, _ rows: Probe.Rows, by trace: ForwardTrace) -> Bool {
    guard let theirs = trace.stages[.input(ofLayer: layer)], theirs.columns == rows.columns, theirs.rows == rows.count,
      theirs.isFinite
    else { return false }
    theirs.values.withUnsafeBufferPointer { values in
      for row in 0..<rows.count {
        _ = rows[row].update(fromContentsOf: values[row * rows.columns..<(row + 1) * rows.columns])
      }
    }
    return true
  }

  /// Nothing is known of a stage that was not finite, nor of those behind it.
  private func forget(from key: StageKey?, _ energies: inout [StageKey: ErrorEnergy]) {
    guard let key, let start = keys.firstIndex(of: key) else { return }
    for key in keys[start...] { energies[key, default: ErrorEnergy()].addUnknown() }
  }

  private func first(_ one: StageKey?, _ other: StageKey?) -> StageKey? { keys.first { $0 == one || $0 == other } }

  /// What was measured, in the order of the pass. Stages that the two sides do not share are left out.
  var layers: [LayerError] {
    keys.compactMap { key in
      guard let energy = accumulated[key], !energy.isEmpty else { return nil }
      let own = key.layer == nil ? nil : own[key]
      return LayerError(
        layer: key.layer, stage: key.stage, sqnr: energy.sqnr, cosine: energy.cosine, ownSQNR: own?.sqnr,
        ownCosine: own?.cosine)
    }
  }

  /// Where values first were not finite.
  var findings: [Finding] {
    var findings: [Finding] = []
    if let lostByReference {
      findings.append(
        Finding(place: lostByReference.place, message: "the \(reference.name)'s values are not finite"))
    }
    if let lostByModel { findings.append(Finding(place: lostByModel.place, message: "the values are not finite")) }
    return findings
  }
}

extension [StageKey: ErrorEnergy] {
  /// Adds rows of the model beside those of the reference, as far as both have them, and notes that they were shown.
  fileprivate mutating func add(
    _ key: StageKey, _ rows: Probe.Rows, _ reference: ForwardTrace, seenBy model: ForwardTrace
  ) {
    // Of the model's own values nothing is kept but whether they were finite.
    let isFinite = (0..<rows.count).allSatisfy { rows[$0].allSatisfy(\.isFinite) }
    model.stages[key, default: StageValues(columns: 1)].values += isFinite ? [] : [.nan]
    guard let theirs = reference.stages[key], theirs.columns == rows.columns, theirs.columns > 0 else { return }
    theirs.values.withUnsafeBufferPointer { values in
      for row in 0..<rows.count where rows.first + row < theirs.rows {
        let start = (rows.first + row) * rows.columns
        self[key, default: ErrorEnergy()].add(
          UnsafeBufferPointer(rows[row]),
          reference: UnsafeBufferPointer(rebasing: values[start..<start + rows.columns]))
      }
    }
  }
}
