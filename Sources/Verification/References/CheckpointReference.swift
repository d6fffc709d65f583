import Checkpoints
import DataSets
import ModelCore
import ReferenceModel
import Tokenization

/// A checkpoint that is ready to compute outputs in f32, with its own tokenizer: no Python, and no number that the engine has a
/// part in.
package final class CheckpointOutputs: Sendable {
  /// The checkpoint, with its adapter if there is one.
  package let checkpoint: Checkpoint
  /// Its forward pass.
  package let model: ReferenceModel
  package let header: ReferenceHeader
  let tokenizer: CheckpointTokenizer
  private let builder: PromptBuilder
  private let threads: Int

  /// Loads the weights, compiles the tokenizer and computes the digest.
  /// - Parameters:
  ///   - adapter: the folder of an adapter that is merged into it.
  ///   - profile: whose reading of the tokenizer's files is meant.
  ///   - threads: texts that are computed at the same time.
  /// - Throws: ``VerificationError``.
  package convenience init(
    path: String, adapter: String?, profile: TokenizerProfile, threads: Int
  ) throws(VerificationError) {
    try self.init(
      lifting { () throws(CheckpointError) in try Checkpoint.open(path, adapter: adapter) }, profile: profile,
      threads: threads)
  }

  /// The same of a checkpoint that is open.
  package init(_ checkpoint: Checkpoint, profile: TokenizerProfile, threads: Int) throws(VerificationError) {
    // Also compares the checksums of archives, so it comes before anything is computed.
    let digest = try lifting { () throws(CheckpointError) in try SourceDigest.compute(checkpoint) }
    let tokenizer = try CheckpointTokenizer(checkpoint, profile)
    // What the package loses is lost here, too.
    var rules = PromptRules(checkpoint.configuration)
    rules.labelOverflow = .report
    builder = try lifting { () throws(TokenizationError) in
      try PromptBuilder(tokenizer: tokenizer.tokenizer, rules: rules)
    }
    self.tokenizer = tokenizer
    model = try lifting { () throws(ReferenceModelError) in try ReferenceModel(checkpoint) }
    self.checkpoint = checkpoint
    self.threads = threads
    header = ReferenceHeader(
      computedBy: "reference model, f32", contentDigest: "sha256:\(SourceDigest.hexadecimal(digest.content))",
      profile: profile, prompt: checkpoint.configuration.prompt)
  }

  /// The outputs of some texts, in order.
  package func outputs(_ examples: [DataExample], _ path: String) throws(VerificationError) -> [ReferenceOutput] {
    var outputs: [ReferenceOutput] = []
    var scratch = EncodingScratch()
    for example in examples {
      let prompt: Prompt
      do throws(TokenizationError) {
        prompt = try builder.prompt(text: example.text, labels: example.labels, scratch: &scratch)
      } catch {
        throw .unusableExample(path: path, line: example.line, reason: error.message)
      }
      outputs.append(
        ReferenceOutput(
          text: example.text, labels: example.labels, inputIDs: prompt.ids, logits: [], line: example.line))
    }
    let inputs = outputs.map { ($0.inputIDs, Optional($0.labels.count)) }
    let logits = try lifting { () throws(ReferenceModelError) in try model.logits(batch: inputs, threads: threads) }
    for index in outputs.indices { outputs[index].logits = logits[index] }
    return outputs
  }
}

/// The outputs of a checkpoint for the texts of a data set, computed as they are asked for.
package struct CheckpointReference: ReferenceSource {
  package let kind = ReferenceSummary.Kind.checkpoint
  private let outputs: CheckpointOutputs
  private var examples: ExampleReader

  /// - Parameter examples: the texts.
  package init(_ outputs: CheckpointOutputs, examples: ExampleReader) {
    self.outputs = outputs
    self.examples = examples
  }

  package var path: String { outputs.checkpoint.files.folder }
  package var header: ReferenceHeader { outputs.header }

  package mutating func next(_ limit: Int) throws(VerificationError) -> [ReferenceOutput] {
    try outputs.outputs(try examples.next(limit), examples.file.path)
  }
}
