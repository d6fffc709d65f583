import CKernels

/// Mends the checksums of a zip archive's stored entries, as far as its directory can be followed.
enum ZipSeal {
  static func mend(_ bytes: inout [UInt8]) {
    guard let end = bytes.lastRange(of: [0x50, 0x4B, 0x05, 0x06]), end + 22 <= bytes.count else { return }
    var record = bytes.u32(end + 16)
    while record + 46 <= bytes.count, bytes[record..<record + 4].elementsEqual([0x50, 0x4B, 0x01, 0x02]) {
      let next = record + 46 + bytes.u16(record + 28) + bytes.u16(record + 30) + bytes.u16(record + 32)
      let (size, local) = (bytes.u32(record + 24), bytes.u32(record + 42))
      if bytes.u16(record + 10) == 0, local + 30 <= bytes.count {
        let data = local + 30 + bytes.u16(local + 26) + bytes.u16(local + 28)
        if data + size <= bytes.count {
          let checksum = bytes.withUnsafeBytes { glck_crc32(0, $0.baseAddress.map { $0 + data }, size) }
          bytes.set(record + 16, checksum)
          // Bit 3: the checksum stands behind the data, and zero here.
          if bytes.u16(local + 6) & 8 == 0 {
            bytes.set(local + 14, checksum)
          } else if data + size + 8 <= bytes.count {
            bytes.set(data + size + 4, checksum)
          }
        }
      }
      record = next
    }
  }
}

extension [UInt8] {
  func u16(_ offset: Int) -> Int { Int(self[offset]) | Int(self[offset + 1]) << 8 }
  func u32(_ offset: Int) -> Int { u16(offset) | u16(offset + 2) << 16 }
  func u64(_ offset: Int) -> UInt64 { UInt64(u32(offset)) | UInt64(u32(offset + 4)) << 32 }

  mutating func set<Value: FixedWidthInteger>(_ offset: Int, _ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { replaceSubrange(offset..<offset + $0.count, with: $0) }
  }

  /// Where `pattern` begins for the last time.
  func lastRange(of pattern: [UInt8]) -> Int? {
    guard count >= pattern.count else { return nil }
    return (0...count - pattern.count).last { self[$0..<$0 + pattern.count].elementsEqual(pattern) }
  }
}
