import ModelCore

/// How the reports write numbers for people. `-` is a minus sign throughout; HTML sets a longer one.
enum Figures {
  /// `15,832`.
  static func count(_ value: Int) -> String {
    var groups: [String] = []
    var rest = value.magnitude
    while rest >= 1000 {
      let group = String(rest % 1000)
      groups.append(String(repeating: "0", count: 3 - group.count) + group)
      rest /= 1000
    }
    return (value < 0 ? "-" : "") + ([String(rest)] + groups.reversed()).joined(separator: ",")
  }

  /// `1 text`, `1,500 texts`.
  static func count(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

  /// A metric, or a logit.
  static func score(_ value: Double) -> String { Formatting.decimals(value, 5) }

  /// A difference of metrics.
  static func drift(_ value: Double) -> String { Formatting.signed(value, 5) }

  /// Two ends of a drift.
  static func interval(_ interval: Interval) -> String { "\(drift(interval.lower)) to \(drift(interval.upper))" }

  /// A part, as `0.051 %`.
  static func percent(_ part: Double, decimals: Int = 3) -> String {
    part.isNaN ? "NaN" : "\(Formatting.decimals(part * 100, decimals)) %"
  }

  /// `95 %`, of a confidence: as many decimals as it takes.
  static func coverage(_ confidence: Double) -> String {
    let value = confidence * 100
    let exact = (0..<4).map { Formatting.decimals(value, $0) }.first { abs((Double($0) ?? 0) - value) < 1e-9 }
    return "\(exact ?? "\(value)") %"
  }

  /// A difference of logits or probabilities.
  static func error(_ value: Double) -> String { Formatting.decimals(value, 6) }

  /// A signal-to-noise ratio in dB; infinite where nothing differs.
  static func decibels(_ value: Double) -> String {
    value == .infinity ? "equal" : value == -.infinity ? "-inf" : Formatting.decimals(value, 1)
  }

  static func cosine(_ value: Double) -> String { Formatting.decimals(value, 6) }

  /// A probability that may be very small.
  static func pValue(_ value: Double) -> String { value < 0.0001 ? "< 0.0001" : "= \(Formatting.decimals(value, 4))" }

  /// A bound as it was given.
  static func bound(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e15 ? Formatting.decimals(value, 0) : "\(value)"
  }

  /// The beginning of a digest, as `sha256:9c1185a5c5e9…`.
  static func digest(_ digest: String) -> String {
    let prefix = digest.hasPrefix("sha256:") ? "sha256:" : ""
    let digits = digest.dropFirst(prefix.count)
    return digits.count > 16 ? "\(prefix)\(digits.prefix(12))…" : digest
  }
}

extension String {
  /// At most `count` characters, the last of them an ellipsis where something was cut.
  func cut(to count: Int) -> String { self.count > count ? self.prefix(max(0, count - 1)) + "…" : self }

  /// On one line, and with the controls that turn the direction of what follows (Unicode's Annex 9) written as escapes: no label
  /// changes how the rest of a line reads.
  var legible: String {
    var text = ""
    for scalar in onOneLine.unicodeScalars {
      switch scalar {
      case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": text += scalar.escaped(asASCII: true)
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  /// The last part of a path.
  var fileName: String { split(separator: "/").last.map(String.init) ?? self }
}
