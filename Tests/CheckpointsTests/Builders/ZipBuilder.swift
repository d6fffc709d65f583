/// Builds zip archives (PKWARE APPNOTE.TXT 6.3.10) in which every field can be made wrong.
struct ZipBuilder {
  /// What a local header and the record of the directory both hold.
  struct Header {
    var signature: UInt32
    var flags: UInt16 = 0
    /// 0 stored, 8 deflated.
    var method: UInt16 = 0
    var crc: UInt32
    var packedSize: UInt32
    var size: UInt32
    var name: [UInt8]
    var extra: [UInt8] = []
    /// `nil` for how long they are.
    var nameLength: UInt16?
    var extraLength: UInt16?

    /// 1980-01-01, midnight.
    private static let date: UInt32 = 0x21_0000

    /// The fields from the flags to the lengths, which are in both in this order.
    fileprivate var middle: [UInt8] {
      joined(
        littleEndian(flags), littleEndian(method), littleEndian(Self.date), littleEndian(crc), littleEndian(packedSize),
        littleEndian(size), littleEndian(nameLength ?? UInt16(name.count)),
        littleEndian(extraLength ?? UInt16(extra.count)))
    }
  }

  /// One entry: correct as it is made, of any stored data.
  struct Entry {
    var local: Header
    var central: Header
    /// What stands behind the local header.
    var packed: [UInt8]
    /// Bytes in front of the local header that belong to no entry, and bytes behind the data.
    var before: [UInt8] = []
    var after: [UInt8] = []
    /// Where the directory says that the local header is; `nil` for where it is.
    var offset: UInt32?
    /// Whether the entry is in the directory alone, so that `offset` leads to another one's bytes.
    var isInDirectoryAlone = false
    /// The entry's comment.
    var comment: [UInt8] = []
    var commentLength: UInt16?

    init(_ name: String, _ data: [UInt8]) {
      local = Header(
        signature: 0x0403_4B50, crc: crc32(data), packedSize: UInt32(data.count), size: UInt32(data.count),
        name: Array(name.utf8))
      central = local
      central.signature = 0x0201_4B50
      packed = data
    }

    /// Changes a field of both headers.
    mutating func set<Value>(_ field: WritableKeyPath<Header, Value>, _ value: Value) {
      local[keyPath: field] = value
      central[keyPath: field] = value
    }

    /// Makes it a deflated entry of blocks that are stored (RFC 1951, 3.2.4).
    mutating func deflate() {
      packed = deflatedInStoredBlocks(packed)
      set(\.method, 8)
      set(\.packedSize, UInt32(packed.count))
    }

    /// Moves sizes and offset to a zip64 field of the directory's record (4.5.3).
    mutating func widen(packedSize: UInt64, size: UInt64, offset wide: UInt64) {
      central.packedSize = .max
      central.size = .max
      offset = .max
      central.extra += joined(
        littleEndian(UInt16(1)), littleEndian(UInt16(24)), littleEndian(size), littleEndian(packedSize),
        littleEndian(wide))
    }

    fileprivate var localBytes: [UInt8] {
      joined(littleEndian(local.signature), littleEndian(UInt16(20)), local.middle, local.name, local.extra)
    }

    fileprivate func centralBytes(offset actual: Int) -> [UInt8] {
      joined(
        littleEndian(central.signature), littleEndian(UInt32(20 << 16 | 20)), central.middle,
        littleEndian(commentLength ?? UInt16(comment.count)), Array(repeating: 0, count: 8),
        littleEndian(offset ?? UInt32(actual)), central.name, central.extra, comment)
    }
  }

  /// The record at the end; `nil` is what is right.
  struct End {
    var signature: UInt32 = 0x0605_4B50
    /// This disk and that of the directory.
    var disks: (UInt16, UInt16) = (0, 0)
    var countHere: UInt16?
    var count: UInt16?
    var size: UInt32?
    var offset: UInt32?
    var comment: [UInt8] = []
    var commentLength: UInt16?
  }

  /// The zip64 record and its locator, in front of the end; `nil` is what is right.
  struct WideEnd {
    var signature: UInt32 = 0x0606_4B50
    var recordSize: UInt64 = 44
    var disk: UInt32 = 0
    var countHere: UInt64?
    var count: UInt64?
    var size: UInt64?
    var offset: UInt64?
    var recordOffset: UInt64?
  }

  /// In front of everything.
  var prefix: [UInt8] = []
  /// Whether offsets count from the start of the file, not from behind the prefix.
  var countsPrefix = true
  var entries: [Entry]
  /// The order of the directory, as indices of entries; `nil` for that of the file.
  var order: [Int]?
  /// Between the last entry and the directory, and between the directory and the end record.
  var beforeDirectory: [UInt8] = []
  var afterDirectory: [UInt8] = []
  var wideEnd: WideEnd?
  var end = End()
  /// Behind everything.
  var suffix: [UInt8] = []

  init(_ entries: [Entry]) { self.entries = entries }

  /// Where things are in the file.
  struct Layout {
    /// Of the local headers.
    var headers: [Int] = []
    /// Of the stored or compressed bytes.
    var data: [Int] = []
    /// Of the records, in the directory.
    var records: [Int] = []
    var directory = 0
    var directorySize = 0
    var end = 0
  }

  var bytes: [UInt8] { built.bytes }
  var layout: Layout { built.layout }

  private var built: (bytes: [UInt8], layout: Layout) {
    var bytes = prefix
    var layout = Layout()
    let base = countsPrefix ? 0 : prefix.count
    for entry in entries {
      if !entry.isInDirectoryAlone { bytes += entry.before }
      layout.headers.append(bytes.count)
      layout.data.append(bytes.count + entry.localBytes.count)
      if !entry.isInDirectoryAlone { bytes += joined(entry.localBytes, entry.packed, entry.after) }
    }
    bytes += beforeDirectory
    layout.directory = bytes.count
    layout.records = Array(repeating: 0, count: entries.count)
    for index in order ?? Array(entries.indices) {
      layout.records[index] = bytes.count - layout.directory
      bytes += entries[index].centralBytes(offset: layout.headers[index] - base)
    }
    layout.directorySize = bytes.count - layout.directory
    bytes += afterDirectory
    let (offset, size, count) = (layout.directory - base, layout.directorySize, entries.count)
    if let wideEnd { bytes += wideEnd.bytes(at: bytes.count, offset, size, count) }
    layout.end = bytes.count
    bytes += end.bytes(offset, size, count) + suffix
    return (bytes, layout)
  }
}

extension ZipBuilder.End {
  fileprivate func bytes(_ directory: Int, _ directorySize: Int, _ entryCount: Int) -> [UInt8] {
    joined(
      littleEndian(signature), littleEndian(disks.0), littleEndian(disks.1),
      littleEndian(countHere ?? UInt16(entryCount)), littleEndian(count ?? UInt16(entryCount)),
      littleEndian(size ?? UInt32(directorySize)), littleEndian(offset ?? UInt32(directory)),
      littleEndian(commentLength ?? UInt16(comment.count)), comment)
  }
}

extension ZipBuilder.WideEnd {
  fileprivate func bytes(at own: Int, _ directory: Int, _ directorySize: Int, _ entryCount: Int) -> [UInt8] {
    let record = joined(
      littleEndian(signature), littleEndian(recordSize), littleEndian(UInt32(45 << 16 | 45)), littleEndian(disk),
      littleEndian(UInt32(0)), littleEndian(countHere ?? UInt64(entryCount)),
      littleEndian(count ?? UInt64(entryCount)), littleEndian(size ?? UInt64(directorySize)),
      littleEndian(offset ?? UInt64(directory)))
    let locator = joined(
      littleEndian(UInt32(0x0706_4B50)), littleEndian(UInt32(0)), littleEndian(recordOffset ?? UInt64(own)),
      littleEndian(UInt32(1)))
    return record + locator
  }
}

/// CRC-32 of zip (4.4.7), bit by bit.
func crc32(_ bytes: [UInt8]) -> UInt32 {
  var table: [UInt32] = []
  for value in 0..<UInt32(256) {
    var sum = value
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    table.append(sum)
  }
  var sum = UInt32.max
  for byte in bytes {
    let index = Int(sum & 0xFF ^ UInt32(byte))
    sum = table[index] ^ sum >> 8
  }
  return ~sum
}

/// A stream that deflates nothing.
func deflatedInStoredBlocks(_ bytes: [UInt8]) -> [UInt8] {
  var output: [UInt8] = []
  var start = 0
  repeat {
    let count = min(bytes.count - start, 0xFFFF)
    output.append(start + count == bytes.count ? 1 : 0)
    output += littleEndian(UInt16(count))
    output += littleEndian(~UInt16(count))
    output += bytes[start..<start + count]
    start += count
  } while start < bytes.count
  return output
}
