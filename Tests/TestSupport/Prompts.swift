import Engine
import GLiClass

/// Inputs of the engine that several suites use.
public enum Prompts {
  /// The first `count` prompts of the demo data in their own order: lengths vary from line to line.
  public static func demo(_ model: GLiClassModel, _ count: Int) throws -> [EnginePrompt] {
    try Fixtures.reference(Fixtures.path("debian-tags-f16/reference.jsonl")).prefix(count).map { line in
      let prompt = try model.prompts.prompt(text: line.text, labels: line.labels)
      return EnginePrompt(tokens: prompt.ids, labelPositions: prompt.labelPositions)
    }
  }

  /// Random tokens, as many as `lengths` says.
  public static func synthetic(_ model: GLiClassModel, _ lengths: [Int]) -> [EnginePrompt] {
    let configuration = model.file.configuration
    var state: UInt64 = 42
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    return lengths.map { length in
      var tokens = (0..<length).map { _ in Int32(random(configuration.prompt.labelTokenID)) }
      let positions = length < 4 ? [length - 1] : [1, length / 2, length - 1]
      for position in positions { tokens[position] = Int32(configuration.prompt.labelTokenID) }
      return EnginePrompt(tokens: tokens, labelPositions: positions)
    }
  }
}
