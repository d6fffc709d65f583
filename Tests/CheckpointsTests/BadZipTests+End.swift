import Checkpoints
import ModelCore

/// The end of an archive, where its directory is said to be.
extension BadZipTests {
  static let noArchives: [BadFile] = [
    BadFile("empty file", []) { .notPyTorch(path: $0, size: 0) },
    BadFile("one byte", [0x50]) { .notPyTorch(path: $0, size: 1) },
    BadFile("text", Array("no weights here\n".utf8)) { .notPyTorch(path: $0, size: 16) },
    BadFile("zeros", Array(repeating: 0, count: 1000)) { .notPyTorch(path: $0, size: 1000) },
    BadFile("safetensors", safetensors("{}")) { .notPyTorch(path: $0, size: 10) },
    BadFile("a bare pickle", TorchArchive.pickle) { .pyTorchPickle(path: $0) },
    BadFile("a tar archive", Array(repeating: 0x61, count: 257) + Array("ustar\u{0}00".utf8)) { .pyTorchTar(path: $0) },
    BadFile("the start of a local header", [0x50, 0x4B, 0x03, 0x04]) { .zip(path: $0, .noEndRecord) },
    BadFile("no end record", good.bytes.dropLast(22) + []) { .zip(path: $0, .noEndRecord) },
    BadFile("an end record short of a byte", good.bytes.dropLast() + []) { .zip(path: $0, .noEndRecord) },
    BadFile("half an archive", good.bytes.dropLast(good.bytes.count / 2) + []) { .zip(path: $0, .noEndRecord) },
  ]

  static let badEnds: [BadFile] = [
    changed("end signature", .noEndRecord) { $0.end.signature ^= 1 },
    changed("a comment shorter than said", .noEndRecord) {
      $0.end.comment = [1, 2, 3]
      $0.end.commentLength = 4
    },
    changed("a comment longer than said", .noEndRecord) {
      $0.end.comment = [1, 2, 3]
      $0.end.commentLength = 2
    },
    changed("a comment of 2^16 - 1 that is not there", .noEndRecord) { $0.end.commentLength = .max },
    changed("bytes behind the end", .noEndRecord) { $0.suffix = [0] },
    changed("64 KiB behind the end", .noEndRecord) { $0.suffix = Array(repeating: 0, count: 1 << 16) },
    changed("second of two disks", .severalDisks) { $0.end.disks = (1, 1) },
    changed("a directory on the first of two disks", .severalDisks) { $0.end.disks = (1, 0) },
    changed("a directory on another disk", .severalDisks) { $0.end.disks = (0, 1) },
    changed("one entry too few", .entryCount(expected: 2, found: 3)) { ($0.end.countHere, $0.end.count) = (2, 2) },
    changed("one entry too many", .entryCount(expected: 4, found: 3)) { ($0.end.countHere, $0.end.count) = (4, 4) },
    // No more are read than there may be, and one.
    changed("no entries", .entryCount(expected: 0, found: 1)) { ($0.end.countHere, $0.end.count) = (0, 0) },
    changed("2^16 - 1 entries", .entryCount(expected: 65535, found: 3)) {
      ($0.end.countHere, $0.end.count) = (.max, .max)
    },
    changed("fewer entries on this disk", .severalDisks) { $0.end.countHere = 2 },
  ]

  /// A directory that does not lie where its end says.
  private static func extent(
    _ name: String, _ edit: (inout ZipBuilder, ZipBuilder.Layout) -> (offset: UInt64, size: UInt64)
  ) -> BadFile {
    var builder = good
    let (offset, size) = edit(&builder, good.layout)
    let end = builder.layout.end
    return BadFile(name, builder.bytes) { .zip(path: $0, .directoryExtent(offset: offset, size: size, end: end)) }
  }

  private static func extent(_ name: String, offset: Int, size: Int) -> BadFile {
    extent(name) { builder, layout in
      builder.end.offset = UInt32(layout.directory + offset)
      builder.end.size = UInt32(layout.directorySize + size)
      return (UInt64(layout.directory + offset), UInt64(layout.directorySize + size))
    }
  }

  private static func extent(_ name: String, offset: UInt32? = nil, size: UInt32? = nil) -> BadFile {
    extent(name) { builder, layout in
      (builder.end.offset, builder.end.size) = (offset, size)
      return (
        offset.map(UInt64.init) ?? UInt64(layout.directory), size.map(UInt64.init) ?? UInt64(layout.directorySize)
      )
    }
  }

  static let badDirectories: [BadFile] = [
    extent("directory one byte later", offset: 1, size: 0),
    extent("directory one byte earlier", offset: -1, size: 0),
    extent("directory one byte longer", offset: 0, size: 1),
    extent("directory one byte shorter", offset: 0, size: -1),
    extent("directory at 0", offset: 0),
    extent("directory behind the end", offset: 1 << 31),
    extent("directory at 2^32 - 1", offset: .max),
    extent("directory of 2^32 - 1", size: .max),
    extent("directory of nothing", size: 0),
    extent("bytes between directory and end") { builder, layout in
      builder.afterDirectory = [0]
      return (UInt64(layout.directory), UInt64(layout.directorySize))
    },
    extent("bytes before the archive that offsets do not count") { builder, layout in
      builder.prefix = Array("#!/bin/sh\n".utf8)
      builder.countsPrefix = false
      return (UInt64(layout.directory), UInt64(layout.directorySize))
    },
    changed("directory from its second record on", .entryCount(expected: 3, found: 2)) {
      let layout = $0.layout
      $0.end.offset = UInt32(layout.directory + layout.records[1])
      $0.end.size = UInt32(layout.directorySize - layout.records[1])
    },
    changed("directory begins with an entry", .noCentralRecord(offset: 0)) {
      let layout = $0.layout
      $0.end.offset = 0
      $0.end.size = UInt32(layout.end)
    },
    // The last end record counts; the directory would have to end in front of it.
    changed(
      "an end record in the comment",
      .directoryExtent(
        offset: UInt64(good.layout.directory), size: UInt64(good.layout.directorySize), end: good.layout.end + 22)
    ) { $0.end.comment = Array($0.bytes.suffix(22)) },
    changed("an end record in the comment, for a longer directory", .noCentralRecord(offset: good.layout.directorySize))
    {
      let layout = $0.layout
      var inner = ZipBuilder([])
      inner.end.offset = UInt32(layout.directory)
      inner.end.size = UInt32(layout.directorySize + 22 + 64)
      (inner.end.countHere, inner.end.count) = (3, 3)
      $0.end.comment = Array(repeating: 0, count: 64) + inner.bytes
    },
  ]

  private static func wide(
    _ name: String, _ violation: ZipViolation, _ edit: (inout ZipBuilder.WideEnd) -> Void
  ) -> BadFile {
    changed(name, violation) {
      var end = ZipBuilder.WideEnd()
      edit(&end)
      $0.wideEnd = end
    }
  }

  private static let record = UInt64(good.layout.end)
  private static func wideExtent(
    offset: UInt64 = UInt64(good.layout.directory), size: UInt64 = UInt64(good.layout.directorySize)
  ) -> ZipViolation {
    .directoryExtent(offset: offset, size: size, end: good.layout.end)
  }

  static let badWideEnds: [BadFile] = [
    wide("zip64: record one byte later", .end64Record(offset: record + 1)) { $0.recordOffset = record + 1 },
    wide("zip64: record at 0", .end64Record(offset: 0)) { $0.recordOffset = 0 },
    wide("zip64: record is the locator", .end64Record(offset: record + 56)) { $0.recordOffset = record + 56 },
    wide("zip64: record behind the end", .end64Record(offset: 1 << 40)) { $0.recordOffset = 1 << 40 },
    wide("zip64: record at 2^63", .end64Record(offset: 1 << 63)) { $0.recordOffset = 1 << 63 },
    wide("zip64: record at 2^64 - 1", .end64Record(offset: .max)) { $0.recordOffset = .max },
    wide("zip64: record's signature", .end64Record(offset: record)) { $0.signature ^= 1 },
    wide("zip64: record one byte longer", .end64Record(offset: record)) { $0.recordSize += 1 },
    wide("zip64: record of 2^64 - 1", .end64Record(offset: record)) { $0.recordSize = .max },
    wide("zip64: two disks", .severalDisks) { $0.disk = 1 },
    wide("zip64: fewer entries on this disk", .severalDisks) { $0.countHere = 2 },
    wide("zip64: one entry too many", .entryCount(expected: 4, found: 3)) { ($0.countHere, $0.count) = (4, 4) },
    wide("zip64: 200,000 entries", .entryCount(expected: 200_000, found: 3)) {
      ($0.countHere, $0.count) = (200_000, 200_000)
    },
    wide("zip64: 200,001 entries", .tooManyEntries(found: 200_001, limit: 200_000)) {
      ($0.countHere, $0.count) = (200_001, 200_001)
    },
    wide("zip64: 2^63 - 1 entries", .tooManyEntries(found: .max, limit: 200_000)) {
      ($0.countHere, $0.count) = (UInt64(Int.max), UInt64(Int.max))
    },
    wide("zip64: directory at 0", wideExtent(offset: 0)) { $0.offset = 0 },
    wide("zip64: directory of 0", wideExtent(size: 0)) { $0.size = 0 },
    wide("zip64: directory of 2^63 - 1", wideExtent(size: UInt64(Int.max))) { $0.size = UInt64(Int.max) },
    wide("zip64: directory of 2^64 - 1", wideExtent(size: .max)) { $0.size = .max },
    wide("zip64: directory at 2^64 - 1", wideExtent(offset: .max)) { $0.offset = .max },
  ]
}
