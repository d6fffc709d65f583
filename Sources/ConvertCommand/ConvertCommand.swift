import ArgumentParser
import CommandSupport
import Conversion
import ModelCore

@main
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gliclass-convert",
    abstract: "Turn a GLiClass checkpoint into one .glc file.",
    discussion: """
      The input is a Hugging Face folder, or a model.safetensors with config.json and tokenizer.json (or spm.model) \
      beside it. The output appears whole or not at all.

      EXAMPLE
        gliclass-convert model.safetensors -o model.glc --q8
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

  @Argument(help: "A model.safetensors, or the folder it is in.")
  var input: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The .glc file to write.", valueName: "out.glc"))
  var output: String

  @Flag(exclusivity: .exclusive)
  var scheme: Scheme = .q8

  func run() throws {
    try reporting {
      let bar = ProgressBar("converting")
      defer { bar.finish() }
      let options = ConversionOptions(input: input, output: output, scheme: scheme == .q8 ? .q8 : .f32)
      let summary = try Converter(options, progress: bar.update).run()
      bar.finish()
      Console.print(summary.text)
    }
  }
}

extension ConversionSummary {
  /// What was done, for people.
  fileprivate var text: String {
    let weights = outputSize - tokenizerSize
    let ratio = Formatting.decimals(Double(weights) / Double(sourceSize), 3)
    var lines = [
      "\(output)",
      "  tensors    \(tensorCount)",
      "  size       \(Formatting.size(sourceSize)) -> \(Formatting.size(outputSize)), of which tokenizer "
        + "\(Formatting.size(tokenizerSize))",
      "  ratio      \(ratio) without the tokenizer",
    ]
    if let worst {
      lines.append(
        "  worst      \(worst.tensor), relative error \(Formatting.decimals(worst.relative * 100, 3)) %")
    }
    if !unread.isEmpty { lines.append("  not read   \(unread.joined(separator: ", "))") }
    lines.append("  checkpoint \(contentDigest)")
    return lines.joined(separator: "\n")
  }
}
