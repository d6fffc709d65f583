import ArgumentParser
import CommandSupport
import Engine

@main
struct GLiClassCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gliclass",
    abstract: "Run a .glc file: classify, tokenize, inspect, bench.",
    discussion: """
      GLC_ISA=\(InstructionSet.compiledNames.joined(separator: "|")) in the environment forces an instruction set; all give the same bits.
      """,
    version: "0.1.0",
    subcommands: [Classify.self, Tokenize.self, Inspect.self, Bench.self])

  static func main() { runProgram() }
}

/// What every subcommand that computes takes.
struct ComputeOptions: ParsableArguments {
  @Option(
    help: """
      Threads; unless given, as many as processors that the process may run on, or that the CPU quota of its control groups \
      amounts to.
      """)
  var threads: Int?

  var engine: EngineOptions { EngineOptions(threads: threads) }
}

/// Splits `a,b,c` at commas; spaces around a label do not belong to it.
func labels(from list: String) -> [String] {
  list.split(separator: ",", omittingEmptySubsequences: false).map { part in
    var part = part
    while part.first == " " { part.removeFirst() }
    while part.last == " " { part.removeLast() }
    return String(part)
  }
}
