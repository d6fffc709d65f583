import ModelCore

/// The records of a PyTorch archive: its entries without the folder that all of them are in.
struct PyTorchRecords {
  let archive: ZipArchive
  /// With the slash at its end.
  private let folder: String
  /// Whether numbers in storages are stored big-endian: what `byteorder` says; little-endian where there is none, as before PyTorch 2.1.
  let isBigEndian: Bool

  private static let pickleName = "data.pkl"
  /// Records that TorchScript's archives have.
  private static let scriptNames = ["constants.pkl", "code/"]

  var path: String { archive.file.path }

  /// - Throws: ``CheckpointError/zipWithoutPickle(path:entries:)``, ``CheckpointError/severalPickles(path:entries:)``,
  ///   ``CheckpointError/torchScript(path:entry:)``, ``CheckpointError/byteOrder(path:found:)``.
  init(_ archive: ZipArchive) throws(CheckpointError) {
    self.archive = archive
    let path = archive.file.path
    let pickles = archive.entries.map(\.name).filter { $0 == Self.pickleName || $0.hasSuffix("/" + Self.pickleName) }
    guard let pickle = pickles.first else { throw .zipWithoutPickle(path: path, entries: archive.entries.count) }
    guard pickles.count == 1 else { throw .severalPickles(path: path, entries: pickles) }
    let folder = String(pickle.dropLast(Self.pickleName.count))
    self.folder = folder
    for entry in archive.entries where Self.scriptNames.contains(where: { entry.name.hasPrefix(folder + $0) }) {
      throw .torchScript(path: path, entry: entry.name)
    }
    guard let order = archive.entry(folder + "byteorder") else {
      isBigEndian = false
      return
    }
    guard order.size <= 16 else { throw .byteOrder(path: path, found: "\(order.size) bytes") }
    let text = try archive.checkedStorage(order).withBytes { String(decoding: $0, as: UTF8.self) }
    guard text == "little" || text == "big" else { throw .byteOrder(path: path, found: "\"\(text)\"") }
    isBigEndian = text == "big"
  }

  /// The pickle, whose checksum has been compared.
  func pickle() throws(CheckpointError) -> StoredBytes {
    guard let entry = archive.entry(folder + Self.pickleName) else {
      throw .zipWithoutPickle(path: path, entries: archive.entries.count)
    }
    return try archive.checkedStorage(entry)
  }

  /// The entry of the storage `key`, `nil` where there is none.
  func storage(_ key: String) -> ZipDirectory.Entry? { archive.entry("\(folder)data/\(key)") }
}
