import ArgumentParser
import GLiClass

/// Which labels, and how they get into the prompt.
struct LabelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The labels to choose from, separated by commas.", valueName: "a,b,c"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "A file of labels: text with one a line, or JSON, a list or nested objects of lists (names joined by \".\").",
      valueName: "file"),
    completion: .file(extensions: ["txt", "json"]))
  var labelsFile: String?

  @Option(
    help: ArgumentHelp(
      "Labels of one forward pass; more are split over several. Labels of different passes do not see each other, so scores differ a little.",
      valueName: "n"))
  var labelsPerPass: Int?

  @Flag(help: "Put labels into the prompt in lower case, as gliclass up to 0.1.12 did.")
  var lowercaseLabels = false

  var areGiven: Bool { labels != nil || labelsFile != nil }

  func validate() throws {
    guard labels == nil || labelsFile == nil else {
      throw ValidationError("Give either --labels or --labels-file.")
    }
    guard labelsPerPass.map({ $0 >= 1 }) ?? true else { throw ValidationError("--labels-per-pass is at least 1.") }
  }

  func labelSet() throws -> LabelSet? {
    if let labelsFile { return try LabelSet(contentsOf: labelsFile) }
    return labels.map { LabelSet(ClassifyCommand.labels(from: $0)) }
  }
}

/// How scores become a decision.
struct DecisionOptions: ParsableArguments {
  @Option(help: "The score from which a label is predicted.")
  var threshold: Float = 0.5

  @Flag(help: "Choose one label, by softmax, instead of judging each for itself.")
  var singleLabel = false

  func validate() throws {
    guard (0...1).contains(threshold) else { throw ValidationError("--threshold is a number from 0 to 1.") }
  }
}

/// What stands in the prompt beside text and labels.
struct PromptOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A description of the task, put before the text as it is.", valueName: "text"))
  var prompt = ""

  @Option(
    help: ArgumentHelp(
      "Few-shot examples: JSONL, or a JSON list, of {\"text\", \"labels\"}.", valueName: "file"),
    completion: .file(extensions: ["json", "jsonl"]))
  var examples: String?

  @Option(
    help: ArgumentHelp(
      "Retrieved examples, for models trained on them: JSONL, or a JSON list, of {\"text\", \"true_labels\", \"all_labels\"}.",
      valueName: "file"),
    completion: .file(extensions: ["json", "jsonl"]))
  var racExamples: String?
}

/// What happens to texts that are too long.
struct LengthOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The most tokens of an input; the model's own maximum unless given.", valueName: "n"))
  var maxLength: Int?

  @Option(
    help: ArgumentHelp(
      "Labels that do not fit: refuse; report, as the Python pipeline loses them, with a warning; or shorten-text, where it comes before the labels.",
      valueName: "answer"))
  var lostLabels = LostLabels.refuse

  @Option(
    help: ArgumentHelp(
      "Read long texts in parts and take the largest score of each label: tokens[:SIZE[:OVERLAP]] cuts at words so that parts fit (overlap 32 tokens, or a quarter of SIZE); reference[:SIZE[:OVERLAP]] cuts after 8192 characters (overlap 256), with 8 labels a pass, as the Python pipeline does.",
      valueName: "rule"),
    completion: .list(["tokens", "reference"]), transform: chunking)
  var chunk: Chunking?

  func validate() throws {
    guard maxLength.map({ $0 >= 1 }) ?? true else { throw ValidationError("--max-length is at least 1.") }
  }
}

/// `--lost-labels`.
enum LostLabels: String, ExpressibleByArgument, CaseIterable {
  case refuse
  case report
  case shortenText = "shorten-text"

  var overflow: LabelOverflow {
    switch self {
    case .refuse: .refuse
    case .report: .report
    case .shortenText: .shortenText
    }
  }
}

/// `tokens[:SIZE[:OVERLAP]]` or `reference[:SIZE[:OVERLAP]]`.
@Sendable private func chunking(_ argument: String) throws -> Chunking {
  let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
  let numbers = parts.dropFirst().map { Int($0) }
  guard ["tokens", "reference"].contains(parts[0]), parts.count <= 3, numbers.allSatisfy({ $0 != nil }) else {
    throw ValidationError("expected tokens[:SIZE[:OVERLAP]] or reference[:SIZE[:OVERLAP]], found \"\(argument)\".")
  }
  let (size, overlap) = (numbers.first ?? nil, numbers.dropFirst().first ?? nil)
  let isReference = parts[0] == "reference"
  let known = overlap ?? (isReference ? 256 : 0)
  if let size, size < 1 || !(0..<size).contains(known) {
    throw ValidationError(
      "expected a size of at least 1 and an overlap from 0 to less than that, found size \(size) and overlap \(known).")
  }
  return isReference ? .reference(size: size ?? 8192, overlap: known) : .tokens(size: size, overlap: overlap)
}
