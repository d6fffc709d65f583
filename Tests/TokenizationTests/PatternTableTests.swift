import Testing
import Tokenization
import TokenizerCompiler

/// What patterns cost, and what damaged ones do.
@Suite struct PatternTableTests {
  /// The scalars that all searches in `text` together read: a walk by formats/tokenizer.md, for ASCII.
  private func cost(of pattern: CompiledPattern, in text: [UInt8]) -> Int {
    let bytes = pattern.bytes
    let columns = Int(bytes[2]) + 1
    let start = 392 + 8 * (Int(bytes[4]) + 256 * Int(bytes[5]))
    func transition(_ state: Int, _ column: Int) -> (next: Int, isMatch: Bool) {
      let offset = start + 2 * (state * columns + column)
      return (Int(bytes[offset]) | Int(bytes[offset + 1] & 0x7F) << 8, bytes[offset + 1] & 0x80 != 0)
    }
    var (reads, begin) = (0, 0)
    while begin < text.count {
      var (state, end) = (1, begin)
      for position in begin...text.count {
        reads += 1
        let (next, isMatch) = transition(
          state, position < text.count ? Int(bytes[8 + Int(text[position])]) : columns - 1)
        if isMatch { end = position }
        state = next
        if state == 0 { break }
      }
      begin = max(end, begin + 1)
    }
    return reads
  }

  /// Texts of `size` in which a small word is repeated: what makes an engine read the same again and again.
  private func repetitions(_ generator: inout SeededGenerator, _ alphabet: String, _ size: Int) -> [UInt8] {
    let letters = Array(alphabet.utf8)
    let word = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
      letters[Int.random(in: 0..<letters.count, using: &generator)]
    }
    let head = letters.shuffled(using: &generator).prefix(Int.random(in: 0...2, using: &generator))
    return Array(head) + (0..<size).map { word[$0 % word.count] } + letters.shuffled(using: &generator)
  }

  @Test func acceptedPatternsTakeLinearTime() throws {
    var generator = SeededGenerator(state: 5)
    var accepted = 0
    for _ in 0..<3_000 {
      let sketch = PatternDifferentialTests.randomSketch(&generator, depth: 3)
      guard let pattern = PatternDifferentialTests.compile(sketch) else { continue }
      accepted += 1
      let states = Int(pattern.bytes[0]) + 256 * Int(pattern.bytes[1])
      for _ in 0..<4 {
        let text = repetitions(&generator, "ab ", 1_500)
        #expect(cost(of: pattern, in: text) <= text.count * (states + 4), "\(sketch.text)")
      }
    }
    #expect(accepted > 1_000)
  }

  static let real = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
    " {2,}", #"\s+"#, #"\s{2,}|[\n\r\t]"#, #"\d"#, #"[^\S\n]+"#, "[0-9]",
  ]

  /// The second and third read on behind a newline, through spaces that only another newline would make part of the match.
  @Test(arguments: real) func realPatternsReadNothingMoreThanThreeTimes(_ expression: String) throws {
    let pattern = try PatternCompiler.compile(regularExpression: expression, properties: PatternTestProperties.ascii)
    var generator = SeededGenerator(state: 9)
    for _ in 0..<200 {
      let text = repetitions(&generator, " \n\ra1.'", 2_000)
      #expect(cost(of: pattern, in: text) <= 3 * text.count + 10)
    }
  }

  @Test func aPatternThatWouldRescanIsRefusedAlthoughItsMatchesAreShort() {
    // Behind `\n`, the spaces would be read to their end from every one of them.
    for expression in [#"\s*\n|\s"#, #"(?:a\s*)+b|a|\s"#, "a+b|a", "aa*b|aa", "(?:ab)+c|a|b"] {
      #expect(PatternError.refusing(expression)?.reason.contains("quadratic") == true, "\(expression)")
    }
  }

  // MARK: Damage

  private func open(_ bytes: [UInt8], _ body: (PatternTable) throws -> Void = { _ in }) throws {
    // At a multiple of 4 nothing is read unaligned by accident; patterns promise no more.
    try bytes.withUnsafeBytes {
      try body(PatternTable($0, properties: PatternTestProperties.ascii.view, path: "test"))
    }
  }

  private func part() throws -> [UInt8] {
    try PatternCompiler.part(
      ["a|é", #"\s+(?!\S)|\S"#].map {
        try PatternCompiler.compile(regularExpression: $0, properties: PatternTestProperties.ascii)
      })
  }

  @Test func anAbsentPartHasNoPatterns() throws {
    try open([]) { #expect($0.count == 0) }
  }

  @Test func sizesAreCheckedOnOpening() throws {
    func error(_ change: (inout [UInt8]) -> Void) throws -> TokenizationError? {
      var bytes = try part()
      change(&bytes)
      do {
        try open(bytes)
        return nil
      } catch let error as TokenizationError {
        return error
      }
    }
    #expect(
      try error { $0 = [1, 0] }
        == .malformed(path: "test", field: "patterns", expected: "at least 4 bytes", found: "2"))
    #expect(
      try error { $0[0] = 65 }
        == .malformed(
          path: "test", field: "number of patterns", expected: "at most 64, within the part", found: "65"))
    let size = try part().count
    #expect(
      try error { $0[4] = 21 }
        == .malformed(
          path: "test", field: "pattern 0", expected: "a place at a multiple of 4 in \(size) bytes",
          found: "\(try sizes()[0]) bytes at 21"))
    #expect(
      try error { $0.removeLast() }
        == .malformed(
          path: "test", field: "pattern 1", expected: "a place at a multiple of 4 in \(size - 1) bytes",
          found: "\(try sizes()[1]) bytes at \(size - (try sizes()[1]))"))
    #expect(
      try error { $0[20] = 1 }
        == .malformed(
          path: "test", field: "pattern 0", expected: "a table of the size that its header says",
          found: "1 states, 3 classes and 1 exceptions in \(try sizes()[0]) bytes"))
    for field in [20, 22, 23, 24, 25, 27] {
      #expect(try error { $0[field] ^= 0x40 } != nil)
    }
  }

  private func sizes() throws -> [Int] {
    let bytes = try part()
    return [8, 16].map { Int(bytes[$0]) + 256 * Int(bytes[$0 + 1]) }
  }

  @Test func nonsenseNeitherTrapsNorHangs() throws {
    var generator = SeededGenerator(state: 3)
    let good = try part()
    let headers = [0..<36, 412..<420]
    var opened = 0
    for round in 0..<4_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...60, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        // Mostly behind the sizes, which are found out on opening.
        if round % 4 == 0 || !headers.contains(where: { $0.contains(index) }) {
          bytes[index] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      let text = (0..<60).map { _ in UInt8.random(in: 0...255, using: &generator) }
      try? open(bytes) { table in
        opened += 1
        for matcher in table.matchers {
          for text in [text, Array("aé \u{3000} zé😀".utf8)] {
            var previous = 0
            for match in matcher.matches(in: text) {
              #expect(match.lowerBound >= previous && match.upperBound <= text.count && !match.isEmpty)
              previous = match.upperBound
            }
          }
        }
      }
    }
    #expect(opened > 1_000)
  }
}
