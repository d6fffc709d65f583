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

  enum Attention: String, ExpressibleByArgument, CaseIterable {
    case int8, f32

    var precision: AttentionPrecision { self == .int8 ? .int8 : .f32 }

    static var allValueDescriptions: [String: String] {
      [
        Self.int8.rawValue: "Products of int8, with a scale for each token and head. Needs --q8.",
        Self.f32.rawValue: "Products of f32: slower with long texts, and a little nearer to the checkpoint.",
      ]
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
    help: "How attention's products are computed (default: int8 with --q8 from a hidden size of 256 on, else f32).")
  var attention: Attention?

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
    guard output != nil || writesNothing else {
      throw ValidationError("Missing expected argument '--output <out.glc>'.")
    }
    guard scheme == .q8 || attention != .int8 else { throw ValidationError("--attention int8 needs --q8.") }
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
      tokenizerProfile: tokenizerProfile.profile, attention: attention?.precision)
  }

  private func convert() throws {
    let bar = ProgressBar("converting")
    defer { bar.finish() }
    let summary = try Converter(options, progress: bar.update).run()
    bar.finish()
    Console.print(summary.text)
  }

  private func plan() throws {
    let plan = try Converter(options).plan()
    if list { Console.print(plan.table) }
    Console.print(plan.text)
  }
}
