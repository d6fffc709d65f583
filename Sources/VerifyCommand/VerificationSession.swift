import Checkpoints
import CommandSupport
import DataSets
import GLCFormat
import GLiClass
import ModelCore
import Verification

/// A run of the program: opens what the command line names, and verifies with a bar.
struct VerificationSession {
  private let command: VerifyCommand
  private let model: GLiClassModel
  private let options: VerificationOptions
  private let dataOptions: DataSetOptions

  init(_ command: VerifyCommand) throws {
    self.command = command
    dataOptions = try command.texts.options
    model = try GLiClassModel(path: command.model)
    var options = VerificationOptions()
    options.measures = command.measures.settings
    options.bounds = command.bounds.bounds
    options.allowed = Set(command.reference.allowMismatch)
    options.layerTexts = command.measures.requestedLayerTexts
    options.threads = command.threads
    self.options = options
  }

  /// Every file that is read.
  var inputs: [String] {
    get throws {
      let reference = command.reference
      var inputs = [command.model] + [command.texts.data, reference.reference, reference.baseline].compactMap(\.self)
      inputs += [command.texts.labels, command.texts.labelNames].compactMap(\.self)
      if let checkpoint = reference.checkpoint { inputs += try CheckpointFiles.locate(checkpoint).all }
      if let adapter = reference.adapter { inputs += try AdapterFiles.locate(adapter).all }
      if let suite = command.texts.suite {
        inputs += try SuiteSet.all(in: suite, needsReferences: false).flatMap { [$0.data, $0.reference] }.compactMap(
          \.self)
      }
      return inputs
    }
  }

  /// Verifies one data set.
  func verify() throws -> Verdict {
    // Both made before a reference is computed: they refuse damaged files.
    let data = try DataIndex(path: command.texts.data ?? "", options: dataOptions)
    let verifier = try Verifier(model: model, options: options)
    return try verify(verifier, opening: try References(command, model, verifier), data, nil)
  }

  /// Verifies the data sets of a folder, one after the other.
  func verify(suite: String) throws -> SuiteVerdict {
    let reference = command.reference
    let sets = try SuiteSet.all(
      in: suite, needsReferences: reference.checkpoint == nil && reference.baseline == nil)
    let verifier = try Verifier(model: model, options: options)
    let references = try References(command, model, verifier)
    var rows: [SuiteVerdict.Row] = []
    for set in sets {
      rows.append(
        SuiteVerdict.Row(
          name: set.name,
          verdict: try verify(
            verifier, opening: references, try DataIndex(path: set.data, options: dataOptions), set.reference)))
    }
    return SuiteVerdict(model: rows[0].verdict.model, rows: rows)
  }

  /// Throws where no verdict could be recorded.
  func checkStampable() throws { try GLCStamp.checkWritable(model.file) }

  /// Records the verdict in the file that it was said of.
  func stamp(_ verdict: Verdict) throws {
    try GLCStamp.write(
      verdict.stamp(verifierVersion: VerifyCommand.configuration.version), to: model.file)
  }

  private func verify(
    _ verifier: Verifier, opening references: References, _ data: DataIndex, _ reference: String?
  ) throws -> Verdict {
    let source = try references.source(for: data, file: reference)
    let bar = ProgressBar(source.kind == .checkpoint ? "computing the reference" : "verifying")
    defer { bar.finish() }
    return try verifier.verify(against: source, data: data, origin: references.origin, progress: bar.update)
  }
}

/// The references that a command line names, opened once for all data sets.
private struct References {
  let origin: DriftOrigin
  private let file: String?
  private let checkpoint: CheckpointOutputs?
  private let baseline: GLiClassModel?
  private let threads: Int?

  init(_ command: VerifyCommand, _ model: GLiClassModel, _ verifier: Verifier) throws {
    let arguments = command.reference
    file = arguments.reference
    threads = command.threads
    checkpoint = try arguments.checkpoint.map {
      try CheckpointOutputs(
        path: $0, adapter: arguments.adapter,
        profile: arguments.tokenizerProfile ?? model.tokenizer.summary.profile, threads: verifier.threadCount)
    }
    baseline = try arguments.baseline.map { try GLiClassModel(path: $0) }
    if let baseline { try baseline.file.checkTensorData() }
    origin = DriftOrigin(
      model: model,
      against: checkpoint.map { .checkpoint($0) } ?? baseline.map { .baseline($0) } ?? .nothing)
  }

  /// The reference of one data set: another `.glc` or a file where there is one, else the checkpoint.
  func source(for data: DataIndex, file own: String?) throws -> any ReferenceSource {
    if let path = baseline == nil ? own ?? file : nil { return try ReferenceFile(path: path) }
    if let baseline { return try BaselineReference(baseline, examples: try data.reader(), threads: threads) }
    guard let checkpoint else { preconditionFailure("validate() asks for a reference") }
    return CheckpointReference(checkpoint, examples: try data.reader())
  }
}
