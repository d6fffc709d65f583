/// An archive as `torch.save` packs one, with the entries `archive/data.pkl`, `archive/byteorder`, and `archive/data/0`, ….
func torchArchive(
  _ pickle: [UInt8], storages: [(key: String, bytes: [UInt8])] = [("0", TorchArchive.floats)],
  edit: (inout ZipBuilder) -> Void = { _ in }
) -> [UInt8] {
  var builder = TorchArchive.builder(pickle, storages: storages)
  edit(&builder)
  return builder.bytes
}

enum TorchArchive {
  /// 1, 2, 3, 4 in F32.
  static let floats: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40]

  /// The pickle of `{"a": tensor}`, the four floats.
  static let pickle = pickledDictionary([.text("a"), .tensor()])

  /// Indices of the builder's entries.
  static let (pickleEntry, byteOrderEntry, storageEntry) = (0, 1, 2)

  static func builder(
    _ pickle: [UInt8] = pickle, storages: [(key: String, bytes: [UInt8])] = [("0", floats)]
  ) -> ZipBuilder {
    var builder = ZipBuilder([.init("archive/data.pkl", pickle), .init("archive/byteorder", Array("little".utf8))])
    for (key, bytes) in storages { builder.entries.append(.init("archive/data/\(key)", bytes)) }
    return builder
  }
}
