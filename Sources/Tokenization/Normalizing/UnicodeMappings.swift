/// What scalars decompose to, compose to and become in lower case: views of parts 22, 23 and 24
/// (formats/tokenizer.md, "Properties and mappings").
///
/// Every index is checked when it is used. Walks take one byte a step, and at most eight behind a root.
package struct UnicodeMappings: Sendable {
  private let trie: DoubleArray
  private let texts: TextTable
  private let path: String
  /// The nodes behind the first byte of the keys, looked up once.
  private let canonical: UInt32
  private let compatibility: UInt32
  private let lowercase: UInt32
  private let composition: UInt32

  /// A view of the three parts, which begin at multiples of 4. `path` is the file that errors name.
  package init(
    trie: UnsafeRawBufferPointer, offsets: UnsafeRawBufferPointer, text: UnsafeRawBufferPointer, path: String
  ) {
    let trie = DoubleArray(trie)
    func root(_ mapping: SectionLayout.Mapping) -> UInt32 {
      trie.child(of: trie.root, by: mapping.rawValue) ?? DoubleArray.deadUnit
    }
    self.trie = trie
    self.texts = TextTable(offsets: offsets, text: text)
    self.path = path
    canonical = root(.canonicalDecomposition)
    compatibility = root(.compatibilityDecomposition)
    lowercase = root(.lowercase)
    composition = root(.composition)
  }

  /// The text that `scalar` becomes, UTF-8 of at most ``SectionLayout/maximumReplacementSize`` bytes; `nil` where
  /// `mapping` (not a composition) has none.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``.
  func text(
    of scalar: UInt32, _ mapping: SectionLayout.Mapping
  ) throws(TokenizationError) -> UnsafeBufferPointer<UInt8>? {
    let root =
      switch mapping {
      case .canonicalDecomposition: canonical
      case .compatibilityDecomposition: compatibility
      case .lowercase: lowercase
      case .composition: DoubleArray.deadUnit
      }
    guard let node = child(of: root, by: scalar), let value = trie.value(of: node) else { return nil }
    guard let text = texts[Int(value)] else {
      throw .corrupt(path: path, part: "mappedTextOffsets", index: Int(value), limit: texts.count)
    }
    guard text.count <= SectionLayout.maximumReplacementSize else {
      throw .corrupt(path: path, part: "mappedText", index: text.count, limit: SectionLayout.maximumReplacementSize + 1)
    }
    // What follows a form relies on UTF-8, so a text that is none must not get through.
    if let offset = UTF8Scalars.firstInvalidOffset(text) {
      throw .corrupt(path: path, part: "mappedText", index: offset, limit: offset)
    }
    return text
  }

  /// What `first` and `second` compose to, or `nil`: by arithmetic for Hangul, otherwise by mapping 4.
  /// - Throws: ``TokenizationError/corrupt(path:part:index:limit:)``.
  @inline(__always) func composite(_ first: UInt32, _ second: UInt32) throws(TokenizationError) -> UInt32? {
    if Hangul.isSecond(second) { return Hangul.composite(first, second) }
    guard let node = child(of: composition, by: first), let last = child(of: node, by: second),
      let value = trie.value(of: last)
    else { return nil }
    guard value < 0xD800 || 0xE000..<0x11_0000 ~= value else {
      throw .corrupt(path: path, part: "mappingTrie", index: Int(value), limit: 0x11_0000)
    }
    return value
  }

  /// The node behind the UTF-8 of `scalar`.
  @inline(__always) private func child(of node: UInt32, by scalar: UInt32) -> UInt32? {
    let (bytes, size) = UTF8Scalars.encode(scalar)
    var node = node
    var rest = bytes
    for _ in 0..<size {
      guard let next = trie.child(of: node, by: UInt8(truncatingIfNeeded: rest)) else { return nil }
      node = next
      rest >>= 8
    }
    return node
  }
}

/// Decomposition and composition of Hangul syllables (The Unicode Standard, section 3.12).
enum Hangul {
  static let firstSyllable: UInt32 = 0xAC00
  private static let lastSyllable: UInt32 = 0xD7A3
  static let firstLeading: UInt32 = 0x1100
  private static let lastLeading: UInt32 = 0x1112
  static let firstVowel: UInt32 = 0x1161
  private static let lastVowel: UInt32 = 0x1175
  /// One before the first trailing consonant: stands for none.
  static let noTrailing: UInt32 = 0x11A7
  private static let lastTrailing: UInt32 = 0x11C2
  static let trailingCount: UInt32 = 28
  static let syllablesPerLeading: UInt32 = 588

  @inline(__always) static func isSyllable(_ scalar: UInt32) -> Bool {
    scalar >= firstSyllable && scalar <= lastSyllable
  }

  /// Whether `scalar` is a vowel or trailing consonant, which may compose with what is before it.
  @inline(__always) static func isSecond(_ scalar: UInt32) -> Bool {
    scalar >= firstVowel && scalar <= lastVowel || scalar > noTrailing && scalar <= lastTrailing
  }

  /// The syllable that `first` and `second`, of which ``isSecond(_:)`` is true, compose to.
  static func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if second <= lastVowel {
      guard first >= firstLeading, first <= lastLeading else { return nil }
      return firstSyllable + (first - firstLeading) * syllablesPerLeading + (second - firstVowel) * trailingCount
    }
    guard isSyllable(first), (first - firstSyllable) % trailingCount == 0 else { return nil }
    return first + (second - noTrailing)
  }
}

extension UTF8Scalars {
  /// The UTF-8 of `scalar` (below 2^21), the first byte lowest, and its size.
  @inline(__always) static func encode(_ scalar: UInt32) -> (bytes: UInt32, size: Int) {
    if scalar < 0x80 { return (scalar, 1) }
    let last = scalar & 0x3F | 0x80
    if scalar < 0x800 { return (scalar >> 6 | 0xC0 | last << 8, 2) }
    let third = scalar >> 6 & 0x3F | 0x80
    if scalar < 0x1_0000 { return (scalar >> 12 | 0xE0 | third << 8 | last << 16, 3) }
    let second = scalar >> 12 & 0x3F | 0x80
    return (scalar >> 18 & 7 | 0xF0 | second << 8 | third << 16 | last << 24, 4)
  }
}

extension ScratchBuffer<UInt8> {
  /// Appends the UTF-8 of `scalar` (below 2^21) and returns its size.
  @inline(__always) @discardableResult mutating func append(scalar: UInt32) -> Int {
    let (bytes, size) = UTF8Scalars.encode(scalar)
    var rest = bytes
    reserve(4)
    for _ in 0..<size {
      append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    return size
  }
}
