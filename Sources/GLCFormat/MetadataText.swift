import ModelCore

/// The text of a `.glc`'s metadata, with or without a verdict in it (formats/glc.md, "A verdict"): what comes before the member, and
/// what comes behind it.
struct MetadataText {
  private static let key = "verdict"
  /// How the member begins.
  private static let opening = ",\"\(key)\":"
  private let bytes: UnsafeRawBufferPointer
  /// The member with its comma; empty, and where it would go, where there is none.
  private let member: Range<Int>

  /// Finds the member in `bytes`, which are a JSON object.
  /// - Returns: `nil` where it is written in another way than the format says.
  init?(_ bytes: UnsafeRawBufferPointer) {
    // They have been parsed before.
    guard let members = try? JSONDocument.members(bytes, path: "metadata"),
      let end = bytes.lastIndex(of: UInt8(ascii: "}"))
    else { return nil }
    self.bytes = bytes
    guard let value = members.first(where: { $0.key == Self.key })?.value else {
      guard !members.isEmpty else { return nil }
      member = end..<end
      return
    }
    let start = value.lowerBound - Self.opening.utf8.count
    guard start >= 0, bytes[start..<value.lowerBound].elementsEqual(Self.opening.utf8) else { return nil }
    member = start..<value.upperBound
  }

  private var parts: (before: UnsafeRawBufferPointer, behind: UnsafeRawBufferPointer) {
    (
      UnsafeRawBufferPointer(rebasing: bytes[..<member.lowerBound]),
      UnsafeRawBufferPointer(rebasing: bytes[member.upperBound...])
    )
  }

  /// CRC-32 of the text without the member.
  var checksum: UInt32 { Checksum.crc32(parts.behind, after: Checksum.crc32(parts.before)) }

  /// The text with `verdict`, an object, in the place of what there was.
  func text(with verdict: JSON) -> [UInt8] {
    Array(parts.before) + Array((Self.opening + verdict.text()).utf8) + Array(parts.behind)
  }
}
