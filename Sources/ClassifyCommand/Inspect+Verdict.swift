import GLCFormat
import ModelCore

extension GLCStamp {
  /// What a verification said of the file, and whether it still holds: lines of `gliclass inspect`.
  var summary: [String] {
    guard isValid else {
      let parts = changed.map { $0 == .verdict ? "form of the verdict" : $0.rawValue }
      return ["  verdict     void: \(parts.joined(separator: ", ")) changed since"]
    }
    var lines = [
      "  verdict     " + ([outcome, drift, flips, error].compactMap { $0 } + bounds).joined(separator: "; ")
    ]
    let data = verdict.member("data")
    if let name = data?.member("name")?.string {
      let texts = data?.member("texts")?.int.map { "\($0) texts, " } ?? ""
      lines.append(
        "  verified on \(name.onOneLine), \(texts)sha256 \(data?.member("sha256")?.string?.onOneLine ?? "-")")
    }
    let verifier = verdict.member("verifier")
    lines.append(
      "  verified by \(text(verifier?.member("name"))) \(text(verifier?.member("version"))), against "
        + text(verdict.member("reference")?.member("producer")))
    return lines
  }

  /// Whether it holds; what it says is a member of the metadata.
  var json: JSON {
    .object([("valid", .bool(isValid)), ("changed", .array(changed.map { .string($0.rawValue) }))])
  }

  private func text(_ value: JSONValue?) -> String { value?.string?.onOneLine ?? "-" }

  private var outcome: String? { verdict.member("passes")?.bool.map { $0 ? "pass" : "FAIL" } }

  private var drift: String? {
    guard let metric = verdict.member("micro_f1"), let model = metric.member("model")?.double,
      let drift = metric.member("drift")?.double
    else { return nil }
    var text = "micro F1 \(Formatting.decimals(model, 4)), drift \(Formatting.signed(drift, 4))"
    let ends = metric.member("interval")
    if ends?.count == 2, let lower = ends?.element(0).double, let upper = ends?.element(1).double {
      let percent = verdict.member("confidence")?.double.map { Formatting.decimals($0 * 100, 0) + " %: " } ?? ""
      text += " (\(percent)\(Formatting.signed(lower, 4)) to \(Formatting.signed(upper, 4)))"
    }
    return text
  }

  private var flips: String? {
    guard let flips = verdict.member("flips")?.int, let all = verdict.member("data")?.member("decisions")?.int else {
      return nil
    }
    return "\(flips) of \(all) decisions flipped"
  }

  private var error: String? {
    verdict.member("logit_error")?.member("maximum")?.double.map { "logit error up to \(Formatting.decimals($0, 4))" }
  }

  /// Those that were exceeded.
  private var bounds: [String] {
    let bounds = verdict.member("bounds")
    return (0..<(bounds?.count ?? 0)).compactMap { index in
      guard let bound = bounds?.element(index), bound.member("passes")?.bool == false else { return nil }
      return "\(text(bound.member("name"))) exceeded"
    }
  }
}
