/// A `.glc` as bytes, to be damaged on purpose. Knows of formats/glc.md what a damage needs: header and section table.
struct GLCBytes {
  var bytes: [UInt8]

  /// A row of the section table.
  struct Section {
    var entry: Int
    var kind: Int
    var offset: Int
    var size: Int
    /// As error messages call it.
    var name: String { [1: "metadata", 2: "tensor directory", 3: "tokenizer", 4: "tensor data"][kind] ?? "?" }
  }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A good file.
  init(_ model: Result<[UInt8], any Error> = Models.tiny) throws { bytes = try model.get() }

  func integer(at offset: Int, _ size: Int) -> Int {
    Int(truncatingIfNeeded: (0..<size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[offset + $1]) })
  }

  mutating func set(_ offset: Int, _ size: Int, to value: UInt64) {
    for index in 0..<size { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  /// Bytes of header and section table.
  var headerSize: Int { integer(at: 12, 4) }

  var sections: [Section] {
    (0..<min(integer(at: 28, 4), 64)).map { index in
      let entry = 64 + 32 * index
      return Section(
        entry: entry, kind: integer(at: entry, 4), offset: integer(at: entry + 8, 8), size: integer(at: entry + 16, 8))
    }
  }

  func section(_ name: String) throws -> Section {
    guard let found = sections.first(where: { $0.name == name }) else { throw HarnessError("no section \(name)") }
    return found
  }

  /// The same with one bit turned.
  func flipping(byte: Int, bit: Int = 4) -> GLCBytes {
    var copy = self
    copy.bytes[byte] ^= 1 << bit
    return copy
  }

  /// Makes all checksums true again but those of tensors: what an attacker would do.
  mutating func seal() {
    for section in sections where section.kind != 4 {
      // A place outside the file has no checksum to be true.
      guard (0...bytes.count).contains(section.offset), (0...bytes.count - section.offset).contains(section.size) else {
        continue
      }
      set(section.entry + 24, 4, to: UInt64(Self.crc32(bytes[section.offset..<section.offset + section.size])))
    }
    set(32, 4, to: 0)
    set(32, 4, to: UInt64(Self.crc32(bytes[..<headerSize])))
  }

  /// IEEE 802.3, bit by bit: the specification's own words, and no table to get wrong.
  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { checksum, byte in
      (0..<8).reduce(checksum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }
}
