import ModelCore

/// Gives tensors their bytes: an entry a storage, looked up and checked once.
struct StorageTable {
  private let records: PyTorchRecords
  private var found: [ExactBytes: (entry: ZipDirectory.Entry, bytes: StoredBytes)] = [:]
  /// Bytes of all tensors so far, shared ones counted each time.
  private var total = 0

  /// Bytes that tensors may have in all, as a multiple of the file's.
  private static let repetitionLimit = 8

  init(_ records: PyTorchRecords) { self.records = records }

  /// Of all entries so far that are read in place.
  var checksums: [EntryChecksum] {
    guard records.archive.hasChecksums else { return [] }
    return found.values.filter { $0.entry.method == 0 }.map { EntryChecksum($0.entry) }
      .sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// The tensor `name`, every element of which lies in its storage, and whose storage has the size of its entry.
  mutating func view(_ name: String, _ tensor: PickleTensor) throws(CheckpointError) -> TensorView {
    let path = records.path
    let bytes = try storage(tensor.storage, tensor: name)
    let size = tensor.type.byteCount
    guard let elementCount = tensor.shape.checkedElementCount(), tensor.type.byteCount(elementCount) != nil else {
      throw .shapeTooLarge(path: path, tensor: name, shape: tensor.shape, elementType: tensor.type.name)
    }
    let available = bytes.count / size
    guard let end = Self.end(of: tensor, elementCount: elementCount), end <= available else {
      throw .beyondStorage(
        path: path, tensor: name, storage: tensor.storage.key, shape: tensor.shape, strides: tensor.strides,
        offset: tensor.offset, available: available)
    }
    try count(elementCount * size, tensor: name)
    let isRowMajor = elementCount == 0 || Self.isRowMajor(tensor)
    return TensorView(
      name: name, path: path, type: tensor.type, shape: tensor.shape, elementCount: elementCount,
      layout: TensorLayout(
        bytes: bytes, offset: elementCount == 0 ? 0 : tensor.offset * size, strides: isRowMajor ? nil : tensor.strides,
        isBigEndian: records.isBigEndian && size > 1))
  }

  /// Tied and expanded tensors (stride 0) show the same bytes again; a small file may not ask for any amount of work so.
  private mutating func count(_ byteCount: Int, tensor: String) throws(CheckpointError) {
    let limit = records.archive.file.size.multipliedReportingOverflow(by: Self.repetitionLimit).partialValue
    total = total.checkedAdding(byteCount) ?? .max
    guard total <= limit else {
      throw .repeatedBytes(path: records.path, tensor: tensor, bytes: total, limit: limit)
    }
  }

  private mutating func storage(_ storage: PickleStorage, tensor: String) throws(CheckpointError) -> StoredBytes {
    if let (entry, bytes) = found[ExactBytes(storage.key)] {
      try check(storage, entry, tensor)
      return bytes
    }
    guard let entry = records.storage(storage.key) else {
      throw .noStorage(path: records.path, tensor: tensor, storage: storage.key)
    }
    try check(storage, entry, tensor)
    let bytes = try records.archive.storage(entry)
    found[ExactBytes(storage.key)] = (entry, bytes)
    return bytes
  }

  /// The pickle's count of elements and the archive's count of bytes must be the same storage's (the class of CVE-2026-24747).
  private func check(_ storage: PickleStorage, _ entry: ZipDirectory.Entry, _ tensor: String) throws(CheckpointError) {
    let size = storage.type?.byteCount ?? 1
    guard let expected = storage.count.checkedMultiplying(by: size), expected == entry.size else {
      throw .storageSize(
        path: records.path, tensor: tensor, entry: entry.name, elements: storage.count, elementSize: size,
        found: entry.size)
    }
  }

  /// One behind the last element, in elements of the storage; `nil` where it cannot be counted.
  private static func end(of tensor: PickleTensor, elementCount: Int) -> Int? {
    guard elementCount > 0 else { return 0 }
    var last = tensor.offset
    for (size, stride) in zip(tensor.shape, tensor.strides) {
      guard let step = (size - 1).checkedMultiplying(by: stride), let next = last.checkedAdding(step) else {
        return nil
      }
      last = next
    }
    return last.checkedAdding(1)
  }

  /// Whether the elements follow each other; the stride of a dimension of one does not matter.
  private static func isRowMajor(_ tensor: PickleTensor) -> Bool {
    zip(zip(tensor.shape, tensor.strides), TensorView.rowMajorStrides(tensor.shape)).allSatisfy {
      $0.0.0 <= 1 || $0.0.1 == $0.1
    }
  }
}
