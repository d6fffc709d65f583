import CKernels
import Foundation
import GLCFormat
import TestSupport
import Testing

/// The bytes of a good `.glc`, to be spoilt.
struct GoodFile {
  var bytes: [UInt8]

  init() throws { try self.init(path: Converted.glc(Fixtures.path("random-tiny"), .q8)) }

  init(path: String) throws { bytes = [UInt8](try Data(contentsOf: URL(filePath: path))) }

  /// A row of the section table, read by the specification alone.
  struct Section {
    var kind: Int
    var entry: Int
    var range: Range<Int>
  }

  var sections: [Section] {
    (0..<Int(integer(28, 4))).map { index in
      let entry = 64 + 32 * index
      let offset = Int(integer(entry + 8, 8))
      return Section(
        kind: Int(integer(entry, 4)), entry: entry, range: offset..<offset + Int(integer(entry + 16, 8)))
    }
  }

  func section(_ kind: Int) throws -> Section { try #require(sections.first { $0.kind == kind }) }

  func integer(_ offset: Int, _ count: Int) -> UInt64 {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension [UInt8] {
  /// Replaces an integer of `count` bytes.
  mutating func put(_ value: UInt64, at offset: Int, _ count: Int) {
    for index in 0..<count { self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  /// Makes all checksums of the header right again, as someone would who means harm.
  mutating func mendChecksums() {
    guard count >= 64 else { return }
    let sections = Int(self[28]) + Int(self[29]) << 8
    guard 64 + 32 * sections <= count else { return }
    for index in 0..<sections {
      let entry = 64 + 32 * index
      func integer(_ offset: Int) -> Int {
        self[entry + offset..<entry + offset + 8].reversed().reduce(0) { $0 &<< 8 | Int($1) }
      }
      let (start, size) = (integer(8), integer(16))
      guard self[entry] != 4, start >= 0, size >= 0, start <= count, size <= count - start else { continue }
      let checksum = Array(self[start..<start + size]).withUnsafeBytes {
        glck_crc32_portable(0, $0.baseAddress, $0.count)
      }
      put(UInt64(checksum), at: entry + 24, 4)
    }
    put(0, at: 32, 4)
    let checksum = Array(self[..<(64 + 32 * sections)]).withUnsafeBytes {
      glck_crc32_portable(0, $0.baseAddress, $0.count)
    }
    put(UInt64(checksum), at: 32, 4)
  }

  /// Writes the bytes to a file of `folder` and opens it.
  func open(_ folder: TemporaryFolder) throws -> GLCFile {
    let path = folder.file("spoilt.glc")
    try Data(self).write(to: URL(filePath: path))
    return try GLCFile(path: path)
  }
}
