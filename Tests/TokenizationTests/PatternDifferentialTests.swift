import Testing
import Tokenization
import TokenizerCompiler

/// Random small expressions over a, b and space, run by a backtracking matcher that follows the definition of preferences.
@Suite struct PatternDifferentialTests {
  /// An expression, as text and as what the matcher runs.
  indirect enum Sketch {
    case one(text: String, letters: Set<UInt8>)
    case lookahead(text: String, letters: Set<UInt8>, isNegated: Bool)
    case sequence([Sketch])
    case alternatives([Sketch])
    case repetition(Sketch, text: String, minimum: Int, maximum: Int)

    var text: String {
      switch self {
      case .one(let text, _): text
      case .lookahead(let text, _, let isNegated): "(?\(isNegated ? "!" : "=")\(text))"
      case .sequence(let parts): parts.map(\.text).joined()
      case .alternatives(let parts): "(?:\(parts.map(\.text).joined(separator: "|")))"
      case .repetition(let body, let text, _, _): "(?:\(body.text))\(text)"
      }
    }

    /// Whether this and then `rest` match from `position` on, trying preferred ways first.
    func matches(_ input: [UInt8], _ position: Int, _ rest: (Int) -> Bool) -> Bool {
      switch self {
      case .one(_, let letters):
        return position < input.count && letters.contains(input[position]) && rest(position + 1)
      case .lookahead(_, let letters, let isNegated):
        let isThere = position < input.count && letters.contains(input[position])
        return isThere != isNegated && rest(position)
      case .sequence(let parts):
        guard let first = parts.first else { return rest(position) }
        return first.matches(input, position) { Sketch.sequence(Array(parts.dropFirst())).matches(input, $0, rest) }
      case .alternatives(let parts):
        return parts.contains { $0.matches(input, position, rest) }
      case .repetition(let body, let text, let minimum, let maximum):
        if maximum > 0 {
          let fewer = Sketch.repetition(body, text: text, minimum: max(minimum - 1, 0), maximum: maximum - 1)
          if body.matches(input, position, { fewer.matches(input, $0, rest) }) { return true }
        }
        return minimum == 0 && rest(position)
      }
    }

    func allMatches(in input: [UInt8]) -> [Range<Int>] {
      var found: [Range<Int>] = []
      var position = 0
      while position < input.count {
        var end: Int?
        _ = matches(input, position) {
          end = $0
          return true
        }
        if let end, end > position { found.append(position..<end) }
        position = max(position + 1, end ?? 0)
      }
      return found
    }
  }

  static func randomSketch(_ generator: inout SeededGenerator, depth: Int) -> Sketch {
    let (a, b, space): (UInt8, UInt8, UInt8) = (0x61, 0x62, 0x20)
    let ones: [(String, Set<UInt8>)] = [
      ("a", [a]), ("b", [b]), (" ", [space]), ("[ab]", [a, b]), ("[^a]", [b, space]), (#"\s"#, [space]),
      (#"\S"#, [a, b]), (".", [a, b, space]), (#"\p{L}"#, [a, b]), (#"[^\S]"#, [space]), ("(?i:A)", [a]),
    ]
    let (text, letters) = ones[Int.random(in: 0..<ones.count, using: &generator)]
    guard depth > 0 else { return .one(text: text, letters: letters) }
    func some() -> [Sketch] {
      (0..<Int.random(in: 1...3, using: &generator)).map { _ in randomSketch(&generator, depth: depth - 1) }
    }
    switch Int.random(in: 0..<10, using: &generator) {
    case 0..<3: return .one(text: text, letters: letters)
    case 3: return .lookahead(text: text, letters: letters, isNegated: Bool.random(using: &generator))
    case 4..<6: return .sequence(some())
    case 6..<8: return .alternatives(some())
    default:
      // What no text here reaches stands for "without end".
      let kinds = [
        ("*", 0, 99), ("+", 1, 99), ("?", 0, 1), ("{2}", 2, 2), ("{2,}", 2, 99), ("{1,3}", 1, 3), ("{,2}", 0, 2),
      ]
      let (quantifier, minimum, maximum) = kinds[Int.random(in: 0..<kinds.count, using: &generator)]
      let body = randomSketch(&generator, depth: depth - 1)
      return .repetition(body, text: quantifier, minimum: minimum, maximum: maximum)
    }
  }

  static func compile(_ sketch: Sketch) -> CompiledPattern? {
    try? PatternCompiler.compile(regularExpression: sketch.text, properties: PatternTestProperties.ascii)
  }

  @Test func matchesAreThoseOfABacktrackingMatcher() throws {
    var generator = SeededGenerator(state: 77)
    var compiled = 0
    for _ in 0..<6_000 {
      let sketch = Self.randomSketch(&generator, depth: 3)
      guard let pattern = Self.compile(sketch) else { continue }
      compiled += 1
      for _ in 0..<6 {
        let size = Int.random(in: 0...14, using: &generator)
        let text = (0..<size).map { _ in Array("aab ".utf8)[Int.random(in: 0..<4, using: &generator)] }
        let found = try pattern.matches(in: text, .ascii)
        #expect(found == sketch.allMatches(in: text), "\(sketch.text) in \"\(String(decoding: text, as: UTF8.self))\"")
      }
    }
    #expect(compiled > 2_000)
  }
}
