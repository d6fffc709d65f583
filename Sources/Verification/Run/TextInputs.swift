import Engine
import GLiClass
import ModelCore
import Tokenization

/// Texts as a model reads them, and what it makes of them, on all threads.
package struct TextInputs {
  private let scheduler: ClassificationScheduler

  package init(_ model: GLiClassModel, threads: Int?) throws(VerificationError) {
    scheduler = try lifting { () throws(GLiClassError) in
      try ClassificationScheduler(model: model, options: SessionOptions(threads: threads))
    }
  }

  /// Threads that work.
  package var threadCount: Int { scheduler.threadCount }
  /// Texts to hand in at once.
  package var windowSize: Int { scheduler.windowSize }

  /// The whole input of every text. Labels that the Python package loses beyond the maximum length have logits there, and are
  /// judged like others.
  /// - Parameter error: what to throw for the text at a position.
  package func prompts(
    _ texts: [(text: String, labels: [String])], error: (Int, String) -> VerificationError
  ) throws(VerificationError) -> [Prompt] {
    let requests = texts.map {
      ClassificationRequest(
        text: $0.text, labels: $0.labels, options: ClassificationOptions(labelOverflow: .report))
    }
    var prompts: [Prompt] = []
    for (index, result) in scheduler.prompts(requests).enumerated() {
      switch result {
      case .success(let prompt): prompts.append(prompt)
      case .failure(.tokenization(let reason)): throw error(index, reason.message)
      case .failure(let other): throw .underlying(other)
      }
    }
    return prompts
  }

  /// The logits of every input, each an error of its own.
  package func logits(_ prompts: [EnginePrompt]) -> [Result<[Float], GLiClassError>] { scheduler.logits(prompts) }
}

extension Prompt {
  /// The same for the engine.
  package var engine: EnginePrompt {
    EnginePrompt(tokens: ids, labelPositions: labelPositions, lostLabelCount: lostLabelCount)
  }
}
