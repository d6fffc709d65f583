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
  private var scratch = EncodingScratch()

  init(model: GLiClassModel, engine: EngineSession) {
    self.model = model
    self.engine = engine
  }

  /// Classifies one text.
  /// - Parameters:
  ///   - labels: at least one, each once, without marker tokens.
  /// - Throws: ``GLiClassError``.
  public func classify(
    _ text: String, labels: [String], mode: ClassificationMode = .multiLabel(threshold: 0.5)
  ) throws(GLiClassError) -> Classification {
    try classify([ClassificationRequest(text: text, labels: labels, mode: mode)])[0]
  }

  /// Classifies texts together. The results are those of each text alone, to the bit.
  public func classify(_ requests: [ClassificationRequest]) throws(GLiClassError) -> [Classification] {
    var prompts: [EnginePrompt] = []
    prompts.reserveCapacity(requests.count)
    for request in requests {
      if case .multiLabel(let threshold) = request.mode, !(0...1).contains(threshold) {
        throw .invalidThreshold(found: threshold)
      }
      let prompt = try prompt(request)
      prompts.append(EnginePrompt(tokens: prompt.ids, labelPositions: prompt.labelPositions))
    }
    return zip(requests, try logits(prompts)).map(Self.classification)
  }

  /// The input that `request` becomes.
  public func prompt(_ request: ClassificationRequest) throws(GLiClassError) -> Prompt {
    let result: Result<Prompt, TokenizationError>
    do throws(TokenizationError) {
      result = .success(
        try model.prompts.prompt(
          text: request.text, labels: request.labels, taskPrompt: request.taskPrompt, examples: request.examples,
          scratch: &scratch))
    } catch {
      result = .failure(error)
    }
    // Asked first: what a tokenizer whose pages have vanished says means nothing.
    do throws(ModelCoreError) { try model.file.file.checkIntact() } catch { throw .format(.file(error)) }
    do throws(TokenizationError) { return try result.get() } catch { throw .tokenization(error) }
  }

  /// The logits of inputs that are tokens already, one a label position.
  public func logits(_ prompts: [EnginePrompt]) throws(GLiClassError) -> [[Float]] {
    do throws(EngineError) { return try engine.logits(prompts) } catch { throw .engine(error) }
  }

  private static func classification(_ request: ClassificationRequest, _ logits: [Float]) -> Classification {
    let scores: [Float]
    let predicted: [Int]
    switch request.mode {
    case .multiLabel(let threshold):
      scores = logits.map(Scores.sigmoid)
      predicted = scores.indices.filter { scores[$0] >= threshold }
    case .singleLabel:
      scores = Scores.softmax(logits)
      // The first of equal ones, as `argmax` takes it.
      predicted =
        scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) }.map { [$0] } ?? []
    }
    return Classification(
      text: request.text,
      labels: zip(request.labels, zip(scores, logits)).map { LabelScore(label: $0, score: $1.0, logit: $1.1) },
      predicted: predicted.map { request.labels[$0] })
  }
}
