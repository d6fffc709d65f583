import CJSON

/// A value inside a ``JSONDocument``, with the name it is reached by. Typed accessors throw errors that say that name.
public struct JSONValue {
  let document: JSONDocument
  let node: OpaquePointer?
  let name: String
  let index: Int?

  /// The path of this value in the document, as in `encoder_config.hidden_size` or `vocab[3]`.
  public var field: String {
    let path = index.map { "\(name)[\($0)]" } ?? name
    return path.isEmpty ? "the document" : path
  }

  /// The file that this is from.
  package var path: String { document.path }

  /// The path of the member `key`, whether it is there or not.
  package func fieldName(_ key: String) -> String {
    index == nil && name.isEmpty ? key : "\(field).\(key)"
  }

  private var type: json_type { json_object_get_type(node) }

  /// Whether this is JSON's `null`.
  public var isNull: Bool { node == nil }
  /// The boolean, if it is one.
  public var bool: Bool? { type == json_type_boolean ? json_object_get_boolean(node) != 0 : nil }
  /// The integer, if it is one (a number written without fraction and exponent).
  public var int: Int? { type == json_type_int ? Int(json_object_get_int64(node)) : nil }
  /// The number, integer or not, as a double.
  public var double: Double? {
    type == json_type_double || type == json_type_int ? json_object_get_double(node) : nil
  }
  /// The number as the text spells it, if it is one: for readers that do not take the nearest double.
  public var numberText: String? {
    guard double != nil else { return nil }
    return document.text(of: node, JSON_C_TO_STRING_PLAIN)
  }
  /// The string, if it is one. Lone surrogates have become U+FFFD.
  public var string: String? {
    guard type == json_type_string, let bytes = json_object_get_string(node) else { return nil }
    let count = Int(json_object_get_string_len(node))
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
  /// The number of elements, if it is an array.
  public var count: Int? { type == json_type_array ? Int(json_object_array_length(node)) : nil }
  /// Whether this is an object.
  public var isObject: Bool { type == json_type_object }

  /// What this is, for error messages.
  public var found: String {
    switch type {
    case json_type_null: return "null"
    case json_type_object: return "an object"
    case json_type_array: return "an array"
    default:
      let text = document.text(of: node, JSON_C_TO_STRING_NOSLASHESCAPE) ?? "?"
      return text.count > 60 ? "\(text.prefix(60))…" : text
    }
  }

  /// The keys of an object in their order in the text; empty for anything else.
  public var keys: [String] {
    guard isObject else { return [] }
    var keys: [String] = []
    var iterator = json_object_iter_begin(node)
    var end = json_object_iter_end(node)
    while json_object_iter_equal(&iterator, &end) == 0 {
      keys.append(String(cString: json_object_iter_peek_name(&iterator)))
      json_object_iter_next(&iterator)
    }
    return keys
  }

  /// The member `key` of an object, `nil` where there is none. A member that is `null` is there.
  public func member(_ key: String) -> JSONValue? {
    guard isObject else { return nil }
    var value: OpaquePointer?
    guard json_object_object_get_ex(node, key, &value) != 0 else { return nil }
    return JSONValue(document: document, node: value, name: fieldName(key), index: nil)
  }

  /// The element at `position` of an array, which must be below ``count``.
  public func element(_ position: Int) -> JSONValue {
    JSONValue(
      document: document, node: json_object_array_get_idx(node, position), name: field, index: position)
  }

  /// The elements of an array.
  /// - Throws: ``ModelCoreError/unexpectedJSON(path:field:expected:found:)`` for anything but an array.
  public func elements() throws(ModelCoreError) -> [JSONValue] {
    guard let count else { throw unexpected("an array") }
    return (0..<count).map(element)
  }

  /// The error that this value is not `expected`.
  public func unexpected(_ expected: String) -> ModelCoreError {
    .unexpectedJSON(path: document.path, field: field, expected: expected, found: found)
  }

  /// The error that this value is understood but not supported.
  public func unsupported(_ supported: String) -> ModelCoreError {
    .unsupported(path: document.path, field: field, found: found, supported: supported)
  }

  /// The member `key`, which must be there.
  public func required(_ key: String) throws(ModelCoreError) -> JSONValue {
    guard isObject else { throw unexpected("an object") }
    guard let value = member(key) else {
      throw .unexpectedJSON(
        path: document.path, field: fieldName(key), expected: "a value", found: "nothing")
    }
    return value
  }

  /// The integer, which must lie in `range`.
  public func requireInt(in range: ClosedRange<Int>) throws(ModelCoreError) -> Int {
    guard let value = int, range.contains(value) else {
      throw unexpected("an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// The string.
  public func requireString() throws(ModelCoreError) -> String {
    guard let value = string else { throw unexpected("a string") }
    return value
  }

  /// The boolean.
  public func requireBool() throws(ModelCoreError) -> Bool {
    guard let value = bool else { throw unexpected("true or false") }
    return value
  }

  /// The number, finite.
  public func requireDouble() throws(ModelCoreError) -> Double {
    guard let value = double, value.isFinite else { throw unexpected("a number") }
    return value
  }
}

extension JSONValue {
  /// This value, to be written again.
  public var json: JSON {
    if isNull { return .null }
    if let bool { return .bool(bool) }
    if let int { return .int(int) }
    if let double { return .double(double) }
    if let string { return .string(string) }
    if let count { return .array((0..<count).map { element($0).json }) }
    return .object(keys.map { ($0, member($0)?.json ?? .null) })
  }
}
