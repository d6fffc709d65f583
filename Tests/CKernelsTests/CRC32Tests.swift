import CKernels
import Testing

@Suite struct CRC32Tests {
  static func crc(_ text: String) -> UInt32 {
    let bytes = Array(text.utf8)
    return glck_crc32(0, bytes, bytes.count)
  }

  /// The check value of the CRC catalogue, and what zlib 1.2.13 computes.
  @Test func knownValues() {
    #expect(Self.crc("123456789") == 0xCBF4_3926)
    #expect(Self.crc("") == 0)
    #expect(Self.crc("a") == 0xE8B7_BE43)
    #expect(Self.crc("The quick brown fox jumps over the lazy dog") == 0x414F_A339)
    #expect(Self.crc(String(repeating: "a", count: 1000)) == 0x9A38_DA03)
    let all = (0..<4096).map { UInt8(truncatingIfNeeded: $0) }
    #expect(glck_crc32(0, all, all.count) == 0xA291_2082)
    #expect(glck_crc32_portable(0, all, all.count) == 0xA291_2082)
  }

  /// Against the definition, one bit at a time.
  @Test func everyLengthAndAlignment() {
    var random = Random(3)
    let bytes = (0..<400).map { _ in UInt8.random(in: 0...255, using: &random) }
    for offset in 0..<17 {
      var register: UInt32 = 0xFFFF_FFFF
      for count in 0...300 {
        if count > 0 {
          register ^= UInt32(bytes[offset + count - 1])
          for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        bytes.withUnsafeBytes { buffer in
          guard let start = buffer.baseAddress else { return }
          #expect(glck_crc32(0, start + offset, count) == ~register)
          #expect(glck_crc32_portable(0, start + offset, count) == ~register)
        }
      }
    }
  }

  @Test func continues() {
    var random = Random(4)
    let bytes = Guarded((0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) })
    let whole = glck_crc32(0, bytes.pointer, 5000)
    for split in [0, 1, 63, 64, 65, 1000, 4999, 5000] {
      let first = glck_crc32(0, bytes.pointer, split)
      #expect(glck_crc32(first, bytes.pointer + split, 5000 - split) == whole)
      #expect(glck_crc32_portable(first, bytes.pointer + split, 5000 - split) == whole)
    }
  }
}
