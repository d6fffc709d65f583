import Tokenization
import TokenizerCompiler

/// The parts as a section would hold them, at addresses that are multiples of 64; any of them may be spoiled.
final class TablesInMemory {
  private let buffers: [UnsafeMutableRawBufferPointer]
  private let scalarProperties: ScalarProperties
  private let normalizer: UnicodeNormalizer

  convenience init(_ tables: UnicodeTables) { self.init(parts: Self.parts(of: tables)) }

  /// Parts 19 to 24.
  init(parts: [[UInt8]]) {
    buffers = parts.map { part in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(part.count, 1), alignment: 64)
      buffer.copyBytes(from: part)
      return UnsafeMutableRawBufferPointer(rebasing: buffer[..<part.count])
    }
    let views = buffers.map(UnsafeRawBufferPointer.init)
    scalarProperties = ScalarProperties(index: views[0], blocks: views[1], sets: views[2])
    let mappings = UnicodeMappings(trie: views[3], offsets: views[4], text: views[5], path: "crafted")
    normalizer = UnicodeNormalizer(properties: scalarProperties, mappings: mappings)
  }

  deinit { for buffer in buffers { buffer.deallocate() } }

  func run(
    _ step: UnicodeNormalizer.Step, on text: [UInt8], origin: Int = 0
  ) throws(TokenizationError) -> (text: [UInt8], origin: Int) {
    // The views do not keep what they show.
    defer { withExtendedLifetime(self) {} }
    return try normalizer.run(step, on: text, origin: origin)
  }

  func properties(of scalars: Range<UInt32>) -> [UInt32] {
    withExtendedLifetime(self) { scalars.map { scalarProperties.properties(of: $0) } }
  }

  func setNumber(of scalar: UInt32) -> UInt8 { withExtendedLifetime(self) { scalarProperties.setNumber(of: scalar) } }

  static func parts(of tables: UnicodeTables) -> [[UInt8]] {
    func bytes(_ words: [UInt32]) -> [UInt8] {
      words.flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xFF) } }
    }
    return [
      tables.index, tables.blocks, bytes(tables.sets), bytes(tables.mappingTrie), bytes(tables.textOffsets),
      tables.texts,
    ]
  }
}

/// CRC-32 as zlib has it.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
  }

  static func checksum(of bytes: [UInt8]) -> Int {
    var value = UInt32.max
    table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBufferPointer { bytes in
        for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
      }
    }
    return Int(~value)
  }
}
