import Conversion
import Engine
import GLiClass
import Hashing
import ModelCore

/// Models and inputs whose logits are compared across instruction sets, threads, batches, processors and builds: by
/// `BitIdentityTests` on one machine, and by the program `logit-hashes` between machines (docs/arm64.md): few, because some of
/// these are emulated.
public enum LogitCase: String, CaseIterable, Sendable {
  /// Texts of the demo data.
  case realTexts
  /// Lengths where lanes, tiles and buckets begin and end.
  case awkwardLengths
  /// Lengths where blocks begin and end.
  case blockLengths
  /// Real texts with short and long synthetic ones between them.
  case mixedLengths

  /// The recipes that are compared.
  public static let schemes: [WeightScheme] = [.q8, .q4, .f32]

  /// The fixture, converted.
  public func model(_ scheme: WeightScheme) throws -> GLiClassModel {
    switch self {
    case .realTexts, .mixedLengths: try Converted.model("debian-tags-f16", scheme)
    case .awkwardLengths, .blockLengths: try Converted.model("random-tiny", scheme)
    }
  }

  /// The inputs.
  public func prompts(_ model: GLiClassModel) throws -> [EnginePrompt] {
    switch self {
    case .realTexts: return try Prompts.demo(model, 8)
    case .awkwardLengths:
      let lengths = [1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 257, 511, 512, 513, 1024]
      return Prompts.synthetic(model, lengths)
    case .blockLengths: return Prompts.synthetic(model, [1, 2, 127, 128, 129, 511, 512, 513, 1024])
    case .mixedLengths:
      var prompts = try Prompts.demo(model, 4)
      for (index, prompt) in Prompts.synthetic(model, [1, 130, 5, 200]).enumerated() {
        prompts.insert(prompt, at: index * 2)
      }
      return prompts
    }
  }

  /// The first 16 hexadecimal digits of the SHA-256 over the bits of all logits of all cases, little-endian, in order.
  public static func hash(_ scheme: WeightScheme, _ set: InstructionSet, threads: Int) throws -> String {
    let hasher = SHA256()
    for logitCase in allCases {
      let model = try logitCase.model(scheme)
      let session = try model.makeSession(options: EngineOptions(threads: threads, instructionSet: set))
      for logits in try session.engine.logits(logitCase.prompts(model)) {
        for logit in logits { withUnsafeBytes(of: logit.bitPattern.littleEndian) { hasher.update($0) } }
      }
    }
    return Formatting.hexadecimal(Array(hasher.finish().prefix(8)))
  }
}
