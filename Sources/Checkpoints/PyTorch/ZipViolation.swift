/// What can be wrong with a zip archive, or cannot be read here.
public enum ZipViolation: Error, Equatable, Sendable {
  /// No end-of-directory record whose comment ends with the file.
  case noEndRecord
  /// The zip64 end record is not where its locator says, or not of the size it says.
  case end64Record(offset: UInt64)
  /// An archive in several parts.
  case severalDisks
  /// The directory does not end where the end record begins.
  case directoryExtent(offset: UInt64, size: UInt64, end: Int)
  /// Something else where a record of the directory must be.
  case noCentralRecord(offset: Int)
  /// A name that is empty, holds a NUL, or is not UTF-8.
  case entryName(offset: Int)
  /// The directory holds another number of entries than it says.
  case entryCount(expected: Int, found: Int)
  /// More entries than any checkpoint has storages.
  case tooManyEntries(found: Int, limit: Int)
  /// Two entries of one name.
  case duplicateEntry(String)
  /// 64-bit values are announced and missing.
  case noZip64Field(entry: String)
  /// An encrypted entry.
  case encrypted(entry: String)
  /// A compression that is not read here.
  case method(entry: String, found: Int)
  /// No local header where the directory says.
  case noLocalHeader(entry: String, offset: UInt64)
  /// The local header says another name, method or encryption than the directory.
  case localHeader(entry: String)
  /// An entry that reaches into the directory or beyond the file.
  case beyondFile(entry: String, size: UInt64, available: Int)
  /// A stored entry whose two sizes differ.
  case storedSizes(entry: String, compressed: UInt64, size: UInt64)
  /// Two entries share bytes of the file.
  case overlap(entry: String, previous: String)
  /// libzip finds the archive inconsistent.
  case inconsistent(reason: String)
  /// libzip reads another entry than the directory holds.
  case differs(entry: String)
  /// Compressed entries that declare far more bytes than the file has.
  case bomb(entry: String, size: Int, limit: Int)
  /// A compressed entry cannot be inflated to the bytes that it declares.
  case damaged(entry: String, reason: String)
  /// The bytes are not those that the checksum was made of.
  case checksum(entry: String, expected: UInt32, found: UInt32)
}

extension ZipViolation {
  var message: String {
    switch self {
    case .noEndRecord: "zip: expected an end-of-directory record at the end of the file, found none"
    case .end64Record(let offset): "zip: expected a zip64 end record at offset \(offset), found none"
    case .severalDisks: "zip: expected one part, found an archive of several"
    case .directoryExtent(let offset, let size, let end):
      "zip: expected a directory that ends at offset \(end), found \(size) bytes at offset \(offset)"
    case .noCentralRecord(let offset):
      "zip: expected a record at offset \(offset) of the directory, found something else"
    case .entryName(let offset):
      "zip: expected a name in UTF-8 in the record at offset \(offset) of the directory, found none"
    case .entryCount(let expected, let found): "zip: expected \(expected) entries in the directory, found \(found)"
    case .tooManyEntries(let found, let limit): "zip: expected at most \(limit) entries, found \(found)"
    case .duplicateEntry(let name): "zip: expected each entry once, found \(name) twice"
    case .noZip64Field(let entry): "zip: \(entry): expected a zip64 field with its 64-bit sizes, found none"
    case .encrypted(let entry): "zip: \(entry): encrypted entries are not supported"
    case .method(let entry, let found):
      "zip: \(entry): unsupported compression method \(found); supported: 0 (stored), 8 (deflated)"
    case .noLocalHeader(let entry, let offset):
      "zip: \(entry): expected its header at offset \(offset), found something else"
    case .localHeader(let entry): "zip: \(entry): expected a header that agrees with the directory, found another"
    case .beyondFile(let entry, let size, let available):
      "zip: \(entry): expected at most \(available) bytes before the directory, found a size of \(size)"
    case .storedSizes(let entry, let compressed, let size):
      "zip: \(entry): expected one size for a stored entry, found \(compressed) and \(size)"
    case .overlap(let entry, let previous): "zip: \(entry): expected bytes of its own, found it overlaps \(previous)"
    case .inconsistent(let reason): "zip: inconsistent archive: \(reason)"
    case .differs(let entry): "zip: \(entry): expected what the directory says, found that libzip reads it otherwise"
    case .bomb(let entry, let size, let limit):
      "zip: \(entry): expected at most \(limit) bytes inflated from a file of this size, found \(size)"
    case .damaged(let entry, let reason): "zip: \(entry): cannot be inflated: \(reason)"
    case .checksum(let entry, let expected, let found):
      "zip: \(entry): expected CRC-32 \(Self.hexadecimal(expected)), found \(Self.hexadecimal(found))"
    }
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
