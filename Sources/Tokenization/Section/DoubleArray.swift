/// A trie of the section: a double array of u32 units addressed by XOR (formats/tokenizer.md, "Tries").
///
/// A view that owns nothing. Every index is checked against the array before it is read.
package struct DoubleArray: @unchecked Sendable {
  // SAFETY: never written through; kept alive by the tokenizer that holds the view.
  private let units: UnsafePointer<UInt32>
  /// Units in the array. 0 is an empty trie.
  package let count: Int

  /// A view of `bytes`, which must begin at a multiple of 4. A last, incomplete unit is ignored.
  package init(_ bytes: UnsafeRawBufferPointer) {
    let words = bytes.bindMemory(to: UInt32.self)
    count = words.count
    units = words.baseAddress ?? UnsafePointer(Self.emptyUnits)
  }

  // SAFETY: one word that is written once, before anyone can read it.
  private nonisolated(unsafe) static let emptyUnits: UnsafeMutablePointer<UInt32> = {
    let unit = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    unit.initialize(to: Self.deadUnit)
    return unit
  }()

  /// A unit that is no node: kind 3.
  @usableFromInline package static let deadUnit: UInt32 = 0x300

  /// The root, where walks begin.
  @inline(__always) package var root: UInt32 { count > 0 ? UInt32(littleEndian: units[0]) : Self.deadUnit }

  /// The child of the node `unit` by `byte`, or `nil`.
  @inline(__always) package func child(of unit: UInt32, by byte: UInt8) -> UInt32? {
    guard unit & 0x200 == 0, byte != 0 else { return nil }
    let index = Int(unit >> 10) ^ Int(byte)
    guard index < count else { return nil }
    let child = UInt32(littleEndian: units[index])
    guard child & 0xFF == UInt32(byte), child & 0x300 != 0x300 else { return nil }
    return child
  }

  /// The value of the node `unit`, or `nil` where a key neither ends here nor could.
  @inline(__always) package func value(of unit: UInt32) -> UInt32? {
    let kind = unit & 0x300
    if kind == 0 { return nil }
    if kind == 0x200 { return unit >> 10 }
    guard kind == 0x100 else { return nil }
    let index = Int(unit >> 10)
    guard index < count else { return nil }
    let cell = UInt32(littleEndian: units[index])
    return cell & 0x3FF == 0x300 ? cell >> 10 : nil
  }

  /// The value of exactly the key `bytes`, or `nil`.
  package func value(forKey bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
    var node = root
    for byte in bytes {
      guard let next = child(of: node, by: byte) else { return nil }
      node = next
    }
    return bytes.isEmpty ? nil : value(of: node)
  }

  /// The value of the shortest key that `bytes` begins with, or `nil`.
  @inline(__always) package func shortestPrefixValue(of bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
    var node = root
    for byte in bytes {
      guard let next = child(of: node, by: byte) else { return nil }
      node = next
      if let value = value(of: node) { return value }
    }
    return nil
  }

  /// The value and size of the longest key, of at most `limit` bytes, that `bytes` begins with, or `nil`.
  package func longestPrefix(of bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> (value: UInt32, size: Int)? {
    var node = root
    var found: (value: UInt32, size: Int)?
    var size = 0
    while size < bytes.count, size < limit, let next = child(of: node, by: bytes[size]) {
      node = next
      size += 1
      if let value = value(of: node) { found = (value, size) }
    }
    return found
  }
}
