import Hashing

/// The SHA-256 of a text's UTF-8: what decides, for everybody alike, to which half of a split a text belongs and whether it is among
/// the first so many. Equal texts have equal ones, whatever labels they are offered.
package struct TextDigest: Hashable, Comparable, Sendable {
  /// The two halves of a split.
  package enum Half: Sendable {
    /// Candidates are compared on these texts.
    case comparison
    /// Looked at once, to judge what was chosen.
    case judgement
  }

  /// Bytes 0 to 7 and 8 to 15 as big-endian numbers.
  private let high: UInt64
  private let low: UInt64

  /// The digest of `text`.
  package init(_ text: String) {
    let hasher = SHA256()
    var text = text
    text.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
    (high, low) = hasher.finish().withUnsafeBytes {
      (
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
  }

  /// By the lowest bit of byte 15: independent of the order, which the first bytes make.
  package var half: Half { low & 1 == 0 ? .comparison : .judgement }

  package static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
