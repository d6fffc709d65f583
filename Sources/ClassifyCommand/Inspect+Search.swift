import ModelCore

/// What a search measured, as the metadata of a `.glc` keep it (formats/glc.md, "A measured drift"): lines of `gliclass inspect`.
struct SearchRecord {
  private let record: JSONValue

  /// - Parameter drift: the member of the metadata.
  init(_ drift: JSONValue) { record = drift }

  /// Empty where there was no search.
  var summary: [String] {
    guard record.isObject, let bound = record.member("bound")?.double else { return [] }
    let count = record.member("candidates")?.int.map { "\($0) recipes compared" } ?? "recipes compared"
    var lines = ["  searched    micro F1 within \(Formatting.decimals(bound, 5)), \(count)\(texts("comparison"))"]
    if let found = drift("judgement") { lines.append("  judged      \(found)\(texts("judgement")), looked at once") }
    if let sha256 = record.member("data")?.member("sha256")?.string {
      lines.append("              sha256 \(sha256.onOneLine)")
    }
    return lines
  }

  private func texts(_ half: String) -> String {
    guard let count = record.member(half)?.member("texts")?.int else { return "" }
    let name = record.member("data")?.member("name")?.string?.onOneLine
    return " on \(count) texts" + (name.map { " of \($0)" } ?? "")
  }

  private func drift(_ half: String) -> String? {
    guard let metric = record.member(half)?.member("micro_f1"), let drift = metric.member("drift")?.double else {
      return nil
    }
    let text = "drift \(Formatting.signed(drift, 4))"
    guard let ends = metric.member("interval"), ends.count == 2, let lower = ends.element(0).double,
      let upper = ends.element(1).double
    else { return text }
    let percent = record.member("confidence")?.double.map { Formatting.decimals($0 * 100, 0) + " %: " } ?? ""
    return "\(text) (\(percent)\(Formatting.signed(lower, 4)) to \(Formatting.signed(upper, 4)))"
  }
}
