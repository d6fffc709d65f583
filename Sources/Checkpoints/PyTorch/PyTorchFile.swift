import ModelCore

/// The tensors of one file of `torch.save` since PyTorch 1.6: a zip archive of a pickle (`data.pkl`) that describes the
/// tensors and an entry for each storage (`torch/serialization.py`; `caffe2/serialize/inline_container.cc`).
///
/// The main path, in run order: the archive (``ZipArchive``), the pickle (``PickleMachine``), the state dict in it
/// (``StateDictionary``), and the storages its tensors lie in. Nothing is read of the storages. Thread-safe.
public struct PyTorchFile: Sendable {
  /// The mapping that the tensors look into.
  public let file: MappedFile
  /// Every tensor of the state dict, in its order.
  public let tensors: [TensorView]
  /// The keys that lead from what was saved to the state dict, as in `{"model": …}`.
  public let unwrappedKeys: [String]
  /// Keys beside the state dict, or in it, that hold no weights.
  public let otherKeys: [String]
  /// Whether the archive has checksums to tell damage by.
  public let hasChecksums: Bool
  /// Of the entries that tensors are read from in place.
  let checksums: [EntryChecksum]

  /// The file's path.
  public var path: String { file.path }

  /// Maps the file at `path` and reads its pickle.
  /// - Throws: ``CheckpointError``.
  public init(path: String) throws(CheckpointError) {
    let file = try reading { () throws(ModelCoreError) in try MappedFile(path: path) }
    do {
      try self.init(file)
      try file.requireIntact()
    } catch {
      // What was read of a file that became shorter says nothing about the file.
      try file.requireIntact()
      throw error
    }
  }

  private init(_ file: MappedFile) throws(CheckpointError) {
    let path = file.path
    guard file.withBytes({ ZipDirectory($0, path: path).isArchive }) else {
      throw file.withBytes { Self.otherFormat($0, path: path) }
    }
    let records = try PyTorchRecords(ZipArchive(file))
    let dictionary = try records.pickle().withBytes { (bytes) throws(CheckpointError) in
      try StateDictionary(pickle: bytes, path: path)
    }
    var storages = StorageTable(records)
    var tensors: [TensorView] = []
    tensors.reserveCapacity(dictionary.tensors.count)
    for (name, tensor) in dictionary.tensors { tensors.append(try storages.view(name, tensor)) }
    self.file = file
    self.tensors = tensors
    unwrappedKeys = dictionary.unwrappedKeys
    otherKeys = dictionary.otherKeys
    hasChecksums = records.archive.hasChecksums
    checksums = storages.checksums
  }

  /// What a file that does not end as a zip archive does is, as far as its first bytes tell.
  private static func otherFormat(_ bytes: UnsafeRawBufferPointer, path: String) -> CheckpointError {
    // A tar archive has its magic in the first header; a bare pickle begins with PROTO.
    if bytes.count >= 262, bytes[257..<262].elementsEqual("ustar".utf8) { return .pyTorchTar(path: path) }
    // A zip archive begins with a local header, and this one has lost its end.
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .zip(path: path, .noEndRecord) }
    if bytes.first == PickleOpcode.proto.rawValue { return .pyTorchPickle(path: path) }
    return .notPyTorch(path: path, size: bytes.count)
  }
}
