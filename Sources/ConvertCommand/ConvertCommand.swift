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
      """,
    version: Converter.version)

  static func main() { runProgram() }

  enum Scheme: String, EnumerableFlag {
    case q8, f32

    static func help(for value: Scheme) -> ArgumentHelp? {
      switch value {
      case .q8: "int8 weights, one scale per output channel."
      case .f32: "Weights as they are, in f32."
      }
    }
  }

  @Argument(help: "A checkpoint's folder, its file of weights, or the index of several.")
  var input: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The .glc file to write.", valueName: "out.glc"))
  var output: String?

  @Option(help: ArgumentHelp("A LoRA adapter to merge, as PEFT's save_pretrained wrote it.", valueName: "folder"))
  var adapter: String?

  @Flag(exclusivity: .exclusive)
  var scheme: Scheme = .q8

  @Option(
    help: ArgumentHelp(
      "Whose reading of the tokenizer's files: tokenizers (tokenizer.json as it stands; spm.model alone as transformers 4.x) or transformers-5.",
      valueName: "profile"))
  var tokenizerProfile: TokenizerProfile = .tokenizers

  @Flag(help: "Say what was found and what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Like --dry-run, and say for every tensor what it becomes.")
  var list = false

  private var writesNothing: Bool { dryRun || list }

  func validate() throws {
    guard output != nil || writesNothing else {
      throw ValidationError("Missing expected argument '--output <out.glc>'.")
    }
  }

  func run() throws {
    try reporting {
      if writesNothing {
        try plan()
      } else {
        try convert()
      }
    }
  }

  private var options: ConversionOptions {
    ConversionOptions(
      input: input, output: output ?? "", scheme: scheme == .q8 ? .q8 : .f32, adapter: adapter,
      tokenizerProfile: tokenizerProfile)
  }

  private func convert() throws {
    let bar = ProgressBar("converting")
    defer { bar.finish() }
    let summary = try Converter(options, progress: bar.update).run()
    bar.finish()
    Console.print(summary.text)
  }

  /// What stands in the way of a conversion is an error here too, after all that was found has been said.
  private func plan() throws {
    let plan = try Converter(options).plan()
    if list { Console.print(plan.table) }
    Console.print(plan.text)
    if let error = plan.notImplemented.first { throw error }
  }
}

extension TokenizerProfile: ExpressibleByArgument {
  /// By the name that metadata show.
  public init?(argument: String) {
    guard let profile = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = profile
  }

  /// The names, for messages and help.
  public static var allValueStrings: [String] { allCases.map(\.name) }

  /// The name, for help.
  public var defaultValueDescription: String { name }
}
