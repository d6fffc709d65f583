import CommandSupport
import GLiClass
import ModelCore
import Tokenization

/// How fast the lines of a file are tokenized, each as a text of its own. Every run begins without any remembered word.
struct TokenizerBench {
  private let lineCount: Int
  private let byteCount: Int
  private let tokenCount: Int
  private let openTime: Double
  /// Seconds, ascending.
  private let times: [Double]

  /// Reads the file and measures.
  /// - Throws: ``ModelCoreError`` for the file, ``TokenizationError`` for a line.
  init(_ tokenizer: CompiledTokenizer, linesOf path: String, openTime: Double, runs: Int) throws {
    let file = try MappedFile(path: path)
    let text = file.withBytes { Array($0) }
    try file.checkIntact()
    let lines = text.split(separator: UInt8(ascii: "\n"))
    var times: [Double] = []
    var ids: [Int32] = []
    for run in 0..<runs + 1 {
      ids.removeAll(keepingCapacity: true)
      let watch = Stopwatch()
      var scratch = EncodingScratch()
      for line in lines {
        let result: Result<Void, TokenizationError> = line.withUnsafeBufferPointer { bytes in
          do throws(TokenizationError) {
            return .success(try tokenizer.encode(utf8: bytes, scratch: &scratch, into: &ids))
          } catch {
            return .failure(error)
          }
        }
        try result.get()
      }
      if run > 0 { times.append(watch.seconds) }
    }
    lineCount = lines.count
    byteCount = lines.reduce(0) { $0 + $1.count }
    tokenCount = ids.count
    self.openTime = openTime
    self.times = times.sorted()
  }

  private var median: Double { times[times.count / 2] }
  private var megabytesPerSecond: Double { Double(byteCount) / median / 1e6 }

  var table: String {
    [
      "\(lineCount) lines, \(Formatting.size(byteCount)), \(tokenCount) tokens, one core, \(times.count) runs",
      "  median    \(Formatting.decimals(median * 1000, 2)) ms, \(Formatting.decimals(megabytesPerSecond, 1)) MB/s, "
        + "\(Formatting.decimals(Double(tokenCount) / median / 1e6, 2)) million tokens/s",
      "  fastest   \(Formatting.decimals(times[0] * 1000, 2)) ms",
      "  open      \(Formatting.decimals(openTime * 1000, 2)) ms",
    ].joined(separator: "\n")
  }

  var json: JSON {
    .object([
      ("lines", .int(lineCount)), ("bytes", .int(byteCount)), ("tokens", .int(tokenCount)),
      ("runs", .int(times.count)), ("median_ms", .double(median * 1000)), ("min_ms", .double(times[0] * 1000)),
      ("megabytes_per_second", .double(megabytesPerSecond)), ("open_ms", .double(openTime * 1000)),
    ])
  }
}
