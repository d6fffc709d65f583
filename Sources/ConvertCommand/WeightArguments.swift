import ArgumentParser
import Conversion
import ModelCore

/// What becomes of the weights.
struct WeightArguments: ParsableArguments {
  enum Scheme: String, EnumerableFlag {
    case q8, q4, f16, bf16, f32

    var scheme: WeightScheme { WeightScheme(rawValue: rawValue) ?? .q8 }

    static func help(for value: Scheme) -> ArgumentHelp? {
      switch value {
      case .q8: "int8 weights, one scale per output channel (default)."
      case .q4: "int4 weights of the encoder's layers, a multiplier for each group; the rest as --q8."
      case .f16: "Weights rounded to half precision; products of f32."
      case .bf16: "Weights rounded to bfloat16; products of f32."
      case .f32: "Weights as they are, in f32."
      }
    }
  }

  enum Embeddings: EnumerableFlag {
    case q8, q4

    var scheme: WeightScheme { self == .q8 ? .q8 : .q4 }

    static func name(for value: Embeddings) -> NameSpecification {
      .customLong(value == .q8 ? "q8-embeddings" : "q4-embeddings")
    }

    static func help(for value: Embeddings) -> ArgumentHelp? {
      switch value {
      case .q8: "int8 rows of the embedding table (default with --q8 and --q4)."
      case .q4:
        "int4 rows of the embedding table; unless --group-size says otherwise, in the largest groups that cost little."
      }
    }
  }

  enum Attention: String, ExpressibleByArgument, CaseIterable {
    case int8, f32

    var precision: AttentionPrecision { self == .int8 ? .int8 : .f32 }

    static var allValueDescriptions: [String: String] {
      [
        Self.int8.rawValue: "Products of int8, with a scale for each token and head. Needs --q8 or --q4.",
        Self.f32.rawValue: "Products of f32: slower with long texts, and a little nearer to the checkpoint.",
      ]
    }
  }

  @Flag(exclusivity: .exclusive)
  var scheme: Scheme?

  @Option(
    help: ArgumentHelp(
      "Input features of int4 that share a multiplier: 32, 64, 128 or channel (default: 64).", valueName: "features"))
  var groupSize: GroupSize?

  @Flag(exclusivity: .exclusive)
  var embeddings: Embeddings?

  @Option(
    help: ArgumentHelp(
      "Store the tensors of these names otherwise, as 'encoder.layer.0.*=q8' or '*.output.dense.weight=q4:32'; may be given again.",
      valueName: "pattern=scheme"))
  var keep: [Override] = []

  @Option(
    help:
      "How attention's products are computed (default: int8 with --q8 and --q4 from a hidden size of 256 on, else f32)."
  )
  var attention: Attention?

  @Option(
    help: ArgumentHelp(
      "Do as this recipe says (gliclass inspect --recipe prints that of a file), in place of the options above.",
      valueName: "recipe.json"))
  var recipe: String?

  func validate() throws {
    let hasOther =
      scheme != nil || groupSize != nil || embeddings != nil || !keep.isEmpty || attention != nil
    guard recipe == nil || !hasOther else {
      throw ValidationError("--recipe decides what --q8 and the other options of weights do: give it alone.")
    }
    guard attention != .int8 || (scheme ?? .q8).scheme.isQuantized else {
      throw ValidationError("--attention int8 needs --q8 or --q4.")
    }
    let hasQ4 = scheme == .q4 || embeddings == .q4 || keep.contains { $0.value.scheme == .q4 }
    guard groupSize == nil || hasQ4 else { throw ValidationError("--group-size is of --q4.") }
  }

  /// Whether int4 rows of embeddings have whatever groups suit them.
  var leavesTableGroups: Bool { embeddings == .q4 && groupSize == nil }

  /// The recipe that was given, or that the options make.
  func read() throws -> QuantizationRecipe {
    if let recipe { return try QuantizationRecipe(contentsOf: recipe) }
    return QuantizationRecipe(
      weights: (scheme ?? .q8).scheme, groupSize: groupSize ?? .features64, embeddings: embeddings?.scheme,
      attention: attention?.precision, overrides: keep.map(\.value))
  }
}

/// `pattern=scheme`, of q4 with a group size behind a colon.
struct Override: ExpressibleByArgument {
  let value: RecipeOverride

  init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex else { return nil }
    let parts = argument[argument.index(after: equals)...].split(
      separator: ":", maxSplits: 1, omittingEmptySubsequences: false
    ).map(String.init)
    guard let scheme = parts.first.flatMap(WeightScheme.init) else { return nil }
    var groupSize: GroupSize?
    if parts.count > 1 {
      guard scheme == .q4, let size = GroupSize(name: parts[1]) else { return nil }
      groupSize = size
    }
    value = RecipeOverride(pattern: String(argument[..<equals]), scheme: scheme, groupSize: groupSize)
  }
}

extension GroupSize: ExpressibleByArgument {
  /// The size of that name: 32, 64, 128 or channel.
  public init?(argument: String) { self.init(name: argument) }

  /// All names, for the help text and completions.
  public static var allValueStrings: [String] { allCases.map(\.name) }
}
