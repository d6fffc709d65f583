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

  /// - Parameters:
  ///   - model: the other file, whose checksums have been compared.
  ///   - examples: the texts.
  ///   - threads: as many as the model to be judged has.
  package init(_ model: GLiClassModel, examples: ExampleReader, threads: Int?) throws(VerificationError) {
    path = model.file.path
    inputs = try TextInputs(model, threads: threads)
    self.examples = examples
    var header = ReferenceHeader(producer: model.producer)
    header.dtype = "float32"
    header.contentDigest = model.file.metadata.root.member("source")?.member("content_digest")?.string
    header.tokenizerProfile = model.tokenizer.summary.profile.name
    header.labelCase = "as given"
    header.batchSize = 1
    header.maximumLength = model.maximumLength
    header.promptFirst = model.file.configuration.prompt.promptFirst
    self.header = header
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
          text: text.text, labels: text.labels, inputIDs: prompts[index].ids,
          logits: try logits(found, text.line), line: text.line))
    }
    return outputs
  }

  private func logits(_ found: Result<[Float], GLiClassError>, _ line: Int) throws(VerificationError) -> [Float] {
    do throws(GLiClassError) { return try found.get() } catch { throw .of(error, path: examples.file.path, line: line) }
  }
}

extension GLiClassModel {
  /// What made the file, and of which precision it is: `gliclass-convert 0.1.0, int8`.
  var producer: String {
    let metadata = file.metadata.root
    let parts = [
      [metadata.member("converter")?.member("name")?.string, metadata.member("converter")?.member("version")?.string]
        .compactMap(\.self).joined(separator: " "),
      metadata.member("recipe")?.member("weights")?.string ?? "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: ", ")
  }
}
