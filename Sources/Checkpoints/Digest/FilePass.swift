import CKernels
import Hashing
import ModelCore

/// The digests of the tensors that lie plainly in one file and share no byte, driven by consecutive pieces of the file.
struct TensorHashers {
  /// Indices of tensors, and where they are in the file, in ascending order.
  private let rows: [(index: Int, range: Range<Int>)]
  private let hasher = SHA256()
  /// By the index of the tensor.
  private(set) var finished: [(index: Int, digest: [UInt8])] = []

  init(_ tensors: [TensorView], in file: MappedFile) {
    var end = 0
    var rows: [(index: Int, range: Range<Int>)] = []
    for (index, range) in Self.plainRanges(tensors, in: file) where range.lowerBound >= end {
      rows.append((index, range))
      end = range.upperBound
    }
    self.rows = rows
  }

  private static func plainRanges(_ tensors: [TensorView], in file: MappedFile) -> [(index: Int, range: Range<Int>)] {
    let rows: [(index: Int, range: Range<Int>)] = tensors.enumerated().compactMap { index, tensor in
      guard !tensor.isMerged, case .mapped(let own, _) = tensor.layout.bytes, own === file else { return nil }
      return tensor.byteRange.map { (index, $0) }
    }
    return rows.sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
  }

  /// Takes the next bytes of the file, which start at `offset`.
  mutating func update(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    let end = offset + bytes.count
    while finished.count < rows.count {
      let (index, range) = rows[finished.count]
      let part = range.clamped(to: offset..<end)
      if !part.isEmpty {
        hasher.update(.init(rebasing: bytes[part.lowerBound - offset..<part.upperBound - offset]))
      }
      guard range.upperBound <= end else { return }
      finished.append((index, hasher.finish()))
    }
  }
}

/// The checksums of an archive's entries, driven likewise.
struct ChecksumPass {
  private let entries: [EntryChecksum]
  private var found: [UInt32] = []
  private var current: UInt32 = 0

  /// `entries` are in the order of the file and share no byte.
  init(_ entries: [EntryChecksum]) { self.entries = entries }

  /// Takes the next bytes of the file, which start at `offset`.
  mutating func update(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    let end = offset + bytes.count
    while found.count < entries.count {
      let range = entries[found.count].range
      let part = range.clamped(to: offset..<end)
      if !part.isEmpty {
        current = glck_crc32(current, bytes.baseAddress.map { $0 + part.lowerBound - offset }, part.count)
      }
      guard range.upperBound <= end else { return }
      found.append(current)
      current = 0
    }
  }

  /// Reads a small file for its checksums alone.
  static func check(_ file: WeightFile) throws(CheckpointError) {
    guard !file.checksums.isEmpty else { return }
    var checksums = ChecksumPass(file.checksums)
    try readWhole(file.path, expectedSize: file.file.size) { checksums.update($0, at: $1) }
    try checksums.compare(path: file.path)
  }

  /// After the whole file.
  func compare(path: String) throws(CheckpointError) {
    for (entry, checksum) in zip(entries, found) { try entry.check(checksum, path: path) }
  }
}
