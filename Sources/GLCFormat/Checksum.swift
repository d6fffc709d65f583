import CKernels

/// The checksum of the format, for other bytes.
package enum Checksum {
  /// CRC-32 of `bytes`, continuing from `previous`.
  package static func crc32(_ bytes: UnsafeRawBufferPointer, after previous: UInt32 = 0) -> UInt32 {
    glck_crc32(previous, bytes.baseAddress, bytes.count)
  }
}
