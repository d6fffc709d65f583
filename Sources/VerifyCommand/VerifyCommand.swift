import ArgumentParser
import Checkpoints
import CommandSupport
import GLiClass
import ModelCore
import Verification

@main
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gliclass-verify",
    abstract: "Hold a .glc against reference outputs, and judge how far F1 drifted.",
    discussion: """
      The reference is a file of the Python package's outputs (Scripts/reference_outputs.py), or is computed here \
      from the checkpoint. Exit status: 0 within all bounds, 1 beyond one, 64 and above where there is no verdict.

      EXAMPLES
        gliclass-verify model.glc --reference ref.jsonl --data data.jsonl --max-f1-drift 0.005
        gliclass-verify model.glc --checkpoint checkpoint/ --data data.jsonl --json verdict.json
      """,
    version: "0.1.0")

  static func main() { runProgram() }

  @Argument(help: "The .glc file to judge.")
  var model: String

  @Option(help: ArgumentHelp("Reference outputs, as JSONL.", valueName: "ref.jsonl"))
  var reference: String?

  @Option(help: ArgumentHelp("A checkpoint to compute the reference from, in f32.", valueName: "folder"))
  var checkpoint: String?

  @Option(help: ArgumentHelp("A LoRA adapter to merge into the checkpoint, as PEFT saved it.", valueName: "folder"))
  var adapter: String?

  @Option(
    help: ArgumentHelp("Texts with all_labels and true_labels, as JSONL or a JSON array.", valueName: "data.jsonl"))
  var data: String

  @Option(help: "The score from which a label is predicted.")
  var threshold: Float = 0.5

  @Option(help: "The largest loss of micro F1 (reference minus .glc) that passes.")
  var maxF1Drift: Double?

  @Option(help: "The largest difference of any logit that passes.")
  var maxLogitError: Double?

  @Option(
    help: """
      Threads; unless given, as many as processors that the process may run on, or that the CPU quota of its control groups \
      amounts to.
      """)
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Also write the verdict as JSON (- for standard output, instead of the table).", valueName: "file"))
  var json: String?

  func validate() throws {
    guard (reference == nil) != (checkpoint == nil) else {
      throw ValidationError("Give either --reference or --checkpoint.")
    }
    guard adapter == nil || checkpoint != nil else { throw ValidationError("--adapter needs --checkpoint.") }
    guard (0...1).contains(threshold) else { throw ValidationError("--threshold is a number from 0 to 1.") }
    for (name, bound) in [("--max-f1-drift", maxF1Drift), ("--max-logit-error", maxLogitError)] {
      // A bound of NaN or infinity could never be exceeded, and one below zero never kept.
      if let bound, !(bound >= 0 && bound.isFinite) { throw ValidationError("\(name) is a number from 0 on.") }
    }
  }

  func run() throws {
    var passes = false
    try reporting {
      try refuseOverwriting()
      // Created before the work is done, so that a bad path is noticed before it.
      let file = json == "-" ? nil : try json.map { try AtomicFile(path: $0) }
      let verdict = try judge()
      passes = verdict.passes
      let text = verdict.json.text(pretty: true)
      if let file {
        try file.write(Array((text + "\n").utf8), at: 0)
        try file.commit()
      }
      Console.print(json == "-" ? text : verdict.table)
    }
    if !passes { throw ExitCode(ExitStatus.verdict.rawValue) }
  }

  /// The verdict may not replace what it is about.
  private func refuseOverwriting() throws {
    guard let json, json != "-", let target = FileIdentity(json) else { return }
    var inputs = [model, data] + [reference].compactMap { $0 }
    if let checkpoint { inputs += try CheckpointFiles.locate(checkpoint).all }
    if let adapter { inputs += try AdapterFiles.locate(adapter).all }
    for input in inputs where FileIdentity(input) == target {
      throw ModelCoreError.cannotCreate(path: json, reason: "it is \(input), which is read")
    }
  }

  private func judge() throws -> Verdict {
    let model = try GLiClassModel(path: model)
    let session = try model.makeSession(options: .init(threads: threads))
    let data = try DataSet(path: data)
    let bar = ProgressBar("verifying")
    defer { bar.finish() }
    // Made before the reference is computed: it refuses a damaged file.
    let verifier = try Verifier(model: model, session: session, progress: bar.update)
    let outputs: ReferenceOutputs
    if let checkpoint {
      let computing = ProgressBar("computing the reference")
      defer { computing.finish() }
      outputs = try ReferenceOutputs(
        checkpoint: checkpoint, adapter: adapter, profile: model.tokenizer.summary.profile, data: data,
        progress: computing.update)
    } else {
      outputs = try ReferenceOutputs(path: reference ?? "")
    }
    return try verifier.verify(
      outputs, data: data, threshold: threshold,
      bounds: VerificationBounds(f1Drift: maxF1Drift, logitError: maxLogitError))
  }
}
