import CKernels
import ModelCore

/// An open `.glc`: mapped, checked, and lent out in views.
///
/// Opening checks header, metadata, directory and tokenizer by checksum, and every record against the file's size. Tensor
/// data is not read. Sendable: nothing in it changes.
public final class GLCFile: Sendable {
  /// The format version of the file, as `1.0`.
  public let version: String
  /// The revision of formats/numerics.md that the file was made for.
  public let numericsRevision: UInt32
  /// What the file holds and where it came from (formats/glc.md, "Metadata").
  public let metadata: JSONDocument
  /// The metadata's `model` and `prompt`.
  public let configuration: ModelConfiguration
  /// All tensors, sorted by name.
  public let records: [TensorRecord]
  /// The file itself.
  public let file: MappedFile
  /// Sizes of the sections in the order of the file: for people.
  public let sections: [(name: String, size: Int)]
  /// What the header says of itself and of the sections.
  let header: FileHeader
  private let tokenizerRange: Range<Int>
  private let dataRange: Range<Int>
  private let indexByName: [String: Int]

  /// Opens and checks the file at `path`.
  public convenience init(path: String) throws(GLCFormatError) {
    let file: MappedFile
    do throws(ModelCoreError) { file = try MappedFile(path: path) } catch { throw .file(error) }
    do throws(GLCFormatError) {
      try self.init(file)
    } catch {
      // What was read of a file that became shorter says nothing about the file.
      do throws(ModelCoreError) { try file.checkIntact() } catch { throw .file(error) }
      throw error
    }
  }

  private init(_ file: MappedFile) throws(GLCFormatError) {
    self.file = file
    let path = file.path
    let bytes = file.unsafeBytes
    header = try FileHeader(bytes, path: path)
    version = "\(header.major).\(header.minor)"
    numericsRevision = header.numericsRevision
    guard numericsRevision == UInt32(GLCK_NUMERICS_REVISION) else {
      throw .unsupportedNumerics(
        path: path, found: numericsRevision, supported: UInt32(GLCK_NUMERICS_REVISION))
    }
    let table = try SectionTable(header, bytes: bytes, path: path)
    tokenizerRange = table.tokenizer
    dataRange = table.data
    sections = table.names
    records = try TensorDirectory.decode(
      UnsafeRawBufferPointer(rebasing: bytes[table.directory]), dataSize: table.data.count, path: path)
    indexByName = Dictionary(records.enumerated().map { ($1.name, $0) }) { first, _ in first }
    do throws(ModelCoreError) {
      metadata = try JSONDocument(UnsafeRawBufferPointer(rebasing: bytes[table.metadata]), path: "\(path): metadata")
      configuration = try ModelConfiguration(metadata: metadata.root, version: Int(header.major))
      try file.checkIntact()
    } catch {
      throw .file(error)
    }
  }

  /// The path the file was opened by.
  public var path: String { file.path }

  /// Lends the compiled tokenizer.
  public var tokenizerBytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.unsafeBytes[tokenizerRange])
  }

  /// The record of the tensor `name`, or an error that names it.
  public func record(_ name: String) throws(GLCFormatError) -> TensorRecord {
    guard let index = indexByName[name] else { throw .missingTensor(path: path, tensor: name) }
    return records[index]
  }

  /// Where a tensor's extent lies in the file.
  package func range(_ record: TensorRecord) -> Range<Int> {
    dataRange.lowerBound + record.extent.lowerBound..<dataRange.lowerBound + record.extent.upperBound
  }

  /// The extent of a tensor. Valid as long as this object.
  package func extent(_ record: TensorRecord) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: file.unsafeBytes[range(record)])
  }

  /// Reads all tensor data: compares every checksum, and holds codes, multipliers, channel sums and input scales to the format,
  /// because kernels of different instruction sets agree on nothing else.
  /// - Parameter progress: called with the bytes done and the bytes in all.
  public func checkTensorData(progress: (Int, Int) -> Void = { _, _ in }) throws(GLCFormatError) {
    _ = try vocabularyMap()
    let total = records.reduce(0) { $0 + $1.extent.count }
    var done = 0
    for record in records {
      let bytes = extent(record)
      let found = glck_crc32(0, bytes.baseAddress, bytes.count)
      do throws(ModelCoreError) { try file.checkIntact() } catch { throw .file(error) }
      guard found == record.checksum else {
        throw .checksumMismatch(path: path, part: "tensor \(record.name)", expected: record.checksum, found: found)
      }
      try IntegerCodes(record, bytes, path: path).check()
      done += bytes.count
      progress(done, total)
    }
  }
}

/// The four sections every file has, found and (but for the data) checked.
private struct SectionTable {
  var metadata = 0..<0
  var directory = 0..<0
  var tokenizer = 0..<0
  var data = 0..<0
  var names: [(name: String, size: Int)] = []

  init(_ header: FileHeader, bytes: UnsafeRawBufferPointer, path: String) throws(GLCFormatError) {
    var found: Set<SectionKind> = []
    for section in header.sections {
      let range = Int(section.offset)..<Int(section.offset + section.size)
      guard let kind = SectionKind(rawValue: section.kind) else {
        guard section.isOptional else { throw .unknownSection(path: path, kind: section.kind) }
        names.append((OptionalSectionKind(rawValue: section.kind)?.name ?? "kind \(section.kind)", range.count))
        continue
      }
      found.insert(kind)
      names.append((kind.name, range.count))
      switch kind {
      case .metadata: metadata = range
      case .directory: directory = range
      case .tokenizer: tokenizer = range
      case .tensorData:
        data = range
        continue
      }
      let checksum = glck_crc32(0, bytes.baseAddress?.advanced(by: range.lowerBound), range.count)
      guard checksum == section.checksum else {
        throw .checksumMismatch(path: path, part: kind.name, expected: section.checksum, found: checksum)
      }
    }
    for kind in SectionKind.allCases where !found.contains(kind) {
      throw .missingSection(path: path, section: kind.name)
    }
  }
}

/// The sections of format versions 1 and 2.
enum SectionKind: UInt32, CaseIterable {
  case metadata = 1
  case directory = 2
  case tokenizer = 3
  case tensorData = 4

  var name: String {
    switch self {
    case .metadata: "metadata"
    case .directory: "tensor directory"
    case .tokenizer: "tokenizer"
    case .tensorData: "tensor data"
    }
  }
}
