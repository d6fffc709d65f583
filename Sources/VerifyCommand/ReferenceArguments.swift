import ArgumentParser
import Tokenization
import Verification

/// What the model is held against.
struct ReferenceArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Reference outputs, as JSONL.", valueName: "ref.jsonl"))
  var reference: String?

  @Option(
    help: ArgumentHelp(
      "A checkpoint to compute the reference from, in f32; beside --reference or --baseline it only explains drift.",
      valueName: "folder"))
  var checkpoint: String?

  @Option(
    help: ArgumentHelp("Another .glc, to compare two conversions.", valueName: "other.glc"),
    completion: .file(extensions: ["glc"]))
  var baseline: String?

  @Option(help: ArgumentHelp("A LoRA adapter to merge into the checkpoint, as PEFT saved it.", valueName: "folder"))
  var adapter: String?

  @Option(
    help: ArgumentHelp(
      "Whose reading of the checkpoint's tokenizer is right; unless given, that of the .glc.",
      valueName: "profile"))
  var tokenizerProfile: TokenizerProfile?

  @Option(
    help: ArgumentHelp(
      "What of the reference may differ from the model without failing. May be given several times.", valueName: "field"
    ))
  var allowMismatch: [IdentityCheck.Field] = []

  func validate() throws {
    guard reference == nil || baseline == nil else {
      throw ValidationError("Give either --reference or --baseline.")
    }
    guard adapter == nil || checkpoint != nil else { throw ValidationError("--adapter needs --checkpoint.") }
    guard tokenizerProfile == nil || checkpoint != nil else {
      throw ValidationError("--tokenizer-profile needs --checkpoint.")
    }
    guard tokenizerProfile == nil || reference == nil && baseline == nil else {
      throw ValidationError(
        "--tokenizer-profile is for references that are computed: leave --reference and --baseline out.")
    }
  }
}

extension IdentityCheck.Field: ExpressibleByArgument {}

extension TokenizerProfile: ExpressibleByArgument {
  /// As they are given.
  public static var allValueStrings: [String] { allCases.map(\.name) }

  /// By the name that metadata shows.
  public init?(argument: String) {
    guard let profile = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = profile
  }
}
