import Conversion
import Engine
import TestSupport

/// Prints what the logits of this build, on this machine, come to.
///
///     logit-hashes list          the instruction sets that run here
///     logit-hashes SET RECIPE    the hash of all cases, as 0123456789abcdef; a recipe is q8, q4 or f32
@main
struct LogitHashes {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments == ["list"] {
      return print(InstructionSet.available.map(\.name).joined(separator: " "))
    }
    guard arguments.count == 2, let scheme = LogitCase.schemes.first(where: { "\($0)" == arguments[1] }) else {
      fatalError("expected list, or an instruction set and one of \(LogitCase.schemes)")
    }
    print(try LogitCase.hash(scheme, InstructionSet.named(arguments[0]), threads: 2))
  }
}
