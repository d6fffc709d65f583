import CJSON

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
  public func text(pretty: Bool = false) -> String {
    let node = makeNode()
    defer { json_object_put(node) }
    let style = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_SPACED
    guard let text = json_object_to_json_string_ext(node, style | JSON_C_TO_STRING_NOSLASHESCAPE) else { return "null" }
    return String(cString: text)
  }

  private func makeNode() -> OpaquePointer? {
    switch self {
    case .null: return nil
    case .bool(let value): return json_object_new_boolean(value ? 1 : 0)
    case .int(let value): return json_object_new_int64(Int64(value))
    case .float(let value): return Self.number(Double(value), text: Self.text(value))
    case .double(let value): return Self.number(value, text: "\(value)")
    case .string(let value):
      // The C string is NUL-terminated; the length covers strings that hold a NUL themselves.
      return value.withCString { json_object_new_string_len($0, Int32(clamping: value.utf8.count)) }
    case .array(let values):
      let node = json_object_new_array()
      for value in values { json_object_array_add(node, value.makeNode()) }
      return node
    case .object(let members):
      let node = json_object_new_object()
      for (key, value) in members { json_object_object_add(node, key, value.makeNode()) }
      return node
    }
  }

  /// The shortest text of a float, unless a reader that goes by way of a double would round it to a neighbour.
  private static func text(_ value: Float) -> String {
    let shortest = "\(value)"
    return Double(shortest).map { Float($0) } == value ? shortest : "\(Double(value))"
  }

  private static func number(_ value: Double, text: String) -> OpaquePointer? {
    value.isFinite ? json_object_new_double_s(value, text) : nil
  }
}
