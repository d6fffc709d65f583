import Checkpoints
import ModelCore
import Testing

/// Zip archives with nothing wrong that are not what `torch.save` writes, and checksums of storages.
@Suite struct BadTorchArchiveTests {
  @Test(arguments: otherArchives + byteOrders)
  func isRefused(_ bad: BadFile) throws { try BadPickleTests.expectRefusal(bad) }

  private static func archive(
    _ name: String, _ entries: [ZipBuilder.Entry], _ error: @escaping @Sendable (String) -> CheckpointError
  ) -> BadFile {
    BadFile(name, ZipBuilder(entries).bytes, error)
  }

  private static func pickle(_ name: String) -> ZipBuilder.Entry { .init(name, TorchArchive.pickle) }
  private static let storage = ZipBuilder.Entry("archive/data/0", TorchArchive.floats)

  static let otherArchives: [BadFile] = [
    archive("nothing in it", []) { .zipWithoutPickle(path: $0, entries: 0) },
    archive("a storage alone", [storage]) { .zipWithoutPickle(path: $0, entries: 1) },
    archive("a pickle of another name", [pickle("archive/data.pickle"), storage]) {
      .zipWithoutPickle(path: $0, entries: 2)
    },
    archive("a pickle whose name ends alike", [pickle("archive/mydata.pkl"), storage]) {
      .zipWithoutPickle(path: $0, entries: 2)
    },
    archive("a folder called data.pkl", [.init("archive/data.pkl/", []), storage]) {
      .zipWithoutPickle(path: $0, entries: 2)
    },
    archive("two folders", [pickle("a/data.pkl"), pickle("b/data.pkl")]) {
      .severalPickles(path: $0, entries: ["a/data.pkl", "b/data.pkl"])
    },
    archive("a pickle beside the folder", [pickle("archive/data.pkl"), storage, pickle("data.pkl")]) {
      .severalPickles(path: $0, entries: ["archive/data.pkl", "data.pkl"])
    },
    archive("a pickle among the storages", [pickle("archive/data/data.pkl"), storage, pickle("archive/data.pkl")]) {
      .severalPickles(path: $0, entries: ["archive/data/data.pkl", "archive/data.pkl"])
    },
    archive("TorchScript's constants", [pickle("archive/data.pkl"), pickle("archive/constants.pkl"), storage]) {
      .torchScript(path: $0, entry: "archive/constants.pkl")
    },
    archive(
      "TorchScript's code", [pickle("archive/data.pkl"), .init("archive/code/__torch__.py", []), storage]
    ) { .torchScript(path: $0, entry: "archive/code/__torch__.py") },
    archive("a storage in another folder", [pickle("archive/data.pkl"), .init("other/data/0", TorchArchive.floats)]) {
      .noStorage(path: $0, tensor: "a", storage: "0")
    },
    archive("a folder for a storage", [pickle("archive/data.pkl"), .init("archive/data/0/", [])]) {
      .noStorage(path: $0, tensor: "a", storage: "0")
    },
    archive("no bytes of a storage", [pickle("archive/data.pkl"), .init("archive/data/0", [])]) {
      .storageSize(path: $0, tensor: "a", entry: "archive/data/0", elements: 4, elementSize: 4, found: 0)
    },
    archive("a storage short of a byte", [pickle("data.pkl"), .init("data/0", TorchArchive.floats.dropLast() + [])]) {
      .storageSize(path: $0, tensor: "a", entry: "data/0", elements: 4, elementSize: 4, found: 15)
    },
    archive("a storage with a byte more", [pickle("data.pkl"), .init("data/0", TorchArchive.floats + [0])]) {
      .storageSize(path: $0, tensor: "a", entry: "data/0", elements: 4, elementSize: 4, found: 17)
    },
  ]

  static let byteOrders: [BadFile] = [
    byteOrder("middle"), byteOrder("Little"), byteOrder("little\n"), byteOrder(""), byteOrder("big\0"),
    byteOrder("lit\u{1B}[2Jtle"), byteOrder("sixteen letters."), byteOrder("seventeen letters", found: "17 bytes"),
  ]

  private static func byteOrder(_ order: String, found: String? = nil) -> BadFile {
    archive(
      "byteorder \(order.debugDescription)",
      [pickle("archive/data.pkl"), .init("archive/byteorder", Array(order.utf8)), storage]
    ) { .byteOrder(path: $0, found: found ?? "\"\(order)\"") }
  }

  /// Storages are not read to open a file, so damage to them is found by whoever reads them all.
  @Test func damagedStorageIsFoundByTheDigest() throws {
    let folder = try TemporaryFolder()
    _ = try folder.checkpoint(weights: [])
    for (bit, name) in [(0, "first.pt"), (127, "last.pt")] {
      let path = try folder.write(
        name,
        torchArchive(TorchArchive.pickle) { builder in
          builder.entries[TorchArchive.storageEntry].packed[bit / 8] ^= 1 << UInt8(bit % 8)
        })
      let checkpoint = try Checkpoint.open(path)
      let error = checkpointError { () throws(CheckpointError) in try SourceDigest.compute(checkpoint) }
      var floats = TorchArchive.floats
      floats[bit / 8] ^= 1 << UInt8(bit % 8)
      let violation = ZipViolation.checksum(
        entry: "archive/data/0", expected: crc32(TorchArchive.floats), found: crc32(floats))
      #expect(error == .zip(path: path, violation))
      expectUserMessage(error, path: path)
    }
  }

  /// A storage that no tensor shows is nobody's business; in an archive without checksums none is compared.
  @Test func otherDamageIsNot() throws {
    let folder = try TemporaryFolder()
    _ = try folder.checkpoint(weights: [])
    let storages = [(key: "0", bytes: TorchArchive.floats), (key: "1", bytes: TorchArchive.floats)]
    let unused = torchArchive(TorchArchive.pickle, storages: storages) { $0.entries[3].packed[0] ^= 1 }
    let unchecked = torchArchive(TorchArchive.pickle) { builder in
      for index in builder.entries.indices { builder.entries[index].set(\.crc, 0) }
      builder.entries[TorchArchive.storageEntry].packed[0] ^= 1
    }
    for (name, bytes, hasChecksums) in [("unused.pt", unused, true), ("unchecked.pt", unchecked, false)] {
      let path = try folder.write(name, bytes)
      let checkpoint = try Checkpoint.open(path)
      #expect(try SourceDigest.compute(checkpoint).content.count == 32)
      #expect(try PyTorchFile(path: path).hasChecksums == hasChecksums)
      #expect(checkpoint.weights.withoutChecksums == (hasChecksums ? [] : [path]))
    }
  }
}
