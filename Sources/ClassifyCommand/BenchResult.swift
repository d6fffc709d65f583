import Glibc
import ModelCore

/// What `gliclass bench` found.
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
  /// CRC-32 of the logits' bits, all texts one after another: the same for every way to compute them.
  var checksum: UInt32
  var profile: ProfileReport?

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
    ].joined(separator: "\n") + (profile.map { "\n\n" + $0.table } ?? "")
  }

  var json: JSON {
    .object(
      [
        ("isa", .string(isa)), ("threads", .int(threads)), ("tokens", .int(tokens)), ("batch", .int(batch)),
        ("labels", .int(labels)), ("runs", .int(times.count)), ("median_ms", .double(milliseconds(0.5))),
        ("min_ms", .double(milliseconds(0))), ("p90_ms", .double(milliseconds(0.9))),
        ("open_ms", .double(openTime * 1000)), ("workspace_bytes", .int(workspace)),
        ("peak_resident_bytes", .int(peakResident)), ("logits_crc32", .int(Int(checksum))),
      ] + (profile.map { [("profile", $0.json)] } ?? []))
  }
}

/// `VmHWM`: the most memory that was ever resident, mapped pages included; 0 where the system does not say.
func peakResidentBytes() -> Int {
  guard let file = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, Int32(line.count), file) != nil {
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    guard text.hasPrefix("VmHWM:") else { continue }
    return (Int(text.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) ?? 0) * 1024
  }
  return 0
}
