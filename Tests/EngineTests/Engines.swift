import Engine
import GLiClass

/// Sessions that several suites use.
enum Engines {
  /// Logits as bits, so that −0 and NaN would count as different.
  static func bits(_ logits: [[Float]]) -> [[UInt32]] { logits.map { $0.map(\.bitPattern) } }

  static func session(
    _ model: GLiClassModel, threads: Int = 1, _ set: InstructionSet = .best, skips: Bool = true
  ) throws -> EngineSession {
    var options = EngineOptions(threads: threads, instructionSet: set)
    options.skipsUnreadRows = skips
    options.dividesEverything = true
    return try model.makeSession(options: options).engine
  }
}
