import ArgumentParser
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
      The reference is a file of the Python package's outputs (Scripts/reference_outputs.py), is computed here from the \
      checkpoint, or is another .glc. Exit status: 0 within all bounds, 1 beyond one or where the reference is not one of this \
      model, 64 and above where there is no verdict.

      EXAMPLES
        gliclass-verify model.glc --reference ref.jsonl --data data.jsonl --max-f1-drift 0.005
        gliclass-verify model.glc --checkpoint checkpoint/ --data data.jsonl --layers --html report.html
        gliclass-verify small.glc --baseline large.glc --data texts.csv --text-column body --max-flips 0.1%
        gliclass-verify model.glc --checkpoint checkpoint/ --suite benchmarks/ --markdown summary.md
      """,
    version: "0.1.0")

  static func main() { runProgram() }

  @Argument(help: "The .glc file to judge.", completion: .file(extensions: ["glc"]))
  var model: String

  @OptionGroup(title: "What it is held against")
  var reference: ReferenceArguments

  @OptionGroup(title: "Texts")
  var texts: TextArguments

  @OptionGroup(title: "Measures")
  var measures: MeasureArguments

  @OptionGroup(title: "Bounds")
  var bounds: BoundArguments

  @OptionGroup(title: "Reports")
  var reports: ReportArguments

  @Option(
    help: """
      Threads; unless given, as many as processors that the process may run on, or that the CPU quota of its control groups \
      amounts to.
      """)
  var threads: Int?

  func validate() throws {
    if texts.suite != nil {
      guard reference.reference == nil else {
        throw ValidationError("A suite's references are files in its folder: leave --reference out.")
      }
      guard !reports.stamp else { throw ValidationError("--stamp records one verdict: give --data.") }
    } else {
      guard reference.reference != nil || reference.checkpoint != nil || reference.baseline != nil else {
        throw ValidationError("Give --reference, --checkpoint or --baseline.")
      }
    }
    if measures.layerTexts != nil || measures.layers {
      guard reference.checkpoint != nil || reference.baseline != nil else {
        throw ValidationError("--layers needs --checkpoint or --baseline, which may stand beside --reference.")
      }
    }
  }

  func run() throws {
    var passes = false
    try reporting {
      let session = try VerificationSession(self)
      // Created before the work is done, so that a bad path is noticed before it.
      let files = try ReportFiles(reports, inputs: session.inputs)
      if reports.stamp { try session.checkStampable() }
      if let suite = texts.suite {
        let verdict = try session.verify(suite: suite)
        passes = verdict.passes
        try files.write(.suite(verdict))
      } else {
        let verdict = try session.verify()
        passes = verdict.passes
        try files.write(.verdict(verdict))
        if reports.stamp { try session.stamp(verdict) }
      }
    }
    if !passes { throw ExitCode(ExitStatus.verdict.rawValue) }
  }
}
