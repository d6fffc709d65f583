import ArgumentParser
import CommandSupport
import Conversion
import ModelCore
import Tokenization

@main
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gliclass-convert",
    abstract: "Turn a GLiClass checkpoint into one .glc file.",
    discussion: """
      The input is a Hugging Face folder, or a file of weights with config.json and tokenizer.json (or spm.model, spiece.model) beside it: \
      model.safetensors, pytorch_model.bin (.pt, .pth), or the index of several. In a folder, model.safetensors comes \
      before its index, then pytorch_model.bin and its index. The output appears whole or not at all.

      EXAMPLES
        gliclass-convert model.safetensors -o model.glc --q8
        gliclass-convert checkpoint/ --adapter lora/ -o model.glc
        gliclass-convert pytorch_model.bin --dry-run
        gliclass-convert checkpoint/ -o model.glc --max-f1-drift 0.005 --data data.jsonl
        gliclass-convert checkpoint/ --sensitivity --q4 --data data.jsonl
      """,
    version: Converter.version)

  static func main() { runProgram() }

  enum Profile: String, ExpressibleByArgument, CaseIterable {
    case tokenizers
    case transformers5 = "transformers-5"

    var profile: TokenizerProfile { self == .tokenizers ? .tokenizers : .transformers5 }

    static var allValueDescriptions: [String: String] {
      [
        Self.tokenizers.rawValue: "tokenizer.json as it stands, or spm.model as transformers 4.x reads it.",
        Self.transformers5.rawValue: "What transformers 5.x makes of a DeBERTa-v2 or T5 folder.",
      ]
    }
  }

  @Argument(help: "A checkpoint's folder, its file of weights, or the index of several.")
  var input: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The .glc file to write.", valueName: "out.glc"))
  var output: String?

  @Option(help: ArgumentHelp("A LoRA adapter to merge, as PEFT's save_pretrained wrote it.", valueName: "folder"))
  var adapter: String?

  @OptionGroup(title: "WEIGHTS") var weights: WeightArguments

  @OptionGroup(title: "CALIBRATION") var calibration: CalibrationArguments

  @OptionGroup(title: "VOCABULARY") var vocabulary: VocabularyArguments

  @OptionGroup(title: "SEARCH") var search: SearchArguments

  @Option(
    help: ArgumentHelp(
      "Whose reading of the tokenizer's files is meant.",
      valueName: "profile"))
  var tokenizerProfile: Profile = .tokenizers

  @Flag(help: "Say what was found and what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Like --dry-run, and say for every tensor what it becomes.")
  var list = false

  private var writesNothing: Bool { dryRun || list }

  func validate() throws {
    try search.check(weights, output: output, writesNothing: writesNothing)
    guard !writesNothing || calibration.calibrate == nil else {
      throw ValidationError("--dry-run and --list measure nothing: leave --calibrate out.")
    }
    guard output == nil || output != search.json else {
      throw ValidationError("--output and --json are the same file.")
    }
    guard output != nil || writesNothing || search.sensitivity else {
      throw ValidationError("Missing expected argument '--output <out.glc>'.")
    }
  }

  /// Files that are read, beside the checkpoint.
  private var inputs: [String] {
    [weights.recipe, calibration.calibrate, search.data, search.reference].compactMap(\.self) + vocabulary.keepVocab
  }

  func run() throws {
    try reporting {
      let outputs = [output, search.json == "-" ? nil : search.json].compactMap(\.self)
      for path in outputs { try Converter.refuseOverwriting(inputs, output: path) }
      if search.sensitivity {
        try rank()
      } else if search.isGiven {
        try searchRecipe()
      } else if writesNothing {
        try plan()
      } else {
        try convert()
      }
    }
  }

  func options() throws -> ConversionOptions {
    var options = ConversionOptions(
      input: input, output: output ?? "", recipe: try weights.read(), adapter: adapter,
      tokenizerProfile: tokenizerProfile.profile)
    options.vocabulary = vocabulary.options
    return options
  }

  private func convert() throws {
    var options = try options()
    let source = try ConversionSource(options)
    if weights.leavesTableGroups { try options.recipe.chooseTableGroups(source) }
    try Converter.refuseOverwriting(source.checkpoint, output: options.output)
    let calibrated = try calibration.apply(&options, source)
    let bar = ProgressBar("converting")
    defer { bar.finish() }
    let summary = try Converter(options, progress: bar.update).run(source)
    bar.finish()
    Console.print(summary.text(beside: calibrated?.rows ?? []))
  }

  private func plan() throws {
    var options = try options()
    let source = try ConversionSource(options, hashing: false)
    if weights.leavesTableGroups { try options.recipe.chooseTableGroups(source) }
    let plan = try Converter(options).plan(source)
    if list { Console.print(plan.table) }
    Console.print(plan.text)
  }
}
