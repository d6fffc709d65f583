import ArgumentParser
import CommandSupport
import GLiClass
import ModelCore

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score labels for a text, or for every line of a JSONL file.",
    discussion: """
      With --jsonl, standard input has one object per line: "text", and optionally "labels" (or "all_labels", a list or \
      nested objects), "threshold", "classification_type" ("single-label" or "multi-label"), "prompt", "examples" (a list of \
      {"text", "labels"}) and "rac_examples" (a list of {"text", "true_labels", "all_labels"}), which go before what the \
      command line says. Results are written in order, one a line, as they are ready. A line that cannot be used gives an \
      object with "error", and exit status 65 at the end. Ctrl-C finishes what was read and ends with status 130.

      EXAMPLES
        gliclass classify model.glc --labels travel,sport "One day I will see the world!"
        gliclass classify model.glc --labels-file topics.json --nested --json "The parcel came late."
        gliclass classify model.glc --labels-file topics.txt --single-label --top-k 3 "The parcel came late."
        gliclass classify model.glc --labels travel,sport --examples shots.jsonl --prompt "Topic: " "A day off."
        gliclass classify model.glc --labels-file topics.txt --chunk tokens --json "$(cat report.txt)"
        gliclass classify model.glc --labels travel,sport --jsonl < texts.jsonl > results.jsonl
      """)

  @Argument(help: "The .glc file.", completion: .file(extensions: ["glc"]))
  var model: String

  @Argument(help: "The text.")
  var text: String?

  @OptionGroup(title: "Labels") var labelOptions: LabelOptions
  @OptionGroup(title: "Decision") var decision: DecisionOptions
  @OptionGroup(title: "Prompt") var prompt: PromptOptions
  @OptionGroup(title: "Long texts") var length: LengthOptions

  @Option(help: ArgumentHelp("Print the K best labels only, best first.", valueName: "k"))
  var topK: Int?

  @Flag(help: "Also print all scores as an object nested like the labels, as \"nested\".")
  var nested = false

  @Flag(help: "Also print the projected features of text and labels, as \"text_embedding\" and \"class_embeddings\".")
  var embeddings = false

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @Flag(help: "Read one JSON object per line from standard input, and write one per line.")
  var jsonl = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (text == nil) == jsonl else { throw ValidationError("Give either a text or --jsonl.") }
    guard jsonl || labelOptions.areGiven else { throw ValidationError("Give --labels or --labels-file.") }
    guard topK.map({ $0 >= 1 }) ?? true else { throw ValidationError("--top-k is at least 1.") }
    guard json || jsonl || !nested else { throw ValidationError("--nested needs --json or --jsonl.") }
    guard json || jsonl || !embeddings else { throw ValidationError("--embeddings needs --json or --jsonl.") }
    guard !embeddings || (length.chunk == nil && labelOptions.labelsPerPass == nil) else {
      throw ValidationError("--embeddings are of one pass: give neither --chunk nor --labels-per-pass with them.")
    }
  }

  func run() throws {
    try reporting {
      let defaults = try requestDefaults()
      let format = AnswerFormat(top: topK, isNested: nested)
      let model = try GLiClassModel(path: model)
      if jsonl {
        let scheduler = try ClassificationScheduler(model: model, options: compute.engine)
        let status = try ClassificationStream(scheduler: scheduler, defaults: defaults, format: format).run()
        throw ExitCode(status)
      }
      let request = ClassificationRequest(
        text: text ?? "", labels: defaults.labels ?? LabelSet([]),
        mode: defaults.type.mode(threshold: defaults.threshold), taskPrompt: defaults.prompt,
        examples: defaults.examples, retrievedExamples: defaults.retrievedExamples, options: defaults.options)
      let result = try model.makeSession(options: compute.engine).classify([request])[0]
      guard !json else { return Console.print(format.json(result).text()) }
      for warning in result.warnings { Console.error("warning: \(warning.description.onOneLine)") }
      Console.print(format.table(result))
    }
  }

  private func requestDefaults() throws -> RequestDefaults {
    RequestDefaults(
      labels: try labelOptions.labelSet(), threshold: decision.threshold,
      type: decision.singleLabel ? .singleLabel : .multiLabel, prompt: prompt.prompt,
      examples: try prompt.examples.map { try FewShotExample.read(contentsOf: $0) } ?? [],
      retrievedExamples: try prompt.racExamples.map { try RetrievedExample.read(contentsOf: $0) } ?? [],
      options: ClassificationOptions(
        maximumLength: length.maxLength, labelOverflow: length.lostLabels.overflow, chunking: length.chunk,
        labelsPerPass: labelOptions.labelsPerPass, lowercasesLabels: labelOptions.lowercaseLabels,
        returnsEmbeddings: embeddings))
  }
}
