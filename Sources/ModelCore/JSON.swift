/// A JSON value to be written. Object members keep their order; numbers print as the shortest text that reads back as
/// the same `Float` or `Double`.
public indirect enum JSON: Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case float(Float)
  case double(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  /// The text, on one line or indented. Non-finite numbers, which JSON cannot say, become `null`.
  ///
  /// Written here and not by json-c, whose versions put spaces differently: the text is part of files that are the same on
  /// every machine.
  public func text(pretty: Bool = false) -> String {
    var text = ""
    write(to: &text, indent: pretty ? 0 : nil)
    return text
  }

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += "\(value)"
    case .float(let value): text += value.isFinite ? Self.text(value) : "null"
    case .double(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      Self.write(values, between: ("[", "]"), to: &text, indent: indent) { value, text, indent in
        value.write(to: &text, indent: indent)
      }
    case .object(let members):
      Self.write(members, between: ("{", "}"), to: &text, indent: indent) { member, text, indent in
        Self.write(member.0, to: &text)
        text += ": "
        member.1.write(to: &text, indent: indent)
      }
    }
  }

  /// Elements on lines of their own, two spaces further in, or on one line with spaces between.
  private static func write<Element>(
    _ elements: [Element], between brackets: (String, String), to text: inout String, indent: Int?,
    _ write: (Element, inout String, Int?) -> Void
  ) {
    text += brackets.0
    let inner = indent.map { $0 + 2 }
    for (index, element) in elements.enumerated() {
      if index > 0 { text += "," }
      text += inner.map { "\n" + String(repeating: " ", count: $0) } ?? " "
      write(element, &text, inner)
    }
    if let indent {
      if !elements.isEmpty { text += "\n" + String(repeating: " ", count: indent) }
    } else {
      text += " "
    }
    text += brackets.1
  }

  /// A string in quotation marks; what RFC 8259 wants escaped is, and nothing else.
  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{8}": text += "\\b"
      case "\u{C}": text += "\\f"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<" ": text += "\\u00" + Formatting.hexadecimal([UInt8(truncatingIfNeeded: scalar.value)])
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  /// The shortest text of a float, unless a reader that goes by way of a double would round it to a neighbour.
  private static func text(_ value: Float) -> String {
    let shortest = "\(value)"
    return Double(shortest).map { Float($0) } == value ? shortest : "\(Double(value))"
  }
}
