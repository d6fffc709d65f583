import Checkpoints
import ModelCore
import ReferenceModel
import Tokenization
import TokenizerCompiler

/// What a reference implementation says of one text.
public struct ReferenceOutput: Sendable, Equatable {
  /// The text.
  public var text: String
  /// The labels, in the order of the logits.
  public var labels: [String]
  /// The token ids that went into the model.
  public var inputIDs: [Int32]
  /// One a label, in the order of the labels.
  public var logits: [Float]
  /// Line of the reference file, from 1; 0 where it was computed.
  public var line: Int
}

/// Outputs to hold a `.glc` against, and where they are from.
public struct ReferenceOutputs: Sendable {
  /// A file, or a checkpoint.
  public let path: String
  /// What computed them.
  public let producer: String
  /// SHA-256 of the weights they were computed from, where that is known.
  public let checkpointSHA256: String?
  /// `sha256:` and the digest of the weights' contents, the same in every container, where that is known.
  public let contentDigest: String?
  /// Tokens after which inputs were truncated, where that is known.
  public let maximumLength: Int?
  /// One a text.
  public let outputs: [ReferenceOutput]

  /// Reads a reference file: JSONL whose first line is `{"reference": {…}}`.
  public init(path: String) throws(VerificationError) {
    self.path = path
    var lines = try lifting { () throws(ModelCoreError) in try JSONLines.read(path) }[...]
    guard let header = lines.popFirst()?.value.member("reference"), header.isObject else {
      throw .noReferenceHeader(path: path)
    }
    producer = header.member("producer")?.string ?? "unknown"
    checkpointSHA256 = header.member("checkpoint_sha256")?.string
    contentDigest = header.member("content_digest")?.string
    maximumLength = header.member("max_length")?.int
    var outputs: [ReferenceOutput] = []
    for (line, value) in lines { outputs.append(try Self.output(value, path, line)) }
    guard !outputs.isEmpty else { throw .empty(path: path) }
    self.outputs = outputs
  }

  private static func output(
    _ value: JSONValue, _ path: String, _ line: Int
  ) throws(VerificationError) -> ReferenceOutput {
    guard let text = value.member("text")?.string, let labels = value.strings("labels"),
      let ids = value.numbers("input_ids"), let logits = value.numbers("logits")
    else {
      throw .malformedLine(
        path: path, line: line, expected: "an object with text, labels, input_ids and logits", found: value.shape)
    }
    try checkText(of: labels, path, line)
    guard logits.count == labels.count else {
      throw .malformedLine(path: path, line: line, expected: "\(labels.count) logits", found: "\(logits.count)")
    }
    // NaN cannot be written in JSON, but 1e39 can.
    if let value = logits.first(where: { !Float($0).isFinite }) {
      throw .malformedLine(path: path, line: line, expected: "finite logits", found: "\(value)")
    }
    let inputIDs = ids.compactMap { Int32(exactly: $0) }
    guard inputIDs.count == ids.count else {
      throw .malformedLine(path: path, line: line, expected: "32-bit input_ids", found: "others")
    }
    return ReferenceOutput(text: text, labels: labels, inputIDs: inputIDs, logits: logits.map { Float($0) }, line: line)
  }
}

extension ReferenceOutputs {
  /// Computes the outputs of the checkpoint at `path` for every text of `data`, in f32, with its own tokenizer: no Python,
  /// and no number that the engine has a part in.
  /// - Parameters:
  ///   - adapter: the folder of an adapter that is merged into it.
  ///   - profile: whose reading of the tokenizer's files is meant: that of the `.glc` to be judged.
  ///   - progress: called with the part of the work that is done, on any thread.
  public init(
    checkpoint path: String, adapter: String? = nil, profile: TokenizerProfile = .tokenizers, data: DataSet,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(VerificationError) {
    let checkpoint = try lifting { () throws(CheckpointError) in try Checkpoint.open(path, adapter: adapter) }
    // Also compares the checksums of archives, so it comes before anything is computed.
    let digest = try lifting { () throws(CheckpointError) in try SourceDigest.compute(checkpoint) }
    let builder = try Self.promptBuilder(checkpoint, profile)
    var scratch = EncodingScratch()
    var outputs: [ReferenceOutput] = []
    for example in data.examples {
      let prompt = try lifting { () throws(TokenizationError) in
        try builder.prompt(text: example.text, labels: example.labels, scratch: &scratch)
      }
      outputs.append(
        ReferenceOutput(text: example.text, labels: example.labels, inputIDs: prompt.ids, logits: [], line: 0))
    }
    let inputs = outputs.map { ($0.inputIDs, $0.labels.count) }
    let logits = try lifting { () throws(ReferenceModelError) in
      try ReferenceModel(checkpoint).logits(batch: inputs) { progress(Double($0) / Double(inputs.count)) }
    }
    for index in outputs.indices { outputs[index].logits = logits[index] }
    self.path = path
    producer = "reference model, f32"
    checkpointSHA256 = digest.files.first { $0.path == checkpoint.files.weights }.map {
      SourceDigest.hexadecimal($0.sha256)
    }
    contentDigest = "sha256:\(SourceDigest.hexadecimal(digest.content))"
    maximumLength = checkpoint.configuration.prompt.maximumLength
    self.outputs = outputs
  }

  private static func promptBuilder(
    _ checkpoint: Checkpoint, _ profile: TokenizerProfile
  ) throws(VerificationError) -> PromptBuilder {
    // What the package loses is lost here, too.
    var rules = PromptRules(checkpoint.configuration)
    rules.labelOverflow = .report
    let files = TokenizerFiles(checkpoint)
    let section = try lifting { () throws(TokenizerCompilerError) in try files.compile(profile: profile) }
    return try lifting { () throws(TokenizationError) in
      try PromptBuilder(
        tokenizer: try CompiledTokenizer(copying: section.bytes, path: files.source ?? files.folder),
        rules: rules)
    }
  }
}
