import ArgumentParser
import CommandSupport
import Engine
import GLCFormat
import GLiClass
import ModelCore
import Tokenization

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure latency and memory on this machine, with random tokens; or tokenizing, with --text.",
    discussion: """
      EXAMPLES
        gliclass bench model.glc --tokens 128 --batch 1
        gliclass bench model.glc --text lines.txt
      """)

  @Argument(help: "The .glc file.", completion: .file(extensions: ["glc"]))
  var model: String

  @Option(help: "Tokens of each text, prompt included.")
  var tokens = 128

  @Option(help: "Texts at once.")
  var batch = 1

  @Option(help: "Labels of each text.")
  var labels = 8

  @Option(help: "Timed runs.")
  var runs = 25

  @Option(help: "Runs before them that are not timed.")
  var warmUp = 3

  @Option(help: "Measure how fast the lines of this file are tokenized, on one core, and nothing else.")
  var text: String?

  @Flag(help: "Compute the texts of a batch one after another, each by itself.")
  var alone = false

  @Flag(help: "Say where the time of as many further runs goes, by kind of step.")
  var profile = false

  @Flag(help: "Print one JSON object instead of a table.")
  var json = false

  @OptionGroup var compute: ComputeOptions

  func validate() throws {
    guard (1...65_536).contains(tokens) else { throw ValidationError("--tokens is 1 to 65536.") }
    guard (1...4096).contains(batch) else { throw ValidationError("--batch is 1 to 4096.") }
    guard labels >= 1, labels <= (tokens - 3) / 2 else {
      throw ValidationError("--labels takes at least 1 label, and two tokens each with three beside them.")
    }
    guard (1...100_000).contains(runs) else { throw ValidationError("--runs is 1 to 100000.") }
    guard (0...100_000).contains(warmUp) else { throw ValidationError("--warm-up is 0 to 100000.") }
  }

  func run() throws {
    try reporting {
      let opening = Stopwatch()
      let model = try GLiClassModel(path: model)
      if let text {
        let openTime = opening.seconds
        let result = try TokenizerBench(model.tokenizer, linesOf: text, openTime: openTime, runs: runs)
        return Console.print(json ? result.json.text() : result.table)
      }
      let session = try model.makeSession(options: compute.engine)
      let openTime = opening.seconds
      let prompts = randomPrompts(model.file.configuration)
      var logits: [Float] = []
      var times: [Double] = []
      for run in 0..<warmUp + runs {
        let watch = Stopwatch()
        try compute(prompts, session.engine, into: &logits)
        if run >= warmUp { times.append(watch.seconds) }
      }
      times.sort()
      var result = BenchResult(
        isa: session.engine.instructionSet.name, threads: session.engine.threadCount, tokens: tokens, batch: batch,
        labels: labels, openTime: openTime, times: times, workspace: session.engine.workspaceSize,
        peakResident: peakResidentBytes(), checksum: logits.withUnsafeBytes { Checksum.crc32($0) })
      if profile {
        let tokenization = try tokenizationTime(model.tokenizer, prompts)
        result.profile = try ProfileReport(session.engine, runs: runs, tokenization: tokenization) {
          try compute(prompts, session.engine, into: &logits)
        }
      }
      Console.print(json ? result.json.text() : result.table)
    }
  }

  /// Milliseconds for texts made of the prompts' random tokens, labels left out, and how many tokens they become.
  private func tokenizationTime(
    _ tokenizer: CompiledTokenizer, _ prompts: [EnginePrompt]
  ) throws -> (milliseconds: Double, tokens: Int) {
    let texts = prompts.map { prompt in
      prompt.tokens.dropFirst(2 * labels + 2).map { tokenizer.token(for: $0) ?? "" }.joined()
        .replacing("\u{2581}", with: " ")
    }
    let watch = Stopwatch()
    var count = 0
    for _ in 0..<runs {
      for text in texts { count += try tokenizer.encode(text, addTemplate: false).count }
    }
    return (watch.seconds * 1000 / Double(runs), count / runs)
  }

  private func compute(_ prompts: [EnginePrompt], _ session: EngineSession, into logits: inout [Float]) throws {
    guard alone else { return try session.logits(prompts, into: &logits) }
    logits.removeAll(keepingCapacity: true)
    for prompt in prompts { logits += try session.logits([prompt])[0] }
  }

  /// `[CLS]`, the labels (marker and one token each), separator, random tokens, `[SEP]`: the same on every run.
  private func randomPrompts(_ configuration: ModelConfiguration) -> [EnginePrompt] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    let ordinary = min(configuration.prompt.labelTokenID, configuration.prompt.separatorTokenID)
    func token() -> Int32 {
      // A linear congruential generator (Knuth, MMIX): any tokens do.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int32(state >> 33) % Int32(max(1, ordinary))
    }
    return (0..<batch).map { _ in
      var ids = [token()]
      var positions: [Int] = []
      for _ in 0..<labels {
        positions.append(ids.count)
        ids += [Int32(configuration.prompt.labelTokenID), token()]
      }
      ids.append(Int32(configuration.prompt.separatorTokenID))
      while ids.count < tokens { ids.append(token()) }
      return EnginePrompt(tokens: ids, labelPositions: positions)
    }
  }
}
