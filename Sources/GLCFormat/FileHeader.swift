import CKernels
import ModelCore

/// The fixed header and section table (formats/glc.md, "Header").
struct FileHeader: Equatable, Sendable {
  static let magic: [UInt8] = [0x89, 0x47, 0x4C, 0x43, 0x0D, 0x0A, 0x1A, 0x0A]
  static let majorVersions: ClosedRange<UInt16> = 1...2
  /// Of a file that has been converted, of one that holds a verdict, and of one whose vocabulary was made smaller.
  static let minorVersion: UInt16 = 0
  static let minorVersionWithVerdict: UInt16 = 1
  static let minorVersionWithVocabularyMap: UInt16 = 2
  static let fixedSize = 64
  static let entrySize = 32
  static let checksumOffset = 32
  static let maximumSections = 64
  /// Sections start at multiples of this, so that kernels with pages up to 64 KiB can map each on its own.
  static let sectionAlignment = 65_536

  /// A row of the section table.
  struct Section: Equatable, Sendable {
    var kind: UInt32
    var flags: UInt32
    var offset: UInt64
    var size: UInt64
    var checksum: UInt32

    var isOptional: Bool { flags & 1 != 0 }
  }

  var major: UInt16
  var minor: UInt16
  var fileSize: UInt64
  var numericsRevision: UInt32
  var sections: [Section]

  /// The bytes of the header, checksum included.
  func encoded() -> [UInt8] {
    var bytes = Self.magic
    bytes.append(littleEndian: major)
    bytes.append(littleEndian: minor)
    bytes.append(littleEndian: UInt32(Self.fixedSize + Self.entrySize * sections.count))
    bytes.append(littleEndian: fileSize)
    bytes.append(littleEndian: numericsRevision)
    bytes.append(littleEndian: UInt32(sections.count))
    bytes += [UInt8](repeating: 0, count: Self.fixedSize - bytes.count)
    for section in sections {
      bytes.append(littleEndian: section.kind)
      bytes.append(littleEndian: section.flags)
      bytes.append(littleEndian: section.offset)
      bytes.append(littleEndian: section.size)
      bytes.append(littleEndian: section.checksum)
      bytes.append(littleEndian: UInt32(0))
    }
    let checksum = bytes.withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) }
    withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(Self.checksumOffset..<36, with: $0) }
    return bytes
  }

  /// Reads and checks the header of a mapped file.
  init(_ file: UnsafeRawBufferPointer, path: String) throws(GLCFormatError) {
    guard file.count >= Self.fixedSize, file.prefix(8).elementsEqual(Self.magic) else { throw .notGLC(path: path) }
    major = file.integer(at: 8, UInt16.self)
    minor = file.integer(at: 10, UInt16.self)
    let size = Int(file.integer(at: 12, UInt32.self))
    fileSize = file.integer(at: 16, UInt64.self)
    numericsRevision = file.integer(at: 24, UInt32.self)
    let count = Int(file.integer(at: 28, UInt32.self))
    // The version is judged before the checksum: a later version may keep it elsewhere.
    guard Self.majorVersions.contains(major) else {
      let supported = Self.majorVersions.map { "\($0).x" }.joined(separator: ", ")
      throw .unsupportedVersion(path: path, found: "\(major).\(minor)", supported: supported)
    }
    guard count >= SectionKind.allCases.count, count <= Self.maximumSections,
      size == Self.fixedSize + Self.entrySize * count
    else {
      throw .malformed(
        path: path, part: "header",
        expected: "\(SectionKind.allCases.count) to \(Self.maximumSections) sections and a size to match",
        found: "\(count) sections, \(size) bytes")
    }
    guard size <= file.count else { throw .wrongSize(path: path, expected: fileSize, found: UInt64(file.count)) }
    sections = (0..<count).map { index in
      let entry = Self.fixedSize + Self.entrySize * index
      return Section(
        kind: file.integer(at: entry, UInt32.self), flags: file.integer(at: entry + 4, UInt32.self),
        offset: file.integer(at: entry + 8, UInt64.self), size: file.integer(at: entry + 16, UInt64.self),
        checksum: file.integer(at: entry + 24, UInt32.self))
    }
    try Self.check(
      file.integer(at: Self.checksumOffset, UInt32.self), of: UnsafeRawBufferPointer(rebasing: file[..<size]),
      path: path)
    try checkSections(fileCount: UInt64(file.count), path: path)
  }

  init(major: UInt16, fileSize: UInt64, numericsRevision: UInt32, sections: [Section]) {
    self.major = major
    minor = Self.minorVersion
    self.fileSize = fileSize
    self.numericsRevision = numericsRevision
    self.sections = sections
  }

  private static func check(
    _ expected: UInt32, of header: UnsafeRawBufferPointer, path: String
  ) throws(GLCFormatError) {
    var bytes = Array(header)
    bytes.replaceSubrange(checksumOffset..<36, with: [0, 0, 0, 0])
    let found = bytes.withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) }
    guard found == expected else {
      throw .checksumMismatch(path: path, part: "header", expected: expected, found: found)
    }
  }

  private func checkSections(fileCount: UInt64, path: String) throws(GLCFormatError) {
    guard fileSize == fileCount else { throw .wrongSize(path: path, expected: fileSize, found: fileCount) }
    var end = UInt64(Self.fixedSize + Self.entrySize * sections.count)
    var kinds: Set<UInt32> = []
    for (index, section) in sections.enumerated() {
      let part = "section \(index) (kind \(section.kind))"
      guard section.offset % UInt64(Self.sectionAlignment) == 0 else {
        throw .malformed(path: path, part: part, expected: "an offset at 64 KiB", found: "\(section.offset)")
      }
      guard section.offset >= end, let next = section.offset.checkedAdding(section.size), next <= fileSize else {
        throw .malformed(
          path: path, part: part, expected: "\(end) ... \(fileSize)",
          found: "\(section.size) bytes at \(section.offset)")
      }
      guard kinds.insert(section.kind).inserted else {
        throw .malformed(path: path, part: part, expected: "one section of a kind", found: "two")
      }
      end = next
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian integer at `offset`; the caller has checked that it lies inside.
  func integer<Value: FixedWidthInteger>(at offset: Int, _: Value.Type) -> Value {
    precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count)
    return Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
  }
}

extension [UInt8] {
  /// Appends the bytes of `value`, least significant first.
  mutating func append(littleEndian value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
