import ArgumentParser
import CommandSupport
import GLiClass
import ModelCore

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score labels for a text, or for every line of a JSONL file.",
    discussion: """
      With --jsonl, standard input has one object per line: "text", and optionally "labels" (or "all_labels"), \
      "threshold", "prompt" and "examples" (a list of {"text", "labels"}). Results are written in order, one a line, as they \
      are ready. A line that cannot be used gives an object with "error", and exit status 65 at the end.

      EXAMPLES
        gliclass classify model.glc --labels travel,sport "One day I will see the world!"
        gliclass classify model.glc --labels travel,sport --jsonl < texts.jsonl > results.jsonl
      """)

  @Argument(help: "The .glc file.")
  var model: String

  @Argument(help: "The text.")
  var text: String?

  @Option(help: ArgumentHelp("The labels to choose from, separated by commas.", valueName: "a,b,c"))
  var labels: String?

  @Option(help: "The score from which a label is predicted.")
  var threshold: Float = 0.5

  @Flag(help: "Choose one label, by softmax, instead of judging each for itself.")
  var singleLabel = false

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @Flag(help: "Read one JSON object per line from standard input, and write one per line.")
  var jsonl = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (text == nil) == jsonl else { throw ValidationError("Give either a text or --jsonl.") }
    guard jsonl || labels != nil else { throw ValidationError("Give --labels.") }
    guard (0...1).contains(threshold) else { throw ValidationError("--threshold is a number from 0 to 1.") }
  }

  func run() throws {
    try reporting {
      let session = try GLiClassModel(path: model).makeSession(options: compute.engine)
      let defaults = RequestDefaults(
        labels: labels.map(ClassifyCommand.labels), threshold: threshold, isSingleLabel: singleLabel)
      if jsonl {
        let stream = LineStream()
        if try !ClassificationStream(session: session, defaults: defaults).run(stream) {
          throw ExitCode(ExitStatus.badData.rawValue)
        }
        return
      }
      let request = ClassificationRequest(
        text: text ?? "", labels: defaults.labels ?? [], mode: defaults.mode(threshold: threshold))
      let result = try session.classify([request])[0]
      Console.print(json ? result.json.text() : result.table)
    }
  }
}

/// What a JSONL line need not say.
struct RequestDefaults {
  var labels: [String]?
  var threshold: Float
  var isSingleLabel: Bool

  func mode(threshold: Float) -> ClassificationMode {
    isSingleLabel ? .singleLabel : .multiLabel(threshold: threshold)
  }
}

extension Classification {
  /// The object of the contract: every label in input order, and those predicted.
  var json: JSON {
    .object([
      ("text", .string(text)),
      (
        "labels",
        .array(
          labels.map {
            .object([("label", .string($0.label)), ("score", .float($0.score)), ("logit", .float($0.logit))])
          })
      ),
      ("predicted", .array(predicted.map { .string($0) })),
    ])
  }

  /// Labels by score, the predicted ones marked.
  var table: String {
    let chosen = Set(predicted)
    return labels.sorted { $0.score > $1.score }
      .map { "\(chosen.contains($0.label) ? "*" : " ") \(Formatting.decimals(Double($0.score), 4))  \($0.label)" }
      .joined(separator: "\n")
  }
}
