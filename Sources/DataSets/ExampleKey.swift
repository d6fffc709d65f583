import Hashing

/// What a text and its labels are found by: the first 128 bits of a SHA-256 over their bytes. Two different ones of a billion agree
/// with a probability below 2⁻⁶⁸, and nobody can make two that do with less than 2⁶⁴ trials, so the texts need not be kept.
struct ExampleKey: Hashable, Comparable, Sendable {
  private let high: UInt64
  private let low: UInt64

  /// Every part goes in behind its size in bytes, so that no two lists of parts give the same bytes.
  init(text: String, labels: [String]) {
    let hasher = SHA256()
    Self.add(text, to: hasher)
    for label in labels { Self.add(label, to: hasher) }
    (high, low) = hasher.finish().withUnsafeBytes {
      ($0.loadUnaligned(fromByteOffset: 0, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
  }

  private static func add(_ text: String, to hasher: SHA256) {
    var text = text
    text.withUTF8 { bytes in
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hasher.update($0) }
      hasher.update(UnsafeRawBufferPointer(bytes))
    }
  }

  static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
