import Conversion
import Engine
import Foundation
import GLCFormat
import GLiClass
import ModelCore
import Quantization
import TestSupport
import Testing

/// Files whose tensors are stored in different ways, each converted once a test run.
enum WeightMix: String, CaseIterable, CustomTestStringConvertible {
  /// int4 wherever there is int4: layers, tables, head.
  case int4Groups32, int4Groups64, int4Groups128, int4Channels
  case f16, bf16
  /// Each tensor of a layer by itself, and attention's products in f32 or int8.
  case mixed, mixedInt8Attention
  /// Different input scales for all features of all quantized layers.
  case inputScales, inputScalesInt4

  var testDescription: String { rawValue }

  private var recipe: QuantizationRecipe {
    func int4(_ group: GroupSize) -> QuantizationRecipe {
      QuantizationRecipe(weights: .q4, groupSize: group, overrides: [.init(pattern: "*", scheme: .q4)])
    }
    switch self {
    case .int4Groups32: return int4(.features32)
    case .int4Groups64, .inputScalesInt4: return int4(.features64)
    case .int4Groups128: return int4(.features128)
    case .int4Channels: return int4(.channel)
    case .f16: return QuantizationRecipe(weights: .f16)
    case .bf16: return QuantizationRecipe(weights: .bf16)
    case .inputScales: return QuantizationRecipe(weights: .q8)
    case .mixed:
      return QuantizationRecipe(
        weights: .q8, embeddings: .f16,
        overrides: [
          .init(pattern: "layers.*.attention.query.weight", scheme: .q4),
          .init(pattern: "layers.*.attention.output.weight", scheme: .f16),
          .init(pattern: "layers.*.attention.relative_*", scheme: .bf16),
          .init(pattern: "layers.*.feed_forward.intermediate.weight", scheme: .q4, groupSize: .features32),
          .init(pattern: "layers.0.feed_forward.output.weight", scheme: .bf16),
        ])
    case .mixedInt8Attention:
      return QuantizationRecipe(
        weights: .q8, embeddings: .bf16, attention: .int8,
        overrides: ["query", "key", "value"].map {
          RecipeOverride(pattern: "layers.*.attention.\($0).weight", scheme: $0 == "key" ? .f32 : .f16)
        } + [
          .init(pattern: "layers.*.attention.output.weight", scheme: .q4, groupSize: .channel),
          .init(pattern: "layers.*.feed_forward.intermediate.weight", scheme: .bf16),
          .init(pattern: "layers.*.feed_forward.output.weight", scheme: .q4),
        ])
    }
  }

  /// Input features of every quantized layer, from a file in which it is one.
  private static func scales(of checkpoint: String) throws -> [String: [Float]] {
    var scales: [String: [Float]] = [:]
    for record in try GLCFile(path: Converted.glc(checkpoint, .q8)).records
    where record.encoding == .int8 && record.layout == .tiles && record.shape.count == 2 {
      // Query, key and value of a layer share theirs.
      var random = SplitMix(
        seed: record.name.split(separator: ".attention.")[0].utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
      scales[record.name] = (0..<record.shape[1]).map { _ in Float.random(in: 0.5...2, using: &random) }
    }
    return scales
  }

  private static let lock = NSLock()
  nonisolated(unsafe) private static var files: [String: String] = [:]
  nonisolated(unsafe) private static var folder: TemporaryFolder?

  /// The `.glc` of the checkpoint at `checkpoint`.
  func glc(_ checkpoint: String) throws -> String {
    let scales = self == .inputScales || self == .inputScalesInt4 ? try Self.scales(of: checkpoint) : [:]
    Self.lock.lock()
    defer { Self.lock.unlock() }
    let key = "\(checkpoint) \(rawValue)"
    if let known = Self.files[key] { return known }
    let home = try Self.folder ?? TemporaryFolder()
    Self.folder = home
    let path = home.file("\(Self.files.count).glc")
    var recipe = recipe
    recipe.steps.inputScales = self == .int4Groups64
    for (name, values) in scales {
      var solution = LinearSolution()
      solution.inputScales = values
      recipe.solutions[name] = solution
    }
    _ = try Converter(ConversionOptions(input: checkpoint, output: path, recipe: recipe)).run()
    Self.files[key] = path
    return path
  }

  /// The open model of a fixture, or of a variant.
  func model(_ name: String) throws -> GLiClassModel {
    try GLiClassModel(
      path: glc(Variants.names.contains(name) ? Variants.folder(name) : Fixtures.path(name)))
  }
}

/// The same numbers in every run.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
