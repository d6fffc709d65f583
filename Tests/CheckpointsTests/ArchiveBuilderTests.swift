import Checkpoints
import ModelCore
import Testing

/// Archives with nothing wrong, by the builders that the bad ones are made with: what is refused there is not refused for
/// the builders' sake.
@Suite struct ArchiveBuilderTests {
  struct GoodFile: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    var testDescription: String { name }

    init(_ name: String, _ edit: (inout ZipBuilder) -> Void) {
      var builder = TorchArchive.builder()
      edit(&builder)
      (self.name, bytes) = (name, builder.bytes)
    }
  }

  static let goodFiles: [GoodFile] = [
    GoodFile("as it is") { _ in },
    GoodFile("an archive comment") { $0.end.comment = Array("made by hand".utf8) },
    GoodFile("an end record's signature in the comment") { $0.end.comment = [0x50, 0x4B, 0x05, 0x06] },
    GoodFile("comments of entries") { $0.entries[1].comment = Array("an entry's".utf8) },
    GoodFile("gaps between entries") {
      for index in $0.entries.indices { $0.entries[index].before = Array(repeating: 0, count: 7) }
    },
    GoodFile("other extra fields") {
      // As torch pads storages to 64 bytes: a field "FB" in the local header alone.
      $0.entries[2].local.extra = [0x46, 0x42, 3, 0, 0x5A, 0x5A, 0x5A]
      $0.entries[1].central.extra = [0x99, 0x99, 0, 0]
    },
    GoodFile("zip64 end record") { $0.wideEnd = .init() },
    GoodFile("zip64 end record for all") {
      $0.wideEnd = .init()
      $0.end.disks = (.max, .max)
      ($0.end.countHere, $0.end.count, $0.end.size, $0.end.offset) = (.max, .max, .max, .max)
    },
    GoodFile("zip64 entry") {
      let offset = UInt64($0.layout.headers[2])
      $0.entries[2].widen(packedSize: 16, size: 16, offset: offset)
    },
    GoodFile("data descriptor") {
      let crc = $0.entries[2].local.crc
      $0.entries[2].set(\.flags, 8)
      ($0.entries[2].local.crc, $0.entries[2].local.size, $0.entries[2].local.packedSize) = (0, 0, 0)
      let size = littleEndian(UInt32(16))
      $0.entries[2].after = joined([0x50, 0x4B, 0x07, 0x08], littleEndian(crc), size, size)
    },
    GoodFile("names marked as UTF-8") { for index in 0..<3 { $0.entries[index].set(\.flags, 0x800) } },
    GoodFile("deflated") { for index in 0..<3 { $0.entries[index].deflate() } },
    GoodFile("directory in another order") { $0.order = [1, 2, 0] },
    GoodFile("directory in another order, deflated") {
      $0.order = [2, 0, 1]
      for index in 0..<3 { $0.entries[index].deflate() }
    },
    GoodFile("bytes before the archive that offsets count") { $0.prefix = Array("#!/bin/sh\n".utf8) },
  ]

  @Test(arguments: goodFiles)
  func isRead(_ good: GoodFile) throws {
    let folder = try TemporaryFolder()
    let file = try PyTorchFile(path: folder.write("good.pt", good.bytes))
    #expect(file.tensors.map(\.name) == ["a"])
    #expect(file.tensors.map(\.shape) == [[4]])
    #expect(try file.tensors.first?.floats() == [1, 2, 3, 4])
    #expect(file.hasChecksums)
  }

  /// CRC-32's check value, "123456789" (Rocksoft model).
  @Test func checksumIsTheStandardOne() {
    #expect(crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(crc32([]) == 0)
  }
}
