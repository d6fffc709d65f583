import Checkpoints
import ModelCore

/// What entries hold: checksums, and compressed data.
extension BadZipTests {
  private static let pickle = "archive/data.pkl"
  private static let storage = "archive/data/0"

  /// A stored entry of the bytes `found`, which are not those of its checksum.
  private static func checksum(
    _ name: String, at index: Int = 0, _ found: [UInt8], expected: UInt32, _ edit: (inout ZipBuilder.Entry) -> Void
  ) -> BadFile {
    let entry = [pickle, "archive/byteorder"][index]
    return changed(name, .checksum(entry: entry, expected: expected, found: crc32(found))) { edit(&$0.entries[index]) }
  }

  /// A deflated entry whose stream cannot be what the directory says.
  private static func damaged(_ name: String, at index: Int = 2, _ edit: (inout ZipBuilder.Entry) -> Void) -> BadFile {
    let entry = [pickle, "archive/byteorder", storage][index]
    return changed("deflated: \(name)", .damaged(entry: entry, reason: "")) {
      $0.entries[index].deflate()
      edit(&$0.entries[index])
    }
  }

  private static func bomb(_ name: String, _ size: Int, _ edit: (inout ZipBuilder) -> Void) -> BadFile {
    var builder = good
    edit(&builder)
    let bytes = builder.bytes
    return BadFile("bomb: \(name)", bytes) {
      .zip(path: $0, .bomb(entry: storage, size: size, limit: 8 * bytes.count))
    }
  }

  static let badContents: [BadFile] = [
    checksum("stored pickle of another CRC-32", TorchArchive.pickle, expected: 1) { $0.set(\.crc, 1) },
    checksum("stored pickle without a CRC-32", TorchArchive.pickle, expected: 0) { $0.set(\.crc, 0) },
    checksum(
      "a bit of the stored pickle", TorchArchive.pickle.dropLast() + [0x2F], expected: crc32(TorchArchive.pickle)
    ) { $0.packed[$0.packed.count - 1] ^= 1 },
    checksum("stored byteorder of another CRC-32", at: 1, Array("little".utf8), expected: 2) { $0.set(\.crc, 2) },
    damaged("pickle of another CRC-32", at: 0) { $0.set(\.crc, $0.local.crc ^ 1) },
    damaged("storage of another CRC-32") { $0.set(\.crc, $0.local.crc ^ 1) },
    damaged("byteorder of another CRC-32", at: 1) { $0.set(\.crc, 7) },
    damaged("shorter than it says", at: 1) { $0.set(\.size, 7) },
    damaged("longer than it says", at: 1) { $0.set(\.size, 5) },
    damaged("declared empty", at: 1) { $0.set(\.size, 0) },
    damaged("pickle shorter than it says", at: 0) { $0.set(\.size, $0.local.size + 1) },
    damaged("no stream at all") {
      $0.packed = []
      $0.set(\.packedSize, 0)
    },
    damaged("half a stream") {
      $0.packed.removeLast(8)
      $0.set(\.packedSize, $0.local.packedSize - 8)
    },
    damaged("a block of type 3") { $0.packed[0] = 0b111 },
    damaged("a stored block whose lengths differ") { $0.packed[3] ^= 1 },
    damaged("bytes that are no stream") { $0.packed = Array(repeating: 0xFF, count: $0.packed.count) },
    bomb("8 GiB in 21 bytes", 8 << 30) {
      $0.entries[2].deflate()
      let (packed, offset) = (UInt64($0.entries[2].packed.count), UInt64($0.layout.headers[2]))
      $0.entries[2].widen(packedSize: packed, size: 8 << 30, offset: offset)
    },
    bomb("2^64 - 1 bytes in 21", .max) {
      $0.entries[2].deflate()
      let (packed, offset) = (UInt64($0.entries[2].packed.count), UInt64($0.layout.headers[2]))
      $0.entries[2].widen(packedSize: packed, size: .max, offset: offset)
    },
    bomb("4 GiB less 2 bytes in 21", 0xFFFF_FFFE) {
      $0.entries[2].deflate()
      $0.entries[2].set(\.size, 0xFFFF_FFFE)
    },
    bomb("two that are too large together", 6000) {
      for index in [0, 2] {
        $0.entries[index].deflate()
        $0.entries[index].set(\.size, 3000)
      }
    },
  ]
}
