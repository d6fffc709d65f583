import CKernels

/// The checksum of the format, for other bytes.
package enum Checksum {
  /// CRC-32 of `bytes`, continuing from `previous`.
  package static func crc32(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
    glck_crc32(previous, bytes.baseAddress, bytes.count)
  }

  /// Eight lower-case digits.
  static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
