import Foundation

extension SabotagedGLC {
  /// Sets a member of the metadata, as `model.layers`, to a number, text, boolean, list, object or `NSNull()`. Members on the
  /// way must be there.
  public mutating func setMetadata(_ path: String, to value: Any) throws { try editMetadata(path) { $0[$1] = value } }

  /// Takes a member of the metadata out.
  public mutating func removeMetadata(_ path: String) throws { try editMetadata(path) { $0[$1] = nil } }

  /// The member of the metadata at `path`.
  public func metadataValue(_ path: String) throws -> Any? {
    var value: Any? = try JSONSerialization.jsonObject(with: Data(metadata))
    for key in path.split(separator: ".") { value = (value as? [String: Any])?[String(key)] }
    return value
  }

  private mutating func editMetadata(_ path: String, _ edit: (inout [String: Any], String) -> Void) throws {
    guard var root = try JSONSerialization.jsonObject(with: Data(metadata)) as? [String: Any] else {
      throw Failure("the metadata is no object")
    }
    try Self.edit(&root, path.split(separator: ".").map(String.init)[...], edit)
    metadata = Array(try JSONSerialization.data(withJSONObject: root, options: [.sortedKeys]))
  }

  private static func edit(
    _ object: inout [String: Any], _ path: ArraySlice<String>, _ edit: (inout [String: Any], String) -> Void
  ) throws {
    guard let key = path.first else { throw Failure("an empty path") }
    guard path.count > 1 else { return edit(&object, key) }
    guard var inner = object[key] as? [String: Any] else { throw Failure("no object \(key) in the metadata") }
    try Self.edit(&inner, path.dropFirst(), edit)
    object[key] = inner
  }
}
