import CKernels
import CLibZip
import ModelCore

/// A zip archive in a mapped file. libzip opens it, checks its consistency and inflates; ``ZipDirectory`` finds where the
/// bytes are, so that stored entries are read in place. Where the two disagree on any entry the archive is refused: then
/// no reader can be shown another archive than this one.
struct ZipArchive {
  let file: MappedFile
  /// In the order of their bytes in the file.
  let entries: [ZipDirectory.Entry]
  /// Whether the entries have checksums. `torch.serialization.set_crc32_options(False)` writes archives whose checksums are all
  /// zero; one that is zero by damage has others beside it.
  let hasChecksums: Bool
  private let indexByName: [ExactBytes: Int]
  private let libzip: LibzipArchive

  /// Inflated bytes that an archive may declare in all, as a multiple of the file's size. Weights deflate to two thirds at best.
  private static let inflationLimit = 8

  /// - Throws: ``CheckpointError/zip(path:_:)``.
  init(_ file: MappedFile) throws(CheckpointError) {
    self.file = file
    let path = file.path
    entries = try file.withBytes { bytes throws(CheckpointError) in try ZipDirectory(bytes, path: path).entries() }
    var indexByName: [ExactBytes: Int] = [:]
    var inflated = 0
    for (index, entry) in entries.enumerated() {
      guard indexByName.updateValue(index, forKey: ExactBytes(entry.name)) == nil else {
        throw .zip(path: path, .duplicateEntry(entry.name))
      }
      guard entry.method != 0 else { continue }
      let limit = file.size.multipliedReportingOverflow(by: Self.inflationLimit)
      inflated = inflated.checkedAdding(entry.size) ?? .max
      if !limit.overflow, inflated > limit.partialValue {
        throw .zip(path: path, .bomb(entry: entry.name, size: inflated, limit: limit.partialValue))
      }
    }
    self.indexByName = indexByName
    hasChecksums = entries.contains { $0.crc != 0 }
    libzip = try LibzipArchive(file)
    try agreeWithLibzip()
  }

  /// The entry called `name`, `nil` where there is none.
  func entry(_ name: String) -> ZipDirectory.Entry? {
    indexByName[ExactBytes(name)].map { entries[$0] }
  }

  /// The bytes of `entry`: in the file where it is stored, otherwise inflated, and then of the checksum declared.
  func storage(_ entry: ZipDirectory.Entry) throws(CheckpointError) -> StoredBytes {
    guard entry.method != 0 else { return .mapped(file, entry.data) }
    return .inflated(try inflate(entry))
  }

  /// The bytes of `entry`, whose checksum is compared first.
  func checkedStorage(_ entry: ZipDirectory.Entry) throws(CheckpointError) -> StoredBytes {
    let storage = try storage(entry)
    guard entry.method == 0, hasChecksums else { return storage }
    let found = storage.withBytes { glck_crc32(0, $0.baseAddress, $0.count) }
    try file.requireIntact()
    try EntryChecksum(entry).check(found, path: file.path)
    return storage
  }

  private func agreeWithLibzip() throws(CheckpointError) {
    let archive = libzip.archive
    let count = Int(clamping: zip_get_num_entries(archive, 0))
    guard count == entries.count else {
      throw .zip(path: file.path, .entryCount(expected: entries.count, found: count))
    }
    for index in 0..<UInt64(count) {
      var status = zip_stat_t()
      zip_stat_init(&status)
      let raw =
        zip_get_name(archive, index, zip_flags_t(ZIP_FL_ENC_RAW)).map { String(cString: $0) } ?? "entry \(index)"
      guard let entry = entry(raw), zip_stat_index(archive, index, 0, &status) == 0,
        status.size == UInt64(entry.size), status.comp_size == UInt64(entry.compressedSize),
        status.crc == entry.crc, Int(status.comp_method) == entry.method
      else { throw .zip(path: file.path, .differs(entry: raw)) }
    }
  }

  private func inflate(_ entry: ZipDirectory.Entry) throws(CheckpointError) -> InflatedBytes {
    let archive = libzip.archive
    guard let stream = zip_fopen(archive, entry.name, zip_flags_t(ZIP_FL_ENC_RAW)) else {
      throw .zip(path: file.path, .damaged(entry: entry.name, reason: String(cString: zip_strerror(archive))))
    }
    defer { zip_fclose(stream) }
    let bytes = InflatedBytes(count: entry.size)
    var done = 0
    while done < entry.size, let start = bytes.buffer.baseAddress {
      let count = zip_fread(stream, start + done, UInt64(entry.size - done))
      guard count > 0 else {
        let reason = count < 0 ? String(cString: zip_file_strerror(stream)) : "it ends after \(done) bytes"
        throw .zip(path: file.path, .damaged(entry: entry.name, reason: reason))
      }
      done += Int(count)
    }
    // The checksum is compared at the end of the stream, so the end must be read.
    var extra: UInt8 = 0
    let rest = zip_fread(stream, &extra, 1)
    guard rest == 0 else {
      let reason = rest < 0 ? String(cString: zip_file_strerror(stream)) : "it holds more than \(entry.size) bytes"
      throw .zip(path: file.path, .damaged(entry: entry.name, reason: reason))
    }
    return bytes
  }
}

/// An archive that libzip has opened, once for all entries: opening takes time in proportion to their number.
private final class LibzipArchive {
  let archive: OpaquePointer
  /// Its bytes are libzip's source.
  private let file: MappedFile

  /// Opens the mapped bytes, not the path again: both readers see one file.
  init(_ file: MappedFile) throws(CheckpointError) {
    self.file = file
    var error = zip_error_t()
    zip_error_init(&error)
    defer { zip_error_fini(&error) }
    let bytes = file.unsafeBytes
    guard let source = zip_source_buffer_create(bytes.baseAddress, UInt64(bytes.count), 0, &error) else {
      throw .zip(path: file.path, .inconsistent(reason: String(cString: zip_error_strerror(&error))))
    }
    guard let archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) else {
      zip_source_free(source)
      try file.requireIntact()
      throw .zip(path: file.path, .inconsistent(reason: String(cString: zip_error_strerror(&error))))
    }
    self.archive = archive
  }

  deinit { zip_discard(archive) }
}

/// The checksum of a stored entry, which is compared while the file is read for its digest (``SourceDigest``): no second pass.
struct EntryChecksum: Sendable {
  let entry: String
  /// Where the bytes are in the file.
  let range: Range<Int>
  let expected: UInt32

  init(_ entry: ZipDirectory.Entry) {
    self.entry = entry.name
    range = entry.data
    expected = entry.crc
  }

  func check(_ found: UInt32, path: String) throws(CheckpointError) {
    guard found == expected else { throw .zip(path: path, .checksum(entry: entry, expected: expected, found: found)) }
  }
}
