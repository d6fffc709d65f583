import ModelCore

/// Reads the directory of a zip archive (PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16) for the one thing that libzip
/// does not tell: where in the file an entry's bytes are.
///
/// Nothing is believed twice: ``ZipArchive`` holds every entry found here against libzip's view of it.
struct ZipDirectory {
  /// One entry, as its central record and its local header agree on it.
  struct Entry: Equatable {
    var name: String
    /// 0 stored, 8 deflated.
    var method: Int
    /// CRC-32 of the uncompressed bytes.
    var crc: UInt32
    var compressedSize: Int
    var size: Int
    /// Where the local header begins.
    var headerOffset: Int
    /// Where the stored or compressed bytes are.
    var data: Range<Int>
  }

  let path: String
  private let bytes: UnsafeRawBufferPointer

  private static let endSignature: UInt32 = 0x0605_4B50
  private static let end64LocatorSignature: UInt32 = 0x0706_4B50
  private static let end64Signature: UInt32 = 0x0606_4B50
  private static let centralSignature: UInt32 = 0x0201_4B50
  private static let localSignature: UInt32 = 0x0403_4B50
  private static let endSize = 22
  private static let end64LocatorSize = 20
  private static let longestComment = 0xFFFF
  private static let mostEntries = 200_000

  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// Whether this is a zip archive at all: one ends in an end-of-directory record.
  var isArchive: Bool { endOffset != nil }

  /// All entries, in the order of their bytes in the file. No two share a byte, and none reaches into the directory.
  func entries() throws(CheckpointError) -> [Entry] {
    let directory = try directoryExtent()
    guard directory.count <= Self.mostEntries else {
      throw .zip(path: path, .tooManyEntries(found: directory.count, limit: Self.mostEntries))
    }
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: bytes[directory.range]), path: path, what: "zip directory")
    var entries: [Entry] = []
    while reader.remaining > 0, entries.count <= directory.count {
      entries.append(try entry(&reader, limit: directory.range.lowerBound))
    }
    guard entries.count == directory.count else {
      throw .zip(path: path, .entryCount(expected: directory.count, found: entries.count))
    }
    entries.sort { $0.headerOffset < $1.headerOffset }
    var end = 0
    var previous = ""
    for entry in entries {
      guard entry.headerOffset >= end else {
        throw .zip(path: path, .overlap(entry: entry.name, previous: previous))
      }
      end = entry.data.upperBound
      previous = entry.name
    }
    return entries
  }

  // MARK: The end of the archive

  /// Where the end-of-directory record begins: the last place where its comment reaches the end of the file exactly.
  private var endOffset: Int? {
    let last = bytes.count - Self.endSize
    guard last >= 0 else { return nil }
    for offset in stride(from: last, through: max(0, last - Self.longestComment), by: -1) {
      guard load(offset, as: UInt32.self) == Self.endSignature else { continue }
      if offset + Self.endSize + Int(load(offset + 20, as: UInt16.self)) == bytes.count { return offset }
    }
    return nil
  }

  /// Unchecked: `offset` lies at least the value's size before the end.
  private func load<Value: FixedWidthInteger>(_ offset: Int, as _: Value.Type) -> Value {
    Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  private func directoryExtent() throws(CheckpointError) -> (range: Range<Int>, count: Int) {
    guard let end = endOffset else { throw .zip(path: path, .noEndRecord) }
    let isSplit =
      load(end + 4, as: UInt32.self) != 0 && load(end + 4, as: UInt32.self) != .max
      || load(end + 8, as: UInt16.self) != load(end + 10, as: UInt16.self)
    var count = UInt64(load(end + 10, as: UInt16.self))
    var size = UInt64(load(end + 12, as: UInt32.self))
    var offset = UInt64(load(end + 16, as: UInt32.self))
    var directoryEnd = end
    var disks = isSplit ? 2 : 1
    if let (record, wide) = try end64(before: end) {
      directoryEnd = record
      (count, size, offset, disks) = wide
    }
    guard disks == 1 else { throw .zip(path: path, .severalDisks) }
    guard let start = Int(exactly: offset), let length = Int(exactly: size), let total = Int(exactly: count),
      start.checkedAdding(length) == directoryEnd
    else {
      throw .zip(path: path, .directoryExtent(offset: offset, size: size, end: directoryEnd))
    }
    return (start..<directoryEnd, total)
  }

  /// The zip64 end record in front of the locator in front of the end record at `end`, where there is one.
  private func end64(
    before end: Int
  ) throws(CheckpointError) -> (offset: Int, fields: (UInt64, UInt64, UInt64, Int))? {
    let locator = end - Self.end64LocatorSize
    guard locator >= 0, load(locator, as: UInt32.self) == Self.end64LocatorSignature else { return nil }
    let stored = load(locator + 8, as: UInt64.self)
    guard let record = Int(exactly: stored), record <= locator - 56,
      load(record, as: UInt32.self) == Self.end64Signature,
      load(record + 4, as: UInt64.self) == UInt64(locator - record - 12)
    else { throw .zip(path: path, .end64Record(offset: stored)) }
    let isSplit =
      load(record + 16, as: UInt64.self) != 0
      || load(record + 24, as: UInt64.self) != load(record + 32, as: UInt64.self)
    let fields = (
      load(record + 32, as: UInt64.self), load(record + 40, as: UInt64.self), load(record + 48, as: UInt64.self),
      isSplit ? 2 : 1
    )
    return (record, fields)
  }

  // MARK: Entries

  /// A central record (4.3.12) as it is stored, behind its signature.
  private struct CentralRecord {
    var flags: UInt16
    var method: Int
    var crc: UInt32
    var compressedSize: UInt64
    var size: UInt64
    var headerOffset: UInt64
    var name: UnsafeRawBufferPointer
    var extra: UnsafeRawBufferPointer

    init(_ reader: inout ByteReader) throws(ModelCoreError) {
      _ = try reader.read(UInt32.self)  // Versions.
      flags = try reader.read(UInt16.self)
      method = Int(try reader.read(UInt16.self))
      _ = try reader.read(UInt32.self)  // Time and date.
      crc = try reader.read(UInt32.self)
      compressedSize = UInt64(try reader.read(UInt32.self))
      size = UInt64(try reader.read(UInt32.self))
      let nameLength = Int(try reader.read(UInt16.self))
      let extraLength = Int(try reader.read(UInt16.self))
      let commentLength = Int(try reader.read(UInt16.self))
      _ = try reader.take(8)  // Disk and attributes.
      headerOffset = UInt64(try reader.read(UInt32.self))
      name = try reader.take(nameLength)
      extra = try reader.take(extraLength)
      _ = try reader.take(commentLength)
    }
  }

  /// The next entry: its central record, and what its local header adds. Nothing of it may lie at `limit` or beyond.
  private func entry(_ reader: inout ByteReader, limit: Int) throws(CheckpointError) -> Entry {
    let start = reader.offset
    let signature = try reading { () throws(ModelCoreError) in try reader.read(UInt32.self) }
    guard signature == Self.centralSignature else { throw .zip(path: path, .noCentralRecord(offset: start)) }
    var record = try reading { () throws(ModelCoreError) in try CentralRecord(&reader) }
    guard let name = String(validating: record.name, as: UTF8.self), !name.isEmpty, !record.name.contains(0) else {
      throw .zip(path: path, .entryName(offset: start))
    }
    try widen(&record, name)
    return try located(record, name, limit: limit)
  }

  /// Takes the 64-bit values of the zip64 extra field (4.5.3) where the 32-bit ones say so.
  private func widen(_ record: inout CentralRecord, _ name: String) throws(CheckpointError) {
    let mark = UInt64(UInt32.max)
    guard record.size == mark || record.compressedSize == mark || record.headerOffset == mark else { return }
    var reader = ByteReader(record.extra, path: path, what: "zip extra field of \(name)")
    let isFound = try reading { () throws(ModelCoreError) in
      while reader.remaining >= 4 {
        let (kind, length) = (try reader.read(UInt16.self), Int(try reader.read(UInt16.self)))
        var field = ByteReader(try reader.take(length), path: path, what: "zip64 field of \(name)")
        guard kind == 1 else { continue }
        if record.size == mark { record.size = try field.read(UInt64.self) }
        if record.compressedSize == mark { record.compressedSize = try field.read(UInt64.self) }
        if record.headerOffset == mark { record.headerOffset = try field.read(UInt64.self) }
        return true
      }
      return false
    }
    guard isFound else { throw .zip(path: path, .noZip64Field(entry: name)) }
  }

  private func located(_ record: CentralRecord, _ name: String, limit: Int) throws(CheckpointError) -> Entry {
    // Bits 0, 6 and 13: encryption of three kinds (4.4.4).
    let encryption: UInt16 = 0x2041
    guard record.flags & encryption == 0 else { throw .zip(path: path, .encrypted(entry: name)) }
    guard record.method == 0 || record.method == 8 else {
      throw .zip(path: path, .method(entry: name, found: record.method))
    }
    guard let start = Int(exactly: record.headerOffset), start <= limit - 30,
      load(start, as: UInt32.self) == Self.localSignature
    else { throw .zip(path: path, .noLocalHeader(entry: name, offset: record.headerOffset)) }
    let nameLength = Int(load(start + 26, as: UInt16.self))
    let data = start + 30 + nameLength + Int(load(start + 28, as: UInt16.self))
    guard data <= limit, Int(load(start + 8, as: UInt16.self)) == record.method,
      load(start + 6, as: UInt16.self) & encryption == 0,
      bytes[start + 30..<start + 30 + nameLength].elementsEqual(record.name)
    else { throw .zip(path: path, .localHeader(entry: name)) }
    guard let compressed = Int(exactly: record.compressedSize), compressed <= limit - data else {
      throw .zip(path: path, .beyondFile(entry: name, size: record.compressedSize, available: limit - data))
    }
    guard record.method != 0 || record.size == record.compressedSize else {
      throw .zip(path: path, .storedSizes(entry: name, compressed: record.compressedSize, size: record.size))
    }
    return Entry(
      name: name, method: record.method, crc: record.crc, compressedSize: compressed, size: Int(clamping: record.size),
      headerOffset: start, data: data..<data + compressed)
  }
}
