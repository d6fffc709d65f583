import CKernels
import ModelCore

/// Writes a `.glc`: the places of all tensors are fixed first, then their parts are streamed in any order of tensors.
///
/// The file appears under its name when ``finish(metadata:)`` returns, and not before.
public final class GLCWriter {
  private let output: AtomicFile
  private let tokenizerSize: Int
  private let tokenizerChecksum: UInt32
  private let vocabulary: [UInt8]
  private let layout: GLCLayout
  /// All tensors, sorted by name, with their places.
  public private(set) var records: [TensorRecord]
  private var written: [Int]
  private let indexByName: [String: Int]

  /// Creates the output beside `path`, reserves its space and writes the tokenizer, and which rows the vocabulary's are if it was made
  /// smaller.
  public init(
    path: String, records: [TensorRecord], tokenizer: [UInt8], vocabulary: VocabularyMap? = nil
  ) throws(GLCFormatError) {
    self.vocabulary = vocabulary?.encoded ?? []
    layout = GLCLayout(records: records, tokenizerSize: tokenizer.count, vocabularySize: self.vocabulary.count)
    self.records = layout.records
    written = Array(repeating: 0, count: records.count)
    indexByName = Dictionary(layout.records.enumerated().map { ($1.name, $0) }) { first, _ in first }
    tokenizerSize = tokenizer.count
    tokenizerChecksum = tokenizer.withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) }
    do throws(ModelCoreError) {
      output = try AtomicFile(path: path)
      try output.reserve(layout.dataOffset + layout.dataSize)
    } catch {
      throw .file(error)
    }
    try write(tokenizer, at: GLCLayout.tokenizerOffset)
    try write(self.vocabulary, at: layout.vocabularyOffset)
  }

  /// Appends the next bytes of a tensor's extent: codes first, then the other parts, each padded by ``padExtent(_:to:)``.
  public func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws(GLCFormatError) {
    let index = index(of: name)
    let record = records[index]
    precondition(written[index] + bytes.count <= record.extent.count, "tensor \(name) is larger than planned")
    do throws(ModelCoreError) {
      try output.write(bytes, at: layout.dataOffset + record.extent.lowerBound + written[index])
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
  /// - Parameters:
  ///   - majorVersion: the lowest that can say what the metadata says (``ModelConfiguration/formatVersion``).
  ///   - syncs: whether it has reached the disk then.
  /// - Returns: the size of the file.
  public func finish(metadata: String, majorVersion: Int, syncs: Bool = true) throws(GLCFormatError) -> Int {
    for (record, count) in zip(records, written) {
      precondition(count == record.extent.count, "tensor \(record.name) is incomplete")
    }
    let directory = TensorDirectory.encoded(records)
    let metadataBytes = Array(metadata.utf8)
    func section(_ kind: SectionKind, _ offset: Int, _ size: Int, _ checksum: UInt32) -> FileHeader.Section {
      FileHeader.Section(
        kind: kind.rawValue, flags: 0, offset: UInt64(offset), size: UInt64(size), checksum: checksum)
    }
    func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { glck_crc32(0, $0.baseAddress, $0.count) } }
    let fileSize = layout.fileSize(metadataSize: metadataBytes.count)
    var header = FileHeader(
      major: UInt16(majorVersion), fileSize: UInt64(fileSize), numericsRevision: UInt32(GLCK_NUMERICS_REVISION),
      sections: [
        section(.tokenizer, GLCLayout.tokenizerOffset, tokenizerSize, tokenizerChecksum),
        section(.directory, layout.directoryOffset, directory.count, checksum(directory)),
        section(.tensorData, layout.dataOffset, layout.dataSize, 0),
        section(.metadata, layout.metadataOffset, metadataBytes.count, checksum(metadataBytes)),
      ])
    if !vocabulary.isEmpty { header.insert(vocabulary: vocabulary, at: layout.vocabularyOffset) }
    try write(directory, at: layout.directoryOffset)
    try write(metadataBytes, at: layout.metadataOffset)
    try write(header.encoded(), at: 0)
    do throws(ModelCoreError) { try output.commit(syncs: syncs) } catch { throw .file(error) }
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
