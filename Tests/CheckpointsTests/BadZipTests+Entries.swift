import Checkpoints
import ModelCore

/// Records of the directory and local headers, and what they say of where bytes are.
extension BadZipTests {
  private static let layout = good.layout
  private static let pickle = "archive/data.pkl"
  private static let storage = "archive/data/0"
  private static let pickleSize = good.entries[0].packed.count

  private static func name(_ name: String, _ bytes: [UInt8]) -> BadFile {
    entry("name: \(name)", .entryName(offset: layout.records[1]), at: 1) { $0.set(\.name, bytes) }
  }

  private static func directory(
    _ name: String, offset: Int, count: UInt64, size: Int = layout.directorySize, _ edit: (inout ZipBuilder) -> Void
  ) -> BadFile {
    changed(name, edit) {
      .core(.outOfBounds(path: $0, what: "zip directory", offset: UInt64(offset), count: count, size: UInt64(size)))
    }
  }

  static let badRecords: [BadFile] = [
    entry("first record's signature", .noCentralRecord(offset: 0)) { $0.central.signature ^= 1 },
    entry("last record's signature", .noCentralRecord(offset: layout.records[2]), at: 2) { $0.central.signature = 0 },
    directory(
      "a record that is a signature", offset: layout.directorySize + 4, count: 4, size: layout.directorySize + 4
    ) {
      $0.afterDirectory = [0x50, 0x4B, 0x01, 0x02]
      $0.end.size = UInt32(layout.directorySize + 4)
    },
    directory("a name beyond the directory", offset: layout.records[2] + 46, count: 65535) {
      $0.entries[2].central.nameLength = .max
    },
    directory("an extra field beyond the directory", offset: layout.directorySize, count: 1) {
      $0.entries[2].central.extraLength = 1
    },
    directory("a comment beyond the directory", offset: layout.directorySize, count: 2) {
      $0.entries[2].commentLength = 2
    },
    name("empty", []),
    name("with NUL", Array("archive/byteorder\0.txt".utf8)),
    name("NUL alone", [0]),
    name("Latin-1", Array("archive/".utf8) + [0xE9]),
    name("overlong UTF-8", Array("archive".utf8) + [0xC0, 0xAF]),
    entry("encrypted", .encrypted(entry: pickle)) { $0.set(\.flags, 1) },
    entry("strongly encrypted", .encrypted(entry: pickle)) { $0.set(\.flags, 0x41) },
    entry("encrypted directory", .encrypted(entry: storage), at: 2) { $0.set(\.flags, 0x2000) },
    entry("method 1, shrunk", .method(entry: pickle, found: 1)) { $0.set(\.method, 1) },
    entry("method 9, Deflate64", .method(entry: storage, found: 9), at: 2) { $0.set(\.method, 9) },
    entry("method 12, bzip2", .method(entry: pickle, found: 12)) { $0.set(\.method, 12) },
    entry("method 14, LZMA", .method(entry: pickle, found: 14)) { $0.set(\.method, 14) },
    entry("method 93, Zstandard", .method(entry: storage, found: 93), at: 2) { $0.set(\.method, 93) },
    entry("method 99, AES", .method(entry: pickle, found: 99)) { $0.set(\.method, 99) },
    entry("method 2^16 - 1", .method(entry: pickle, found: 65535)) { $0.set(\.method, .max) },
  ]

  private static func offset(_ name: String, _ offset: Int) -> BadFile {
    entry("local header \(name)", .noLocalHeader(entry: storage, offset: UInt64(offset)), at: 2) {
      $0.offset = UInt32(offset)
    }
  }

  static let badLocals: [BadFile] = [
    offset("one byte later", layout.headers[2] + 1),
    offset("one byte earlier", layout.headers[2] - 1),
    offset("in its data", layout.data[2]),
    offset("in the directory", layout.directory),
    offset("at the end", layout.end),
    offset("at 2^32 - 2", 0xFFFF_FFFE),
    entry("local signature", .noLocalHeader(entry: pickle, offset: 0)) { $0.local.signature ^= 1 },
    entry("local header of another entry", .localHeader(entry: storage), at: 2) { $0.offset = 0 },
    entry("local name", .localHeader(entry: pickle)) { $0.local.name[0] ^= 1 },
    entry("a shorter local name", .localHeader(entry: pickle)) { $0.local.name.removeLast() },
    entry("no local name", .localHeader(entry: pickle)) { $0.local.name = [] },
    entry("local method", .localHeader(entry: pickle)) { $0.local.method = 8 },
    entry("central method", .localHeader(entry: pickle)) { $0.central.method = 8 },
    entry("local extra field", .inconsistent(reason: ""), at: 2) { $0.local.extra = [1, 2, 3] },
    entry("local CRC-32", .inconsistent(reason: "")) { $0.local.crc ^= 1 },
    entry("local size", .inconsistent(reason: "")) { $0.local.size += 1 },
    entry("local compressed size", .inconsistent(reason: "")) { $0.local.packedSize += 1 },
    entry("locally encrypted", .localHeader(entry: pickle)) { $0.local.flags = 1 },
    changed("an extra field into the directory", .localHeader(entry: storage)) {
      $0.entries[2].local.extraLength = 40
    },
  ]

  /// An entry whose size is announced in these extra fields, of which `what` ends before it.
  private static func field(_ name: String, _ what: String, _ extra: [UInt8], offset: UInt64, size: UInt64) -> BadFile {
    let what = "\(what) of \(storage)"
    return changed("zip64: \(name)") {
      $0.entries[2].central.size = .max
      $0.entries[2].central.extra = extra
    } _: {
      .core(.outOfBounds(path: $0, what: what, offset: offset, count: 8, size: size))
    }
  }

  static let badSizes: [BadFile] = [
    entry(
      "one size more than the other",
      .storedSizes(entry: pickle, compressed: UInt64(pickleSize), size: UInt64(pickleSize + 1))
    ) {
      $0.set(\.size, UInt32(pickleSize + 1))
    },
    entry("compressed size less than the other", .storedSizes(entry: storage, compressed: 15, size: 16), at: 2) {
      $0.set(\.packedSize, 15)
    },
    entry("into the directory", .beyondFile(entry: storage, size: 17, available: 16), at: 2) {
      $0.set(\.size, 17)
      $0.set(\.packedSize, 17)
    },
    entry("to the end of the file", .beyondFile(entry: storage, size: 0xFFFF_FFFE, available: 16), at: 2) {
      $0.set(\.size, 0xFFFF_FFFE)
      $0.set(\.packedSize, 0xFFFF_FFFE)
    },
    entry("zip64: no field", .noZip64Field(entry: storage), at: 2) { $0.central.size = .max },
    entry("zip64: other fields", .noZip64Field(entry: storage), at: 2) {
      $0.central.size = .max
      $0.central.extra = [0x99, 0x99, 4, 0, 1, 2, 3, 4, 0x42, 0x50, 0, 0]
    },
    entry("zip64: offset only", .noZip64Field(entry: storage), at: 2) { $0.offset = .max },
    field("half a field", "zip64 field", [1, 0, 4, 0, 16, 0, 0, 0], offset: 0, size: 4),
    field("a field beyond the extra fields", "zip extra field", [1, 0, 8, 0, 16, 0, 0, 0], offset: 4, size: 8),
    entry("zip64: 2^63 bytes", .beyondFile(entry: storage, size: 1 << 63, available: 16), at: 2) {
      $0.widen(packedSize: 1 << 63, size: 1 << 63, offset: UInt64(layout.headers[2]))
    },
    entry("zip64: sizes differ", .storedSizes(entry: storage, compressed: 16, size: .max), at: 2) {
      $0.widen(packedSize: 16, size: .max, offset: UInt64(layout.headers[2]))
    },
    entry("zip64: header at 2^63", .noLocalHeader(entry: storage, offset: 1 << 63), at: 2) {
      $0.widen(packedSize: 16, size: 16, offset: 1 << 63)
    },
    entry("zip64: header at 2^64 - 1", .noLocalHeader(entry: storage, offset: .max), at: 2) {
      $0.widen(packedSize: 16, size: 16, offset: .max)
    },
  ]

  static let sharedBytes: [BadFile] = [
    // In the classic bomb every record leads to one kernel of bytes.
    changed("two records of one entry", .overlap(entry: storage, previous: storage)) {
      var again = $0.entries[2]
      again.offset = UInt32(layout.headers[2])
      again.isInDirectoryAlone = true
      $0.entries.append(again)
    },
    // Its refinement quotes a local header in another entry's data.
    changed("an entry in another's data", .overlap(entry: "archive/data/1", previous: storage)) {
      let inner = ZipBuilder.Entry("archive/data/1", TorchArchive.floats)
      let quoted = Array(ZipBuilder([inner]).bytes[..<(30 + inner.central.name.count + 16)])
      $0.entries[2] = ZipBuilder.Entry(storage, [0, 0] + quoted)
      var record = inner
      record.offset = UInt32($0.layout.data[2] + 2)
      record.isInDirectoryAlone = true
      $0.entries.append(record)
    },
    changed("an entry that reaches into the next header", .overlap(entry: "archive/byteorder", previous: pickle)) {
      $0.entries[0].set(\.size, UInt32(pickleSize + 1))
      $0.entries[0].set(\.packedSize, UInt32(pickleSize + 1))
    },
    changed("one name twice", .duplicateEntry(storage)) { $0.entries.append($0.entries[2]) },
    changed("the pickle twice", .duplicateEntry(pickle)) {
      $0.entries.append(ZipBuilder.Entry(pickle, pickledDictionary([])))
    },
  ]
}
