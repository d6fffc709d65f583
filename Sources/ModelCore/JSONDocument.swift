import CJSON
import Synchronization

/// A parsed JSON text: the owner of what its ``JSONValue``s look at.
///
/// Parsed by json-c, after a strict syntax check that json-c does not make. Safe to share between threads: values are never
/// retained one by one, and what json-c writes while it reads is written under a lock.
public final class JSONDocument: @unchecked Sendable {
  /// The file it is from, for error messages.
  public let path: String
  private let node: OpaquePointer?

  private let field: String
  private let writing = Mutex(())

  /// The text of a value, which json-c keeps in the value itself.
  func text(of node: OpaquePointer?, _ style: Int32) -> String? {
    writing.withLock { _ in json_object_to_json_string_ext(node, style).map { String(cString: $0) } }
  }

  /// json-c takes up to three hundred times the text; a text for which it would take more than this, and more than a few megabytes,
  /// is none that any tool wrote. A tokenizer's vocabulary takes ten to twenty times.
  private static let memoryLimit = 72

  /// Parses `bytes`.
  /// - Parameter field: what `bytes` are in a larger document, for error messages.
  /// - Throws: ``ModelCoreError/invalidJSON(path:offset:reason:)``.
  public init(_ bytes: UnsafeRawBufferPointer, path: String, field: String = "") throws(ModelCoreError) {
    self.path = path
    self.field = field
    let memory = try Self.checking(path) { () throws(JSONSyntax.Violation) in try JSONSyntax.check(bytes) }
    guard memory <= max(32 << 20, bytes.count.multipliedReportingOverflow(by: Self.memoryLimit).partialValue) else {
      throw .invalidJSON(path: path, offset: 0, reason: "too many small values for its size")
    }
    guard bytes.count < Int(Int32.max) else { throw .invalidJSON(path: path, offset: 0, reason: "longer than 2 GiB") }
    if let plain = JSONEscapes.withoutSurrogates(bytes) {
      let result: Result<OpaquePointer?, ModelCoreError> = plain.withUnsafeBytes { plain in
        do throws(ModelCoreError) { return .success(try Self.parse(plain, path)) } catch { return .failure(error) }
      }
      node = try result.get()
    } else {
      node = try Self.parse(bytes, path)
    }
  }

  /// The members of the object that `bytes` are, in their order, and where their values are, each to be parsed by itself: a
  /// document too large to be held whole.
  /// - Throws: ``ModelCoreError/invalidJSON(path:offset:reason:)``.
  package static func members(
    _ bytes: UnsafeRawBufferPointer, path: String
  ) throws(ModelCoreError) -> [(key: String, value: Range<Int>)] {
    try checking(path) { () throws(JSONSyntax.Violation) in try JSONSyntax.members(bytes) }
  }

  private static func checking<Value>(
    _ path: String, _ body: () throws(JSONSyntax.Violation) -> Value
  ) throws(ModelCoreError) -> Value {
    do throws(JSONSyntax.Violation) {
      return try body()
    } catch {
      throw .invalidJSON(path: path, offset: error.offset, reason: error.reason)
    }
  }

  private static func parse(
    _ bytes: UnsafeRawBufferPointer, _ path: String
  ) throws(ModelCoreError) -> OpaquePointer? {
    let tokener = json_tokener_new_ex(Int32(JSONSyntax.maximumDepth + 1))
    defer { json_tokener_free(tokener) }
    var node = json_tokener_parse_ex(tokener, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
    // A bare number at the end of the text is complete only when the tokener is told so.
    var status = json_tokener_get_error(tokener)
    if status == json_tokener_continue {
      node = json_tokener_parse_ex(tokener, "", 1)
      status = json_tokener_get_error(tokener)
    }
    guard status == json_tokener_success || node != nil else {
      let offset = json_tokener_get_parse_end(tokener)
      throw .invalidJSON(path: path, offset: offset, reason: String(cString: json_tokener_error_desc(status)))
    }
    return node
  }

  /// Parses the file at `path`.
  public convenience init(contentsOf path: String) throws(ModelCoreError) {
    let file = try MappedFile(path: path)
    defer { withExtendedLifetime(file) {} }
    do throws(ModelCoreError) {
      try self.init(file.unsafeBytes, path: path)
      try file.checkIntact()
    } catch {
      // What was read of a file that became shorter says nothing about the file.
      try file.checkIntact()
      throw error
    }
  }

  /// Parses the text `string`.
  public convenience init(_ string: String, path: String) throws(ModelCoreError) {
    try self.init(copying: Array(string.utf8), path: path)
  }

  /// Parses `bytes`.
  public convenience init(copying bytes: [UInt8], path: String) throws(ModelCoreError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    try self.init(UnsafeRawBufferPointer(buffer), path: path)
  }

  deinit { json_object_put(node) }

  /// The value of the whole text.
  public var root: JSONValue { JSONValue(document: self, node: node, name: field, index: nil) }
}
