import CLibZip

/// Tells what a `pytorch_model.bin` is, so that refusing it is precise. `torch.save` writes a zip archive whose
/// `data.pkl` describes the tensors, and before version 1.6 wrote bare pickles. No pickle is looked into.
enum PyTorchArchive {
  enum Kind: Equatable {
    /// A zip archive with a `data.pkl`.
    case archive(entries: Int)
    /// A zip archive without one.
    case otherZip(entries: Int)
    case notZip
  }

  static func inspect(_ path: String) -> Kind {
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_RDONLY, &code) else { return .notZip }
    defer { zip_discard(archive) }
    let entries = Int(clamping: zip_get_num_entries(archive, 0))
    let pickle = zip_name_locate(archive, "data.pkl", zip_flags_t(ZIP_FL_NODIR))
    return pickle >= 0 ? .archive(entries: entries) : .otherZip(entries: entries)
  }
}
