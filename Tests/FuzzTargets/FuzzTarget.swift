/// One way in for bytes that nobody vouches for: what the fuzzer calls, and what `FuzzReplayTests` replay.
public struct FuzzTarget: Sendable {
  /// Names the target in Scripts/fuzz, and its folders in Tests/Fuzzing/Corpus and Tests/Fuzzing/FailCases.
  public let name: String
  /// Longest input that the fuzzer makes, in bytes.
  public let maximumLength: Int
  private let body: @Sendable (UnsafeRawBufferPointer) throws -> FuzzInput

  init(
    _ name: String, maximumLength: Int, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> FuzzInput
  ) {
    self.name = name
    self.maximumLength = maximumLength
    self.body = body
  }

  /// Every target; docs/fuzzing.md says what each reaches.
  public static let all: [FuzzTarget] = [
    FuzzTarget("safetensors", maximumLength: 8192, safetensors),
    FuzzTarget("pickle", maximumLength: 16_384, pickle),
    FuzzTarget("pytorch", maximumLength: 8192, pyTorch),
    FuzzTarget("shards", maximumLength: 4096, shards),
    FuzzTarget("configuration", maximumLength: 8192, configuration),
    FuzzTarget("adapter", maximumLength: 16_384, adapter),
    FuzzTarget("glc", maximumLength: 32_768, glc),
    FuzzTarget("tokenizer", maximumLength: 16_384, tokenizer),
    FuzzTarget("tokenizer-json", maximumLength: 8192, tokenizerJSON),
    FuzzTarget("spm", maximumLength: 8192, sentencePiece),
    FuzzTarget("text", maximumLength: 4096, text),
    FuzzTarget("texts", maximumLength: 4096, texts),
    FuzzTarget("reference", maximumLength: 4096, reference),
  ]

  /// Runs the code under test on `bytes`.
  /// - Returns: what became of them, and what of that breaks the contract of errors, `nil` where nothing does.
  public func run(_ bytes: UnsafeRawBufferPointer) -> (outcome: FuzzOutcome, violation: String?) {
    do {
      let input = try body(bytes)
      return (input.outcome, input.outcome.violation(path: input.path))
    } catch {
      let outcome = FuzzOutcome.broken("the target itself failed: \(error)")
      return (outcome, outcome.violation(path: ""))
    }
  }
}

/// What a target made of its bytes.
struct FuzzInput {
  /// What errors must name.
  let path: String
  let outcome: FuzzOutcome

  /// Runs `body` on something called `path`.
  init(_ path: String, _ body: () throws -> Void) {
    self.path = path
    do {
      try body()
      outcome = .accepted
    } catch {
      outcome = FuzzOutcome(error)
    }
  }
}
