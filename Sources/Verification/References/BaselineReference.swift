import DataSets
import GLiClass
import ModelCore
import Tokenization

/// The outputs of another `.glc`, to compare two conversions.
package struct BaselineReference: ReferenceSource {
  package let kind = ReferenceSummary.Kind.baseline
  package let header: ReferenceHeader
  package let path: String
  private let inputs: TextInputs
  private var examples: ExampleReader
  private let vocabulary: VocabularyTranslation

  /// - Parameters:
  ///   - model: the other file, whose checksums have been compared.
  ///   - examples: the texts.
  ///   - threads: as many as the model to be judged has.
  package init(_ model: GLiClassModel, examples: ExampleReader, threads: Int?) throws(VerificationError) {
    path = model.file.path
    inputs = try TextInputs(model, threads: threads)
    self.examples = examples
    vocabulary = try VocabularyTranslation(model)
    let summary = ModelSummary(model)
    // What made the file, and of which precision it is.
    header = ReferenceHeader(
      computedBy: [summary.converter, summary.weights].compactMap(\.self).joined(separator: ", "),
      contentDigest: summary.contentDigest, profile: model.tokenizer.summary.profile,
      prompt: model.file.configuration.prompt)
  }

  package mutating func next(_ limit: Int) throws(VerificationError) -> [ReferenceOutput] {
    let texts = try examples.next(limit)
    let path = examples.file.path
    let prompts = try inputs.prompts(texts.map { ($0.text, $0.labels) }) { index, reason in
      .unusableExample(path: path, line: texts[index].line, reason: reason)
    }
    var outputs: [ReferenceOutput] = []
    for (index, found) in inputs.logits(prompts.map(\.engine)).enumerated() {
      let text = texts[index]
      outputs.append(
        ReferenceOutput(
          text: text.text, labels: text.labels, inputIDs: prompts[index].ids.map(vocabulary.original),
          logits: try logits(found, text.line), line: text.line))
    }
    return outputs
  }

  private func logits(_ found: Result<[Float], GLiClassError>, _ line: Int) throws(VerificationError) -> [Float] {
    do throws(GLiClassError) { return try found.get() } catch { throw .of(error, path: examples.file.path, line: line) }
  }
}
