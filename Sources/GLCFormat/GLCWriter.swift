import CKernels
import ModelCore

/// Writes a `.glc`: the places of all tensors are fixed first, then their parts are streamed in any order of tensors.
///
/// The file appears under its name when ``finish(metadata:)`` returns, and not before.
public final class GLCWriter {
  private let output: AtomicFile
  private let tokenizerSize: Int
  private let tokenizerChecksum: UInt32
  private let directoryOffset: Int
  private let dataOffset: Int
  private let dataSize: Int
  /// All tensors, sorted by name, with their places.
  public private(set) var records: [TensorRecord]
  private var written: [Int]
  private let indexByName: [String: Int]

  /// Creates the output beside `path`, reserves its space and writes the tokenizer.
  public init(path: String, records: [TensorRecord], tokenizer: [UInt8]) throws(GLCFormatError) {
    var placed = records.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    var end = 0
    for index in placed.indices {
      let size = placed[index].extent.count
      placed[index].extent = end..<end + size
      end += size
    }
    self.records = placed
    written = Array(repeating: 0, count: placed.count)
    indexByName = Dictionary(placed.enumerated().map { ($1.name, $0) }) { first, _ in first }
    dataSize = end
    tokenizerSize = tokenizer.count
    tokenizerChecksum = tokenizer.withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) }
    let alignment = FileHeader.sectionAlignment
    directoryOffset = (alignment + tokenizer.count).roundedUp(toMultipleOf: alignment)
    let directorySize = TensorDirectory.encoded(placed).count
    dataOffset = (directoryOffset + directorySize).roundedUp(toMultipleOf: alignment)
    do throws(ModelCoreError) {
      output = try AtomicFile(path: path)
      try output.reserve(dataOffset + end)
    } catch {
      throw .file(error)
    }
    try write(tokenizer, at: alignment)
  }

  /// Appends the next bytes of a tensor's extent: codes first, then the other parts, each padded by ``padExtent(_:to:)``.
  public func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws(GLCFormatError) {
    let index = index(of: name)
    let record = records[index]
    precondition(written[index] + bytes.count <= record.extent.count, "tensor \(name) is larger than planned")
    do throws(ModelCoreError) {
      try output.write(bytes, at: dataOffset + record.extent.lowerBound + written[index])
    } catch {
      throw .file(error)
    }
    records[index].checksum = glck_crc32(record.checksum, bytes.baseAddress, bytes.count)
    written[index] += bytes.count
  }

  /// Appends zeros to a tensor's extent up to `offset`, the start of its next part or its end.
  public func padExtent(_ name: String, to offset: Int) throws(GLCFormatError) {
    let missing = offset - written[index(of: name)]
    precondition(missing >= 0 && missing < FileHeader.sectionAlignment, "parts of tensor \(name) out of order")
    if missing > 0 {
      let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: missing, alignment: 1)
      defer { zeros.deallocate() }
      zeros.initializeMemory(as: UInt8.self, repeating: 0)
      try append(UnsafeRawBufferPointer(zeros), to: name)
    }
  }

  /// Writes directory, metadata and header, syncs, and gives the file its name.
  /// - Returns: the size of the file.
  public func finish(metadata: String) throws(GLCFormatError) -> Int {
    for (record, count) in zip(records, written) {
      precondition(count == record.extent.count, "tensor \(record.name) is incomplete")
    }
    let directory = TensorDirectory.encoded(records)
    let metadataBytes = Array(metadata.utf8)
    let metadataOffset = (dataOffset + dataSize).roundedUp(toMultipleOf: FileHeader.sectionAlignment)
    func section(_ kind: SectionKind, _ offset: Int, _ size: Int, _ checksum: UInt32) -> FileHeader.Section {
      FileHeader.Section(
        kind: kind.rawValue, flags: 0, offset: UInt64(offset), size: UInt64(size), checksum: checksum)
    }
    func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) } }
    let fileSize = metadataOffset + metadataBytes.count
    let header = FileHeader(
      fileSize: UInt64(fileSize), numericsRevision: UInt32(GLCK_NUMERICS_REVISION),
      sections: [
        section(.tokenizer, FileHeader.sectionAlignment, tokenizerSize, tokenizerChecksum),
        section(.directory, directoryOffset, directory.count, checksum(directory)),
        section(.tensorData, dataOffset, dataSize, 0),
        section(.metadata, metadataOffset, metadataBytes.count, checksum(metadataBytes)),
      ])
    try write(directory, at: directoryOffset)
    try write(metadataBytes, at: metadataOffset)
    try write(header.encoded(), at: 0)
    do throws(ModelCoreError) { try output.commit() } catch { throw .file(error) }
    return fileSize
  }

  private func index(of name: String) -> Int {
    guard let index = indexByName[name] else { preconditionFailure("tensor \(name) was not planned") }
    return index
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws(GLCFormatError) {
    do throws(ModelCoreError) {
      try output.write(bytes, at: offset)
    } catch {
      throw .file(error)
    }
  }
}
