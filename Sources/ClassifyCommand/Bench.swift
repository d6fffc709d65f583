import ArgumentParser
import CommandSupport
import Engine
import GLiClass
import Glibc
import ModelCore

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

  @Option(help: "Timed runs, after three that are not.")
  var runs = 25

  @Option(help: "Measure how fast the lines of this file are tokenized, on one core, and nothing else.")
  var text: String?

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
      var times: [Double] = []
      for run in 0..<runs + 3 {
        let watch = Stopwatch()
        _ = try session.logits(prompts)
        if run >= 3 { times.append(watch.seconds) }
      }
      times.sort()
      let result = BenchResult(
        isa: session.engine.instructionSet.name, threads: session.engine.threadCount, tokens: tokens, batch: batch,
        labels: labels, openTime: openTime, times: times, workspace: session.engine.workspaceSize,
        peakResident: peakResidentBytes())
      Console.print(json ? result.json.text() : result.table)
    }
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

struct BenchResult {
  var isa: String
  var threads: Int
  var tokens: Int
  var batch: Int
  var labels: Int
  /// Seconds, ascending for `times`.
  var openTime: Double
  var times: [Double]
  var workspace: Int
  var peakResident: Int

  private func milliseconds(_ part: Double) -> Double {
    times[min(times.count - 1, Int(part * Double(times.count)))] * 1000
  }

  var table: String {
    let median = milliseconds(0.5)
    func number(_ value: Double) -> String { Formatting.decimals(value, 2) }
    return [
      "\(tokens) tokens x \(batch), \(labels) labels, \(isa), \(threads) threads, \(times.count) runs",
      "  median    \(number(median)) ms (fastest \(number(milliseconds(0))), 90 % within \(number(milliseconds(0.9))))",
      "  rate      \(number(Double(batch) / median * 1000)) texts/s, "
        + "\(Formatting.decimals(Double(batch * tokens) / median * 1000, 0)) tokens/s",
      "  open      \(number(openTime * 1000)) ms",
      "  memory    workspace \(Formatting.size(workspace)), peak resident \(Formatting.size(peakResident))",
    ].joined(separator: "\n")
  }

  var json: JSON {
    .object([
      ("isa", .string(isa)), ("threads", .int(threads)), ("tokens", .int(tokens)), ("batch", .int(batch)),
      ("labels", .int(labels)), ("runs", .int(times.count)), ("median_ms", .double(milliseconds(0.5))),
      ("min_ms", .double(milliseconds(0))), ("p90_ms", .double(milliseconds(0.9))),
      ("open_ms", .double(openTime * 1000)), ("workspace_bytes", .int(workspace)),
      ("peak_resident_bytes", .int(peakResident)),
    ])
  }
}

/// `VmHWM`: the most memory that was ever resident, mapped pages included; 0 where the system does not say.
func peakResidentBytes() -> Int {
  guard let file = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, Int32(line.count), file) != nil {
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard text.hasPrefix("VmHWM:") else { continue }
    return (Int(text.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) ?? 0) * 1024
  }
  return 0
}
