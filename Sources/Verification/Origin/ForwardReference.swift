import Engine
import GLiClass
import ReferenceModel

/// The side that the model is held against: the f32 forward pass of a checkpoint, or the engine with another `.glc`.
enum ForwardReference {
  case checkpoint(ReferenceModel)
  case baseline(EngineSession)

  /// As messages call it.
  var name: String {
    switch self {
    case .checkpoint: "checkpoint"
    case .baseline: "baseline"
    }
  }

  /// All values of one text, those from the first one on that is not finite left out; `nil` where this side cannot take it.
  func trace(_ prompt: EnginePrompt) throws(VerificationError) -> ForwardTrace? {
    switch self {
    case .checkpoint(let model): try Self.trace(model, prompt)
    case .baseline(let session): try Self.trace(session, prompt)
    }
  }

  private static func trace(
    _ model: ReferenceModel, _ prompt: EnginePrompt
  ) throws(VerificationError) -> ForwardTrace? {
    let trace = ForwardTrace()
    do throws(ReferenceModelError) {
      let output = try model.outputs(
        inputIDs: prompt.tokens, labelCount: prompt.labelPositions.count + prompt.lostLabelCount
      ) { layer, stage, matrix in
        guard let stage = LayerStage(stage) else { return }
        trace.stages[StageKey(layer: layer, stage: stage)] = StageValues(
          columns: matrix.columns, values: matrix.values)
      }
      trace.stages[StageKey(stage: .logits)] = StageValues(columns: output.logits.count, values: output.logits)
    } catch {
      switch error {
      case .notFinite: return trace
      case .emptyInput, .tooManyTokens, .tokenOutsideVocabulary: return nil
      default: throw .underlying(error)
      }
    }
    return trace
  }

  private static func trace(
    _ session: EngineSession, _ prompt: EnginePrompt
  ) throws(VerificationError) -> ForwardTrace? {
    let trace = ForwardTrace()
    let isTaken = try session.run(prompt) { key, rows in
      var stage = trace.stages[key] ?? StageValues(columns: rows.columns)
      trace.stages[key] = nil
      for row in 0..<rows.count { stage.values += rows[row] }
      trace.stages[key] = stage
    }
    return isTaken ? trace : nil
  }
}

extension EngineSession {
  /// Runs one text under a probe.
  /// - Returns: whether it could be taken. A pass that meets values that are not finite ends there, and was taken.
  func run(
    _ prompt: EnginePrompt, replace: ((Int, Probe.Rows) -> Bool)? = nil,
    observe: @escaping (StageKey, Probe.Rows) -> Void
  ) throws(VerificationError) -> Bool {
    probe = Probe(
      observe: { observe(StageKey(layer: $0, stage: LayerStage($1)), $2) }, replace: replace)
    defer { probe = nil }
    do throws(EngineError) {
      _ = try logits([prompt])
    } catch {
      switch error {
      case .notFinite: return true
      case .tokenOutsideVocabulary, .invalidPrompt: return false
      default: throw .underlying(error)
      }
    }
    return true
  }
}

extension LayerStage {
  /// `nil` for what only the reference shows.
  init?(_ stage: ReferenceStage) {
    switch stage {
    case .embeddings: self = .embeddings
    case .attention: self = .attention
    case .intermediate: self = .feedForward
    case .output: self = .output
    case .text: self = .text
    case .classes: self = .classes
    case .logits: self = .logits
    case .query, .key, .value, .context: return nil
    }
  }

  init(_ stage: Probe.Stage) {
    switch stage {
    case .embeddings: self = .embeddings
    case .attention: self = .attention
    case .feedForward: self = .feedForward
    case .output: self = .output
    case .text: self = .text
    case .classes: self = .classes
    case .logits: self = .logits
    }
  }
}
