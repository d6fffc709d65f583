import Glibc
import ModelCore

extension GLCStamp {
  /// Puts `verdict` into the metadata of `file`, in the place of one that is there: the file is copied beside itself, tensor data byte
  /// for byte, and the copy takes its name when it is whole. Who has the file open goes on with the old one. The same verdict gives the
  /// same bytes.
  ///
  /// Of a symbolic link, it is the file that it leads to that is replaced, and the link stays.
  /// - Parameters:
  ///   - verdict: the members of the object but `of`, which says what they are said of and is added here.
  ///   - file: as it was opened for the verification; what its path leads to must still be that.
  /// - Throws: ``GLCFormatError/file(_:)`` for what is wrong with the folder or the disk, or where another file has taken its name.
  package static func write(_ verdict: [(String, JSON)], to file: GLCFile) throws(GLCFormatError) {
    let (text, metadata) = try form(of: file)
    let subject = file.subject(text).map { ($0.part.rawValue, JSON.string($0.value)) }
    let bytes = text.text(with: .object(verdict.filter { $0.0 != "of" } + [("of", .object(subject))]))
    do throws(ModelCoreError) {
      try write(bytes, to: file, metadata)
    } catch {
      throw .file(error)
    }
  }

  /// Throws where no verdict can be recorded in `file`: it has another form, or no file can be written beside it. Nothing is left of
  /// the attempt.
  package static func checkWritable(_ file: GLCFile) throws(GLCFormatError) {
    _ = try form(of: file)
    do throws(ModelCoreError) { _ = try AtomicFile(path: target(of: file.path)) } catch { throw .file(error) }
  }

  /// The metadata's text, and their section, which a verdict makes longer.
  private static func form(of file: GLCFile) throws(GLCFormatError) -> (MetadataText, FileHeader.Section) {
    guard let text = MetadataText(file.metadataBytes), let metadata = file.header.section(.metadata),
      metadata == file.header.sections.last
    else {
      throw .malformed(
        path: file.path, part: "metadata", expected: "the last section, and a verdict as this program writes it",
        found: "another form")
    }
    return (text, metadata)
  }

  private static func write(
    _ metadata: [UInt8], to file: GLCFile, _ section: FileHeader.Section
  ) throws(ModelCoreError) {
    let offset = Int(section.offset)
    let output = try AtomicFile(path: target(of: file.path))
    guard FileIdentity(file.file) == FileIdentity(file.path) else {
      throw .cannotCreate(path: file.path, reason: "another file has taken the place of the one that was read")
    }
    try output.copyPermissions(of: file.file)
    // The sections before, and what is between them. The header is written over.
    try output.copy(0..<offset, of: file.file)
    try output.write(metadata, at: offset)
    try output.write(header(file.header, metadata, section).encoded(), at: 0)
    try output.commit()
  }

  /// Where symbolic links lead to; the path itself where that cannot be told.
  private static func target(of path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func header(_ old: FileHeader, _ metadata: [UInt8], _ section: FileHeader.Section) -> FileHeader {
    var header = old
    header.minor = max(old.minor, FileHeader.minorVersionWithVerdict)
    header.fileSize = section.offset + UInt64(metadata.count)
    header.sections[header.sections.count - 1].size = UInt64(metadata.count)
    header.sections[header.sections.count - 1].checksum = metadata.withUnsafeBytes { Checksum.crc32($0) }
    return header
  }
}
