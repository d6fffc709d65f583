import DataSets
import Engine
import GLiClass
import ModelCore
import Tokenization
import Verification

/// Texts as a model reads them, and what the reference says of them: all that a candidate is run on.
package struct TextPart: Sendable {
  /// The texts, in the order of their digests.
  package let examples: [DataExample]
  /// The file they are of.
  package let path: String
  /// The same as tokens; the tokenizer is that of all candidates.
  package let prompts: [Prompt]
  /// One list a text, one a label.
  package var referenceLogits: [[Float]]

  /// Tokenizes `examples`.
  package init(_ examples: [DataExample], path: String, _ inputs: TextInputs) throws(RecipeSearchError) {
    self.examples = examples
    self.path = path
    prompts = try lifting { () throws(VerificationError) in
      try inputs.prompts(examples.map { ($0.text, $0.labels) }) { index, reason in
        .unusableExample(path: path, line: examples[index].line, reason: reason)
      }
    }
    referenceLogits = []
  }

  /// The first of them.
  package func prefix(_ count: Int) -> TextPart {
    TextPart(
      examples: Array(examples.prefix(count)), path: path, prompts: Array(prompts.prefix(count)),
      referenceLogits: Array(referenceLogits.prefix(count)))
  }

  private init(examples: [DataExample], path: String, prompts: [Prompt], referenceLogits: [[Float]]) {
    self.examples = examples
    self.path = path
    self.prompts = prompts
    self.referenceLogits = referenceLogits
  }

  /// What `inputs` make of every text; NaN where a result is not finite.
  /// - Parameter progress: called with the part that is done; throws to stop.
  package func logits(
    _ inputs: TextInputs, progress: (Double) throws(RecipeSearchError) -> Void = { _ throws(RecipeSearchError) in }
  ) throws(RecipeSearchError) -> [[Float]] {
    var logits: [[Float]] = []
    while logits.count < prompts.count {
      try progress(Double(logits.count) / Double(prompts.count))
      let window = logits.count..<min(prompts.count, logits.count + inputs.windowSize)
      for (index, result) in zip(window, inputs.logits(prompts[window].map(\.engine))) {
        switch result {
        case .success(let found): logits.append(found)
        case .failure(.engine(.notFinite)): logits.append(examples[index].labels.map { _ in .nan })
        case .failure(let error):
          throw .underlying(VerificationError.of(error, path: path, line: examples[index].line))
        }
      }
    }
    return logits
  }

  /// Reference and model side by side.
  package func table(_ modelLogits: [[Float]]) -> DecisionTable {
    precondition(modelLogits.count == examples.count && referenceLogits.count == examples.count)
    var table = DecisionTable(hasTruth: examples.contains { $0.truths != nil })
    for (index, example) in examples.enumerated() {
      table.append(
        line: example.line, labels: example.labels,
        truths: example.truths ?? example.labels.map { _ in false }, referenceLogits: referenceLogits[index],
        modelLogits: modelLogits[index])
    }
    return table
  }
}
