import Engine
import GLCFormat
import ModelCore
import Tokenization

/// Classifies texts with one model. Not for concurrent use: one session a thread.
public final class GLiClassSession {
  /// The model it runs.
  public let model: GLiClassModel
  /// The forward pass below it.
  public let engine: EngineSession
  private var planner: RequestPlanner

  init(model: GLiClassModel, engine: EngineSession) {
    self.model = model
    self.engine = engine
    planner = RequestPlanner(model)
  }

  /// Classifies one text.
  /// - Parameters:
  ///   - text: the text.
  ///   - labels: at least one, each once, without marker tokens.
  ///   - mode: how logits become a decision.
  /// - Throws: ``GLiClassError``.
  public func classify(
    _ text: String, labels: [String], mode: ClassificationMode = .multiLabel(threshold: 0.5)
  ) throws(GLiClassError) -> Classification {
    try classify([ClassificationRequest(text: text, labels: labels, mode: mode)])[0]
  }

  /// Classifies texts together. The results are those of each text alone, to the bit.
  ///
  /// For many texts, ``ClassificationScheduler`` is faster where there is more than one processor.
  public func classify(_ requests: [ClassificationRequest]) throws(GLiClassError) -> [Classification] {
    var plans: [ClassificationPlan] = []
    plans.reserveCapacity(requests.count)
    for request in requests { plans.append(try plan(request)) }
    var outputs = try run(
      plans.flatMap(\.passes), embeddings: requests.contains { $0.options.returnsEmbeddings })[...]
    return plans.map { plan in
      defer { outputs = outputs.dropFirst(plan.passes.count) }
      return plan.classification(outputs.prefix(plan.passes.count))
    }
  }

  /// The input that `request` becomes with its whole text and all its labels in one pass, whatever its chunking.
  public func prompt(_ request: ClassificationRequest) throws(GLiClassError) -> Prompt {
    try tokenizing { planner throws(GLiClassError) in try planner.prompt(request) }
  }

  /// The inputs that `request` becomes: for each part of the text, one a group of labels.
  public func prompts(_ request: ClassificationRequest) throws(GLiClassError) -> [Prompt] { try plan(request).passes }

  /// The logits of inputs that are tokens already, one a label position.
  public func logits(_ prompts: [EnginePrompt]) throws(GLiClassError) -> [[Float]] {
    do throws(EngineError) { return try engine.logits(prompts) } catch { throw .engine(error) }
  }

  func plan(_ request: ClassificationRequest) throws(GLiClassError) -> ClassificationPlan {
    try tokenizing { planner throws(GLiClassError) in try planner.plan(request) }
  }

  /// What the model says of the labels that were not lost. The others are part of the input all the same where the scorer counts
  /// them: its softmax runs over all labels.
  func run(_ passes: [Prompt], embeddings: Bool) throws(GLiClassError) -> [EngineOutput] {
    let countsLost = model.file.configuration.head.scorer == .hopfield
    let prompts = passes.map {
      EnginePrompt(
        tokens: $0.ids, labelPositions: $0.labelPositions, lostLabelCount: countsLost ? $0.lostLabelCount : 0)
    }
    do throws(EngineError) {
      return zip(passes, try engine.outputs(prompts, embeddings: embeddings)).map {
        $1.dropping(labels: $1.logits.count - $0.labelPositions.count)
      }
    } catch {
      throw .engine(error)
    }
  }

  private func tokenizing<Value>(
    _ body: (inout RequestPlanner) throws(GLiClassError) -> Value
  ) throws(GLiClassError) -> Value {
    let result: Result<Value, GLiClassError>
    do throws(GLiClassError) { result = .success(try body(&planner)) } catch { result = .failure(error) }
    // Asked first: what a tokenizer whose pages have vanished says means nothing.
    do throws(ModelCoreError) { try model.file.file.checkIntact() } catch { throw .format(.file(error)) }
    return try result.get()
  }
}

extension EngineOutput {
  /// The same without the last `count` labels.
  fileprivate func dropping(labels count: Int) -> EngineOutput {
    guard count > 0 else { return self }
    var output = self
    output.logits.removeLast(count)
    output.uncalibratedLogits?.removeLast(count)
    output.embeddings?.classes.removeLast(count)
    return output
  }
}
